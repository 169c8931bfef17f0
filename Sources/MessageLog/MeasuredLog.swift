package import Runtime

/// A log whose operations are counted as traffic at this process's border. What only waits, or is done by hand, is not.
package struct MeasuredLog: MessageLog {
    private let base: any MessageLog

    package init(_ base: any MessageLog) { self.base = base }

    package func publish(_ records: [NewRecord]) async throws(MessageLogError) -> [RecordPosition] {
        try await Traffic.process.measure(.log, "publish") { () async throws(MessageLogError) in
            try await base.publish(records)
        }
    }

    package func read(
        _ partition: TopicPartition, from offset: Int64, limit: ReadLimit
    ) async throws(MessageLogError) -> [LogRecord] {
        try await Traffic.process.measure(.log, "read") { () async throws(MessageLogError) in
            try await base.read(partition, from: offset, limit: limit)
        }
    }

    package func maintain(now: Timestamp) async throws(MessageLogError) -> MaintenanceReport {
        try await Traffic.process.measure(.log, "maintain") { () async throws(MessageLogError) in
            try await base.maintain(now: now)
        }
    }

    package func join(
        group: String, topics: [String], settings: GroupSettings
    ) async throws(MessageLogError) -> any GroupMember {
        MeasuredMember(base: try await base.join(group: group, topics: topics, settings: settings))
    }

    package func create(_ topics: [TopicConfiguration]) async throws(MessageLogError) {
        try await base.create(topics)
    }

    package func topics() async throws(MessageLogError) -> [TopicConfiguration] { try await base.topics() }

    package func range(of partition: TopicPartition) async throws(MessageLogError) -> Range<Int64> {
        try await base.range(of: partition)
    }

    package func wait(
        for positions: [TopicPartition: Int64], timeout: Duration
    ) async throws(MessageLogError) -> Bool {
        try await base.wait(for: positions, timeout: timeout)
    }

    package func committedOffsets(of group: String) async throws(MessageLogError) -> [TopicPartition: Int64] {
        try await base.committedOffsets(of: group)
    }

    package func checkIntegrity() async throws(MessageLogError) -> IntegrityReport {
        try await base.checkIntegrity()
    }

    package func close() async { await base.close() }
}

private struct MeasuredMember: GroupMember {
    let base: any GroupMember

    func commit(_ transactions: [GroupTransaction]) async throws(MessageLogError) {
        try await Traffic.process.measure(.log, "commit") { () async throws(MessageLogError) in
            try await base.commit(transactions)
        }
    }

    func poll(limit: ReadLimit, timeout: Duration) async throws(MessageLogError) -> GroupEvent {
        try await base.poll(limit: limit, timeout: timeout)
    }

    func seek(_ lease: PartitionLease, topic: String, to offset: Int64) async throws(MessageLogError) {
        try await base.seek(lease, topic: topic, to: offset)
    }

    func leave() async { await base.leave() }
}
