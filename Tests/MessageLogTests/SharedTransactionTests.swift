import FoundationEssentials
import Glibc
import MessageLog
import Runtime
import SQLite
import TestSupport
import Testing

@testable import SQLiteLog

/// Processes that write for each other: what was acknowledged is there once, whoever dies, stops or deletes what.
@Suite(.timeLimit(.minutes(5))) struct SharedTransactionTests {
    let folder: TemporaryFolder
    var path: String { folder.file("log.db") }
    static let runs = TopicPartition(topic: "runs", partition: 0)

    init() throws { folder = try TemporaryFolder() }

    /// The keys that are in the log.
    func keys() async throws -> [String] {
        let log = try await SQLiteLog.open(path)
        let records = try await log.read(
            Self.runs, from: 0, limit: ReadLimit(records: .max, bytes: .max))
        #expect(try await log.checkIntegrity().problems == [])
        await log.close()
        return records.map(\.key)
    }

    /// Lets several wait for the turn, all with their requests on their seats, before the first of them gets it.
    func whileNobodyCanWrite(_ passengers: Int, _ body: () -> Void) async throws {
        let members = try MembersFile(besides: path)
        let holder = try Database(path)
        try holder.execute("BEGIN IMMEDIATE")
        body()
        let areSeated = await eventually { members.seats.passengerCount >= passengers }
        #expect(areSeated)
        try holder.execute("ROLLBACK")
    }

    @Test func whoGetsTheTurnWritesForAllWhoWait() async throws {
        let logs = [
            try await SQLiteLog.open(path), try await SQLiteLog.open(path), try await SQLiteLog.open(path),
        ]
        try await logs[0].create([
            TopicConfiguration(name: "runs", partitions: 1, cleanup: .delete(after: nil))
        ])
        let before = logs.map(\.statistics.transactions).reduce(0, +)
        let publishes = Locked<[Task<[RecordPosition], any Error>]>([])
        try await whileNobodyCanWrite(3) {
            for (number, log) in logs.enumerated() {
                let two = ["a", "b"].map {
                    NewRecord(
                        topic: "runs", key: "\(number)-\($0)", headers: ["from": "\(number)"],
                        value: [UInt8(number)])
                }
                publishes.withLock { $0.append(Task { try await log.publish(two) }) }
            }
        }
        var positions: [[Int64]] = []
        for publish in publishes.withLock({ $0 }) { positions.append(try await publish.value.map(\.offset)) }
        #expect(logs.map(\.statistics.transactions).reduce(0, +) == before + 1)
        #expect(Set(positions.joined()) == Set(0..<6))
        let records = try await logs[0].read(Self.runs, from: 0, limit: ReadLimit())
        for (number, offsets) in positions.enumerated() {
            #expect(offsets[1] == offsets[0] + 1)
            #expect(records[Int(offsets[0])].key == "\(number)-a")
            #expect(records[Int(offsets[1])].headers == ["from": "\(number)"])
        }
        for log in logs { await log.close() }
    }

    @Test func whatIsRefusedIsRefusedToWhoWantedItAlone() async throws {
        let (one, other) = (try await SQLiteLog.open(path), try await SQLiteLog.open(path))
        try await one.create([TopicConfiguration(name: "runs", partitions: 1, cleanup: .delete(after: nil))])
        let results = Locked<[Task<Int64, any Error>]>([])
        try await whileNobodyCanWrite(2) {
            for (log, topic) in [(one, "runs"), (other, "nowhere")] {
                let task = Task {
                    try await log.publish([NewRecord(topic: topic, key: "k", value: [])])[0].offset
                }
                results.withLock { $0.append(task) }
            }
        }
        let (taken, refused) = results.withLock { ($0[0], $0[1]) }
        #expect(try await taken.value == 0)
        let error = await #expect(throws: MessageLogError.self) { try await refused.value }
        #expect(error?.code == .unknownTopic)
        await one.close()
        await other.close()
    }

    /// Has two processes wait for the turn, again and again, until it is over; the keys that each of them was told are taken.
    func contend(
        _ one: LogWorker, _ other: LogWorker, rounds: Range<Int>, until isOver: () -> Bool = { false }
    ) async throws -> (one: [String], other: [String]) {
        var taken: (one: [String], other: [String]) = ([], [])
        for round in rounds where !isOver() {
            try await whileNobodyCanWrite(2) {
                one.send("publish runs 1 one-\(round)")
                other.send("publish runs 1 other-\(round)")
            }
            _ = try await other.answer()
            taken.other.append("other-\(round)")
            _ = await eventually { isOver() || one.hasAnswered }
            if !isOver(), (try? await one.answer()) != nil { taken.one.append("one-\(round)") }
        }
        return taken
    }

    @Test(arguments: ["after-take", "before-commit", "after-commit", "after-answer"])
    func aProcessThatIsKilledWhileItWritesForAnotherOneTakesNothingWithIt(_ point: String) async throws {
        let doomed = try LogWorker(path, environment: ["BAI_FAILPOINT": "log.\(point):kill"])
        let other = try LogWorker(path)
        try await doomed.tell("create runs")
        try await other.tell("read runs")
        let taken = try await contend(doomed, other, rounds: 0..<40) { doomed.isGone }
        #expect(doomed.isGone)
        let after = try await other.tell("stream runs 3 after").split(separator: " ").map(String.init)
        try await other.killNow()
        let found = try await keys()
        #expect(found.filter { !$0.hasPrefix("one") } == taken.other + after)
        #expect(Set(taken.one).subtracting(found).isEmpty)
        #expect(found.count == Set(found).count)
    }

    @Test func aProcessThatIsKilledWhileAnotherOneWritesForItLeavesItsRecordWholeOrNotAtAll() async throws {
        let doomed = try LogWorker(path, environment: ["BAI_FAILPOINT": "log.after-offer:kill"])
        let other = try LogWorker(path)
        try await doomed.tell("create runs")
        try await other.tell("read runs")
        let taken = try await contend(doomed, other, rounds: 0..<40) { doomed.isGone }
        #expect(doomed.isGone)
        // Its seat is free for the next one.
        let third = try LogWorker(path)
        let more = try await contend(third, other, rounds: 40..<60)
        #expect(more.one.count == 20)
        try await other.killNow()
        let found = try await keys()
        #expect(found.filter { $0.hasPrefix("other") } == taken.other + more.other)
        #expect(Set(taken.one + more.one).subtracting(found).isEmpty)
        #expect(found.count == Set(found).count)
    }

    @Test func aProcessThatIsStoppedBeforeItAnswersHoldsUpNobody() async throws {
        let stopped = try LogWorker(path, environment: ["BAI_FAILPOINT": "log.after-commit:stop"])
        let other = try LogWorker(path)
        try await stopped.tell("create runs")
        try await other.tell("read runs")
        let taken = try await contend(stopped, other, rounds: 0..<40) { stopped.isStopped }
        #expect(stopped.isStopped)
        let after = try await other.tell("stream runs 3 after").split(separator: " ").map(String.init)
        stopped.goOn()
        _ = try await stopped.answer()
        try await stopped.tell("publish runs 1 awake")
        let found = try await keys()
        #expect(found.filter { !$0.hasPrefix("one") } == taken.other + after + ["awake"])
        #expect(found.count == Set(found).count)
    }

    @Test func aProcessThatIsStoppedWhileItHasTheTurnIsWaitedFor() async throws {
        let stopped = try LogWorker(path, environment: ["BAI_FAILPOINT": "log.before-commit:stop"])
        let other = try LogWorker(path)
        try await stopped.tell("create runs")
        try await other.tell("read runs")
        var wasStopped = false
        var keysTaken: [String] = []
        for round in 0..<40 where !wasStopped {
            try await whileNobodyCanWrite(2) {
                stopped.send("publish runs 1 stopped-\(round)")
                other.send("publish runs 1 other-\(round)")
            }
            _ = await eventually { stopped.isStopped || stopped.hasAnswered }
            if stopped.isStopped {
                wasStopped = true
                #expect(!other.hasAnswered)
                stopped.goOn()
            }
            for worker in [stopped, other] { _ = try await worker.answer() }
            keysTaken += ["stopped-\(round)", "other-\(round)"]
        }
        #expect(wasStopped)
        let found = try await keys()
        #expect(found.sorted() == keysTaken.sorted())
    }

    @Test(arguments: ["delete", "zero"])
    func whateverBecomesOfTheSharedMemoryWhatWasAcknowledgedIsThereOnce(_ fate: String) async throws {
        let early = try (0..<3).map { _ in try LogWorker(path) }
        try await early[0].tell("create runs")
        for worker in early { try await worker.tell("read runs") }
        for (number, worker) in early.enumerated() { worker.send("stream runs 300 early-\(number)") }
        let file = "\(path)-members"
        if fate == "delete" {
            unlink(file)
        } else {
            let members = try OpenFile(file)
            let zeros = [UInt8](repeating: 0, count: MembersFile.seatsOffset + Seats.size)
            for _ in 0..<20 { #expect(pwrite(members.descriptor, zeros, zeros.count, 0) == zeros.count) }
        }
        let late = try (0..<2).map { _ in try LogWorker(path) }
        for (number, worker) in late.enumerated() { worker.send("stream runs 300 late-\(number)") }
        var taken: [String] = []
        for worker in early + late {
            taken += try await worker.answer().split(separator: " ").map(String.init)
        }
        #expect(taken.count > 1000)
        let found = try await keys()
        #expect(found.count == Set(found).count)
        #expect(Set(taken).subtracting(found).isEmpty)
    }
}
