import FoundationEssentials
import MessageLog
import Runtime
import SQLite
import TestSupport
import Testing

@testable import SQLiteLog

/// Going on without records that are damaged: where somebody has decided so, and nowhere else.
@Suite struct PassingOverTests {
    private let folder: TemporaryFolder
    private var path: String { folder.file("log.db") }
    private static let runs = TopicPartition(topic: "runs", partition: 0)
    private static let state = TopicPartition(topic: "state", partition: 0)

    init() throws { folder = try TemporaryFolder() }

    /// A log with ten records in a topic and ten states of five keys in a compacted one.
    private func make(isCompacted: Bool = false) async throws {
        let log = try await SQLiteLog.open(path)
        try await log.create([
            TopicConfiguration(name: "runs", partitions: 1, cleanup: .delete(after: nil)),
            TopicConfiguration(name: "state", partitions: 1, cleanup: .compact),
        ])
        for number in 0..<10 {
            _ = try await log.publish([
                NewRecord(topic: "runs", key: "runs-\(number)", value: Array("run \(number)".utf8)),
                NewRecord(topic: "state", key: "key-\(number % 5)", value: Array("state \(number)".utf8)),
            ])
        }
        if isCompacted { _ = try await log.maintain(now: SystemTime().now) }
        await log.close()
    }

    private func damage(_ sql: String) throws { try Database(path).execute(sql) }

    private func skip(_ partition: TopicPartition, _ offset: Int64, _ log: SQLiteLog) async throws
        -> [DamagedRecord]?
    {
        try await log.passOver(RecordPosition(partition: partition, offset: offset)) { damaged in
            damaged.map {
                NewRecord(topic: "runs", key: "letter-\($0.position.offset)", value: $0.content?.value)
            }
        }
    }

    private func read(_ partition: TopicPartition, _ log: SQLiteLog) async throws -> [LogRecord] {
        try await log.read(partition, from: 0, limit: ReadLimit())
    }

    @Test func aDamagedRecordIsPassedOverByAllAndItsRestIsKept() async throws {
        try await make()
        try damage("UPDATE record SET value = CAST('rum 6' AS BLOB) WHERE key = 'runs-6'")
        let log = try await SQLiteLog.open(path)
        let member = try await log.join(group: "g", topics: ["runs"], settings: GroupSettings(member: "m"))
        #expect(try await member.records(6).count == 6)
        guard case .damaged(let damage) = try await member.next() else { throw NotSaid() }
        #expect(damage.count == 1)
        let passed = try #require(try await skip(Self.runs, 6, log))
        #expect(passed.map(\.content?.key) == ["runs-6"])
        #expect(passed.first?.content?.value == Array("rum 6".utf8) && passed.first?.isMissed == true)
        #expect(try await member.next() == .damaged([]), "the member is told that it goes on")
        let rest = try await member.records(5)
        #expect(rest.map(\.offset) == [6, 7, 8, 9, 10])
        #expect(rest[0].value == nil && rest[0].headers == ["skipped": "damaged"])
        #expect(rest.last?.key == "letter-6" && rest.last?.value == Array("rum 6".utf8))
        #expect(rest.map(\.time) == rest.map(\.time).sorted())
        #expect(try await log.checkIntegrity().problems == [])
    }

    private struct NotSaid: Error {}

    @Test func whatIsSoundIsNeverTouched() async throws {
        try await make()
        let log = try await SQLiteLog.open(path)
        let before = try await read(Self.runs, log)
        for offset in [0, 6, 9, 10] as [Int64] { #expect(try await skip(Self.runs, offset, log) == nil) }
        #expect(try await read(Self.runs, log) == before)
    }

    @Test func aRecordThatEverybodyHasTakenIsMissedByNobody() async throws {
        try await make()
        let log = try await SQLiteLog.open(path)
        let member = try await log.join(group: "g", topics: ["runs"], settings: GroupSettings(member: "m"))
        let lease = try await member.leases(1)[0]
        try await member.commit([GroupTransaction(lease: lease, offsets: ["runs": 7])])
        try damage("UPDATE record SET time = time + 1 WHERE key IN ('runs-6', 'runs-7')")
        #expect(try await skip(Self.runs, 6, log)?.map(\.isMissed) == [false])
        #expect(try await skip(Self.runs, 7, log)?.map(\.isMissed) == [true])
    }

    @Test func missingRecordsAreReplacedTogether() async throws {
        try await make()
        try damage("DELETE FROM record WHERE key IN ('runs-4', 'runs-5', 'runs-6')")
        let log = try await SQLiteLog.open(path)
        let passed = try #require(try await skip(Self.runs, 4, log))
        #expect(passed.map(\.position.offset) == [4, 5, 6])
        #expect(passed.allSatisfy { $0.content == nil })
        #expect(try await read(Self.runs, log).map(\.offset) == Array(0..<13))
        #expect(try await log.checkIntegrity().problems == [])
    }

    @Test(arguments: [false, true])
    func aStateThatIsPassedOverIsGoneAndNoOlderOneComesBack(isCompacted: Bool) async throws {
        try await make(isCompacted: isCompacted)
        try damage("UPDATE record SET value = x'00' WHERE value = CAST('state 8' AS BLOB)")
        let log = try await SQLiteLog.open(path)
        let passed = try #require(try await skip(Self.state, 8, log))
        #expect(passed.map(\.isMissed) == [true] && passed.first?.content?.key == "key-3")
        var newest: [String: [UInt8]?] = [:]
        for record in try await read(Self.state, log) { newest[record.key] = record.value }
        #expect(newest["key-3"] == .some(nil) && newest["key-4"] == Array("state 9".utf8))
        #expect(try await log.checkIntegrity().problems == [])
    }

    @Test func anAccountThatDoesNotFitIsTakenAnew() async throws {
        try await make(isCompacted: true)
        try damage("DELETE FROM record WHERE value = CAST('state 7' AS BLOB)")
        let log = try await SQLiteLog.open(path)
        let error = await #expect(throws: MessageLogError.self) { try await read(Self.state, log) }
        #expect(error?.position == RecordPosition(partition: Self.state, offset: 0))
        #expect(try await skip(Self.state, 0, log)?.count == 0)
        #expect(try await read(Self.state, log).count == 4)
        #expect(try await log.checkIntegrity().problems == [])
    }

    @Test func whereNothingCanBePutNothingIsChanged() async throws {
        try await make()
        // The end is missing, and nothing behind it is there to go on with.
        let log = try await SQLiteLog.open(path)
        _ = try await log.maintain(now: SystemTime().now)
        try damage("DELETE FROM record WHERE key IN ('runs-8', 'runs-9')")
        let again = try await SQLiteLog.open(path)
        let error = await #expect(throws: MessageLogError.self) { try await skip(Self.runs, 8, again) }
        #expect(error?.code == .corrupt)
        #expect(try await read(Self.runs, again).count == 8)
    }
}
