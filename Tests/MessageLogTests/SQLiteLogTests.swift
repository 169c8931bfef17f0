import FoundationEssentials
import Glibc
import MessageLog
import Runtime
import SQLite
import TestSupport
import Testing

@testable import SQLiteLog

/// What only the log in a file has to do.
@Suite struct SQLiteLogTests {
    let folder: TemporaryFolder
    var path: String { folder.file("log.db") }

    init() throws { folder = try TemporaryFolder() }

    func open() async throws -> SQLiteLog {
        let log = try await SQLiteLog.open(path)
        try await log.create([TopicConfiguration(name: "runs", partitions: 4, cleanup: .delete(after: nil))])
        return log
    }

    func record(_ key: String, _ value: [UInt8] = [1]) -> NewRecord {
        NewRecord(topic: "runs", key: key, value: value)
    }

    func count(in log: SQLiteLog) async throws -> Int {
        var count = 0
        for number in 0..<4 {
            count += try await log.range(of: TopicPartition(topic: "runs", partition: number)).count
        }
        return count
    }

    @Test func recordsAreThereAfterReopening() async throws {
        var log = try await open()
        let position = try await log.publish([record("k", [7])])[0]
        await log.close()
        #expect(access(path + "-wal", F_OK) != 0)
        log = try await open()
        let read = try await log.read(position.partition, from: 0, limit: ReadLimit())
        #expect(read.map(\.value) == [[7]])
        #expect(try await log.publish([record("k")])[0].offset == 1)
    }

    @Test func whatWasAcknowledgedSurvivesAKill() async throws {
        // The child ends as if the power were cut, right after the last acknowledgement.
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
            let log = try await SQLiteLog.open(path)
            try await log.create([
                TopicConfiguration(name: "runs", partitions: 4, cleanup: .delete(after: nil))
            ])
            let member = try await log.join(
                group: "g", topics: ["runs"], settings: GroupSettings(member: "killed", lease: .seconds(3600))
            )
            _ = try await member.poll(limit: ReadLimit(), timeout: .zero)
            for number in 0..<50 {
                _ = try await log.publish([NewRecord(topic: "runs", key: "\(number)", value: [UInt8(number)])]
                )
            }
            kill(getpid(), SIGKILL)
        }
        let log = try await open()
        #expect(try await count(in: log) == 50)
        #expect(try await log.checkIntegrity() == IntegrityReport(records: 50, problems: []))
        // The dead member had its lease for an hour; the kernel knows better.
        let successor = try await log.join(
            group: "g", topics: ["runs"], settings: GroupSettings(member: "next"))
        #expect(try await successor.leases(4).map(\.epoch) == [2, 2, 2, 2])
    }

    @Test func aDeadMembersPartitionsAreTakenWhileOthersLive() async throws {
        let log = try await open()
        let other = try await open()
        let settings = GroupSettings(member: "dead", lease: .seconds(3600))
        let dead = try await log.join(group: "g", topics: ["runs"], settings: settings)
        _ = try await dead.leases(4)
        let living = try await other.join(group: "g", topics: ["runs"], settings: settings)
        // What the kernel does when a process ends.
        let identity = try #require(log.joined.withLock { $0.keys.first })
        log.attendant.remove(identity.id)
        #expect(try await living.leases(4).count == 4)
    }

    @Test func publishersThatWaitTogetherShareOneTransaction() async throws {
        let log = try await open()
        let blocker = try Database(path)
        let before = log.statistics
        try blocker.execute("BEGIN IMMEDIATE")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<20 {
                group.addTask { _ = try await log.publish([record("\(number)")]) }
            }
            #expect(await eventually { log.statistics.writes == before.writes + 20 })
            try blocker.execute("COMMIT")
            try await group.waitForAll()
        }
        // Those that the first one took along, and those that came while it waited for the lock.
        #expect(log.statistics.transactions - before.transactions <= 2)
        #expect(try await count(in: log) == 20)
    }

    @Test func onePublishersMistakeDoesNotTouchThoseItSharesATransactionWith() async throws {
        let log = try await open()
        let blocker = try Database(path)
        let before = log.statistics.writes
        try blocker.execute("BEGIN IMMEDIATE")
        async let first = log.publish([record("a")])
        let wrong = Task { try await log.publish([NewRecord(topic: "nowhere", key: "k", value: nil)]) }
        async let last = log.publish([record("b")])
        #expect(await eventually { log.statistics.writes == before + 3 })
        try blocker.execute("COMMIT")
        let error = await #expect(throws: MessageLogError.self) { try await wrong.value }
        #expect(error?.code == .unknownTopic)
        _ = try await (first, last)
        #expect(try await count(in: log) == 2)
    }

    @Test func whoWaitsDoesNotKeepLooking() async throws {
        let log = try await open()
        let before = log.statistics.reads
        let start = ContinuousClock.now
        let partition = TopicPartition(topic: "runs", partition: 0)
        #expect(try await !log.wait(for: [partition: 0], timeout: .milliseconds(300)))
        // At the beginning, at the end, and once a second in between.
        #expect(log.statistics.reads - before <= 2 + Int(start.duration(to: .now).inSeconds))
        let member = try await log.join(group: "g", topics: ["runs"], settings: GroupSettings(member: "m"))
        _ = try await member.leases(4)
        let joined = log.statistics.reads
        let polling = ContinuousClock.now
        #expect(try await member.poll(limit: ReadLimit(), timeout: .milliseconds(300)) == .idle)
        #expect(log.statistics.reads - joined <= 3 * (2 + Int(polling.duration(to: .now).inSeconds)))
    }

    @Test func aPublisherThatDiedBeforeRingingIsFoundAllTheSame() async throws {
        let log = try await open()
        let other = try await open()
        let partition = TopicPartition(topic: "runs", partition: Partitioner.partition(of: "k", among: 4))
        async let woken = log.wait(for: [partition: 0], timeout: .seconds(30))
        // Writes and does not ring.
        let silent = try Tables(Database(path))
        try silent.database.transaction(.immediate, mapError: { Failure.failed($0) }) { () throws(Failure) in
            let new = [record("k")]
            _ = try silent.append(new, to: silent.places(of: new), at: Timestamp(milliseconds: 0))
        }
        #expect(try await woken)
        await other.close()
    }

    @Test func whereTheBellCannotBeWatchedWaitersAreWokenToLook() async throws {
        let attendant = try Attendant(besides: path, MembersFile(besides: path), canListen: false)
        attendant.start()
        for round in 0..<3 { await attendant.signal.wait(beyond: UInt64(round), timeout: .seconds(60)) }
        #expect(attendant.signal.count >= 3)
        attendant.stop()
    }

    @Test func aFullDiskRefusesWritesAndKeepsReading() async throws {
        let log = try await open()
        _ = try await log.publish([record("k")])
        func limitPages(_ limit: String) async throws {
            try await log.writer.perform("limit") { (tables) throws(Failure) in
                try attempt { () throws(SQLiteError) in
                    try tables.database.execute("PRAGMA max_page_count = \(limit)")
                }
            }
        }
        try await limitPages("1")
        let large = record("k", Array(repeating: 1, count: 100_000))
        let error = await #expect(throws: MessageLogError.self) { try await log.publish([large]) }
        #expect(error?.code == .full)
        #expect(error?.isTransient == true)
        #expect(try await count(in: log) == 1)
        try await limitPages("1000000")
        #expect(try await log.publish([large])[0].offset == 1)
    }

    @Test func aSecondProgramThatHoldsTheLockIsNamed() {
        let busy = SQLiteError(.busy, message: "database is locked", path: "/x/log.db")
        let error = MessageLogError(busy, "publish")
        #expect(error.code == .unavailable)
        #expect(error.message.contains("another process has held /x/log.db for too long"))
    }

    @Test func theWALDoesNotGrowForEver() async throws {
        let log = try await SQLiteLog.open(path, checkpointPages: 20)
        try await log.create([TopicConfiguration(name: "runs", partitions: 4, cleanup: .delete(after: nil))])
        let value = [UInt8](repeating: 1, count: 40_000)
        var largest: Int64 = 0
        for number in 0..<300 {
            _ = try await log.publish([record("\(number)", value)])
            largest = max(largest, LogFile.size(path + "-wal") ?? 0)
        }
        // 12 MB went through it; it is begun anew when it is 160 pages long, as soon as the machine gets round to it.
        #expect(largest < 6_000_000)
        #expect(await eventually { (LogFile.size(path) ?? 0) > 6_000_000 })
        #expect(try await log.checkIntegrity() == IntegrityReport(records: 300, problems: []))
    }

    @Test func membersBeyondThePlacesThereAreAreToldSo() async throws {
        let members = try MembersFile(besides: path)
        var taken: [Heartbeat] = []
        for _ in 0..<1024 { taken.append(try members.take(lease: .seconds(1))) }
        let error = #expect(throws: SystemError.self) { try members.take(lease: .seconds(1)) }
        #expect(error?.operation.contains("1024 places") == true)
        #expect(Set(taken.map(\.heart.slot)).count == 1024)
        taken.removeLast()
        #expect(try members.take(lease: .seconds(1)).heart.slot == 1023)
    }

    @Test func aHeartIsAliveWhileItBeatsAndItsOwnerLives() throws {
        let members = try MembersFile(besides: path)
        var beat: Heartbeat? = try members.take(lease: .seconds(60))
        let heart = try #require(beat?.heart)
        #expect(members.isAlive(heart))
        #expect(!members.isAlive(Heart(slot: heart.slot, incarnation: heart.incarnation - 1)))
        #expect(!members.isAlive(Heart(slot: heart.slot + 1, incarnation: heart.incarnation)))
        beat = nil
        #expect(!members.isAlive(heart))
        let stopped = try members.take(lease: .zero)
        #expect(!members.isAlive(stopped.heart))
    }
}
