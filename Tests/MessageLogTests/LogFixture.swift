import MessageLog
import Runtime
import SQLiteLog
import TestSupport
import Testing

/// The implementations that the conformance suite runs over.
enum LogKind: String, CaseIterable, CustomTestStringConvertible {
    case memory, sqlite

    var testDescription: String { rawValue }
}

/// A log of one kind, with topics and a time that the test moves.
struct LogFixture {
    let kind: LogKind
    let folder: TemporaryFolder
    let time = ManualTime()
    private let base: any MessageLog
    /// As the services have it: counted.
    let log: any MessageLog

    static let partitions = 4

    init(_ kind: LogKind) async throws {
        self.kind = kind
        folder = try TemporaryFolder()
        switch kind {
        case .memory: base = InMemoryLog(time: time)
        case .sqlite: base = try await SQLiteLog.open(folder.file("log.db"), time: time)
        }
        log = MeasuredLog(base)
        try await log.create([
            TopicConfiguration(name: "runs", partitions: Self.partitions, cleanup: .delete(after: nil)),
            TopicConfiguration(
                name: "metrics", partitions: Self.partitions, cleanup: .delete(after: .seconds(3600))),
            TopicConfiguration(name: "state", partitions: Self.partitions, cleanup: .compact),
        ])
    }

    /// The same log as another process sees it.
    func another() async throws -> any MessageLog {
        switch kind {
        case .memory: log
        case .sqlite: try await SQLiteLog.open(folder.file("log.db"), time: time)
        }
    }

    /// Makes the members of this name look as if their process stood still until they poll again.
    func stopRenewing(memberNamed name: String) async {
        switch base {
        case let log as InMemoryLog: await log.stopRenewing(memberNamed: name)
        case let log as SQLiteLog: log.stopRenewing(memberNamed: name)
        default: Issue.record("no such log")
        }
    }

    @discardableResult
    func publish(_ topic: String, _ key: String, _ value: String? = "x") async throws -> RecordPosition {
        let record = NewRecord(topic: topic, key: key, value: value.map { Array($0.utf8) })
        return try #require(try await log.publish([record]).first)
    }

    /// Everything in a topic, by partition and offset.
    func all(_ topic: String, in log: (any MessageLog)? = nil) async throws -> [LogRecord] {
        let log = log ?? self.log
        var records: [LogRecord] = []
        for number in 0..<Self.partitions {
            let partition = TopicPartition(topic: topic, partition: number)
            records += try await log.read(partition, from: 0, limit: ReadLimit(records: .max, bytes: .max))
        }
        return records
    }

    func join(
        _ name: String, _ topics: [String] = ["runs"], lease: Duration = .seconds(10),
        on log: (any MessageLog)? = nil
    )
        async throws -> any GroupMember
    {
        try await (log ?? self.log).join(
            group: "workers", topics: topics, settings: GroupSettings(member: name, lease: lease))
    }
}

/// A key of the given partition.
func key(in partition: Int, _ number: Int = 0) -> String {
    var seen = 0
    for candidate in 0...
    where Partitioner.partition(of: "k\(candidate)", among: LogFixture.partitions) == partition {
        if seen == number { return "k\(candidate)" }
        seen += 1
    }
    return ""
}

extension GroupMember {
    /// The next event that is not `idle`, within a deadline.
    func next(limit: ReadLimit = ReadLimit(), within timeout: Duration = .seconds(20)) async throws
        -> GroupEvent
    {
        try await poll(limit: limit, timeout: timeout)
    }

    /// Polls until the member has been told of `count` leases in all.
    func leases(_ count: Int) async throws -> [PartitionLease] {
        var held: Set<PartitionLease> = []
        let deadline = ContinuousClock.now + .seconds(20)
        while ContinuousClock.now < deadline {
            switch try await poll(limit: ReadLimit(), timeout: .milliseconds(20)) {
            case .assigned(let leases): held.formUnion(leases)
            case .revoked(let leases): held.subtract(leases)
            case .records, .damaged, .idle: break
            }
            if held.count == count { return held.sorted { $0.partition < $1.partition } }
        }
        Issue.record("\(held.count) leases, \(count) expected")
        return Array(held)
    }

    /// Polls until `count` records have come.
    func records(_ count: Int, limit: ReadLimit = ReadLimit()) async throws -> [LogRecord] {
        var taken: [LogRecord] = []
        let deadline = ContinuousClock.now + .seconds(20)
        while taken.count < count, ContinuousClock.now < deadline {
            if case .records(let records) = try await poll(limit: limit, timeout: .milliseconds(100)) {
                taken += records
            }
        }
        return taken
    }
}
