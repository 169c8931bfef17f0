import AgentService
import Events
import JSON
import MessageLog
import Runtime
import TestSupport
import Testing

@Suite struct PublisherTests {
    private let time = SystemTime()

    private func records() throws -> BatchRecords {
        let origin = Event(
            messageID: "m", actionID: "r", clientID: "c", clientVersion: "1.0.0", clientUsername: "u",
            tstamp: time.now, type: "t", payload: .null)
        return try BatchRecords(origin: origin, run: "r", attempt: 1, host: "h")
    }

    private func batch(_ sequence: Int64) -> Collector.Batch {
        .metrics([MetricPoint(sequence: sequence, name: "x", value: Double(sequence), time: time.now)])
    }

    private func counts(_ points: Int64) -> Collector.Counts {
        var counts = Collector.Counts()
        counts.points = points
        return counts
    }

    /// What was published on the topic of metrics, by message id.
    private func published(_ log: some MessageLog) async throws -> [String] {
        try await log.read(TopicPartition(topic: "metrics", partition: 0), from: 0, limit: ReadLimit())
            .map { try JSONCoding.decode(Event.self, from: $0.value ?? []).messageID }
    }

    private func log() async throws -> InMemoryLog {
        let log = InMemoryLog()
        try await log.create(
            ["metrics", "logs"].map {
                TopicConfiguration(name: $0, partitions: 1, cleanup: .delete(after: nil))
            })
        return log
    }

    @Test func batchesArePublishedInOrderAndTheEndAfterThem() async throws {
        let log = try await log()
        let rings = Locked(0)
        let publisher = Publisher(try records(), time: time) { rings.withLock { $0 += 1 } }
        for sequence in 1...100 { publisher.submit(batch(Int64(sequence))) }
        publisher.finish(counts(100))
        #expect(publisher.standing.backlog == 12_800)
        await publisher.run { () async throws(MessageLogError) in Unclosable(log) }
        #expect(publisher.standing == Publisher.Standing(isDone: true))
        #expect(rings.withLock { $0 } > 0)
        let expected = (1...100).map { "r/agent/1/metrics/\($0)" } + ["r/agent/1/metrics/end"]
        #expect(try await published(log) == expected)
    }

    @Test func whatCannotBePublishedNowIsPublishedLaterWithTheSameIds() async throws {
        let log = try await log()
        let flaky = Unclosable(log, failures: 5)
        let openings = Locked(3)
        let publisher = Publisher(try records(), time: ImpatientTime()) {}
        publisher.submit(batch(1))
        publisher.finish(counts(1))
        await publisher.run { () async throws(MessageLogError) in
            let isOpen = openings.withLock { left in
                left -= 1
                return left < 0
            }
            guard isOpen else { throw MessageLogError(.unavailable, "not yet") }
            return flaky
        }
        #expect(publisher.standing == Publisher.Standing(isDone: true))
        #expect(try await published(log) == ["r/agent/1/metrics/1", "r/agent/1/metrics/end"])
    }

    @Test func whenThereIsNoMoreTimeItGivesUpAndLetsGo() async throws {
        let publisher = Publisher(try records(), time: ImpatientTime()) {}
        publisher.submit(batch(1))
        publisher.hurry(patience: .zero)
        await publisher.run { () async throws(MessageLogError) in
            throw MessageLogError(.unavailable, "log.db is away")
        }
        #expect(publisher.standing == Publisher.Standing(isDone: true, failure: "log.db is away"))
        publisher.submit(batch(2))
        #expect(publisher.standing.backlog == 0)
    }

    @Test func whatTryingAgainCannotMendIsGivenUpAtOnce() async throws {
        let publisher = Publisher(try records(), time: time) {}
        await publisher.run { () async throws(MessageLogError) in
            throw MessageLogError(.corrupt, "log.db is damaged")
        }
        #expect(publisher.standing.failure == "log.db is damaged")
    }
}

/// A log that a test goes on reading after the publisher closed it, and whose first calls may fail.
private struct Unclosable: MessageLog {
    private let log: InMemoryLog
    private let failures: Locked<Int>

    init(_ log: InMemoryLog, failures: Int = 0) {
        self.log = log
        self.failures = Locked(failures)
    }

    func publish(_ records: [NewRecord]) async throws(MessageLogError) -> [RecordPosition] {
        let fails = failures.withLock { left in
            left -= 1
            return left >= 0
        }
        if fails { throw MessageLogError(.unavailable, "busy") }
        return try await log.publish(records)
    }

    func close() async {}

    func create(_ topics: [TopicConfiguration]) async throws(MessageLogError) { try await log.create(topics) }
    func topics() async throws(MessageLogError) -> [TopicConfiguration] { try await log.topics() }
    func read(_ partition: TopicPartition, from offset: Int64, limit: ReadLimit) async throws(MessageLogError)
        -> [LogRecord]
    { try await log.read(partition, from: offset, limit: limit) }
    func range(of partition: TopicPartition) async throws(MessageLogError) -> Range<Int64> {
        try await log.range(of: partition)
    }
    func wait(for positions: [TopicPartition: Int64], timeout: Duration) async throws(MessageLogError) -> Bool
    {
        try await log.wait(for: positions, timeout: timeout)
    }
    func join(group: String, topics: [String], settings: GroupSettings) async throws(MessageLogError)
        -> any GroupMember
    { try await log.join(group: group, topics: topics, settings: settings) }
    func committedOffsets(of group: String) async throws(MessageLogError) -> [TopicPartition: Int64] {
        try await log.committedOffsets(of: group)
    }
    func maintain(now: Timestamp) async throws(MessageLogError) -> MaintenanceReport {
        try await log.maintain(now: now)
    }
    func checkIntegrity() async throws(MessageLogError) -> IntegrityReport { try await log.checkIntegrity() }
}
