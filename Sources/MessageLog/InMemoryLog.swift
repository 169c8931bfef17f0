package import Runtime

/// A log in the memory of one process, with the semantics of the durable ones. For tests.
package actor InMemoryLog: MessageLog, GroupBackend {
    private nonisolated let signal = Signal()
    private let time: any TimeSource
    private let ids: any IDSource

    private var configurations: [String: TopicConfiguration] = [:]
    private var partitions: [TopicPartition: [LogRecord]] = [:]
    private var ends: [TopicPartition: Int64] = [:]
    private var groups: [String: InMemoryGroup] = [:]
    private var isClosed = false

    package init(time: any TimeSource = SystemTime(), ids: any IDSource = RandomIDs()) {
        self.time = time
        self.ids = ids
    }

    package nonisolated func signal(of member: MemberIdentity) -> Signal { signal }

    package func create(_ topics: [TopicConfiguration]) throws(MessageLogError) {
        try checkOpen()
        var made = configurations
        for topic in topics {
            try topic.check(existing: made.values.first?.partitions)
            if made[topic.name] == nil { made[topic.name] = topic }
        }
        configurations = made
    }

    package func topics() throws(MessageLogError) -> [TopicConfiguration] {
        try checkOpen()
        return configurations.values.sorted { $0.name < $1.name }
    }

    package func publish(_ records: [NewRecord]) throws(MessageLogError) -> [RecordPosition] {
        try checkOpen()
        let partitions = try records.map { record throws(MessageLogError) in try partition(of: record) }
        return append(records, to: partitions)
    }

    package func read(
        _ partition: TopicPartition, from offset: Int64, limit: ReadLimit
    ) throws(MessageLogError) -> [LogRecord] {
        let range = try range(of: partition)
        guard offset <= range.upperBound else {
            throw MessageLogError(
                .offsetOutOfRange, "read \(partition) from \(offset): it ends at \(range.upperBound)")
        }
        var taken: [LogRecord] = []
        var bytes = 0
        for record in records(of: partition, from: offset) {
            guard taken.count < limit.records, bytes < limit.bytes || taken.isEmpty else { break }
            bytes += record.value?.count ?? 0
            taken.append(record)
        }
        return taken
    }

    package func range(of partition: TopicPartition) throws(MessageLogError) -> Range<Int64> {
        try checkOpen()
        try check(partition)
        let end = ends[partition] ?? 0
        return (partitions[partition]?.first?.offset ?? end)..<end
    }

    package func wait(
        for positions: [TopicPartition: Int64], timeout: Duration
    ) async throws(MessageLogError) -> Bool {
        let deadline = ContinuousClock.now + timeout
        while true {
            try checkOpen()
            let heard = signal.count
            for (partition, offset) in positions {
                try check(partition)
                if !records(of: partition, from: offset).isEmpty { return true }
            }
            let remaining = deadline - .now
            if remaining <= .zero || Task.isCancelled { return false }
            await signal.wait(beyond: heard, timeout: remaining)
        }
    }

    package func close() {
        isClosed = true
        signal.ring()
    }

    private func checkOpen() throws(MessageLogError) {
        if isClosed { throw MessageLogError(.closed, "the log is closed") }
    }

    private func check(_ partition: TopicPartition) throws(MessageLogError) {
        let count = try configuration(partition.topic).partitions
        guard (0..<count).contains(partition.partition) else {
            throw MessageLogError(
                .unknownTopic, "\(partition): topic \(partition.topic) has partitions 0 to \(count - 1)")
        }
    }

    private func configuration(_ topic: String) throws(MessageLogError) -> TopicConfiguration {
        guard let configuration = configurations[topic] else {
            throw MessageLogError(.unknownTopic, "topic \(topic) does not exist; create it first")
        }
        return configuration
    }

    private func partition(of record: NewRecord) throws(MessageLogError) -> TopicPartition {
        try record.checkSize()
        let count = try configuration(record.topic).partitions
        return TopicPartition(
            topic: record.topic, partition: Partitioner.partition(of: record.key, among: count))
    }

    private func records(of partition: TopicPartition, from offset: Int64) -> ArraySlice<LogRecord> {
        guard let all = partitions[partition] else { return [] }
        // Offsets ascend: bisect.
        var (low, high) = (0, all.count)
        while low < high {
            let middle = (low + high) / 2
            if all[middle].offset < offset { low = middle + 1 } else { high = middle }
        }
        return all[low...]
    }

    private func append(_ records: [NewRecord], to partitions: [TopicPartition]) -> [RecordPosition] {
        let now = time.now
        let positions = zip(records, partitions).map { record, partition in
            let position = RecordPosition(partition: partition, offset: ends[partition] ?? 0)
            ends[partition] = position.offset + 1
            self.partitions[partition, default: []].append(
                LogRecord(
                    position: position, key: record.key, headers: record.headers, value: record.value,
                    time: now))
            return position
        }
        signal.ring()
        return positions
    }
}

// MARK: - Groups

extension InMemoryLog {
    package func join(
        group: String, topics: [String], settings: GroupSettings
    ) throws(MessageLogError) -> any GroupMember {
        try checkOpen()
        for topic in topics { _ = try configuration(topic) }
        let identity = MemberIdentity(group: group, id: ids.next(), name: settings.member)
        let count = configurations.values.first?.partitions ?? 0
        try groups[group, default: InMemoryGroup(partitions: count)].add(identity, topics, settings.lease)
        signal.ring()
        return LeasedMember(identity, topics: topics, backend: self)
    }

    package func committedOffsets(of group: String) throws(MessageLogError) -> [TopicPartition: Int64] {
        try checkOpen()
        return groups[group]?.committed ?? [:]
    }

    package func look(
        at group: String, _ positions: [TopicPartition: Int64], limit: ReadLimit
    ) throws(MessageLogError) -> GroupView {
        try checkOpen()
        var found: [TopicPartition: [LogRecord]] = [:]
        for (partition, offset) in positions {
            let records = try read(partition, from: offset, limit: limit)
            if !records.isEmpty { found[partition] = records }
        }
        return GroupView(version: groups[group]?.version ?? 0, records: found)
    }

    package func balance(_ member: MemberIdentity) throws(MessageLogError) -> [PartitionLease] {
        try checkOpen()
        let before = groups[member.group]?.version
        let leases = groups[member.group]?.balance(member) ?? []
        if groups[member.group]?.version != before { signal.ring() }
        return leases
    }

    package func commit(
        _ transactions: [GroupTransaction], by member: MemberIdentity
    ) throws(MessageLogError) {
        try checkOpen()
        for transaction in transactions {
            try groups[member.group]?.check(transaction.lease, member)
            for topic in transaction.offsets.keys { _ = try configuration(topic) }
        }
        let records = transactions.flatMap(\.records)
        let partitions = try records.map { record throws(MessageLogError) in try partition(of: record) }
        for transaction in transactions {
            for (topic, offset) in transaction.offsets {
                let partition = TopicPartition(topic: topic, partition: transaction.lease.partition)
                groups[member.group]?.commit(offset, in: partition)
            }
        }
        _ = append(records, to: partitions)
    }

    package func remove(_ member: MemberIdentity) {
        groups[member.group]?.remove(member)
        signal.ring()
    }

    /// Makes every member of this name look as if its process stood still until it polls again: its leases end when they are over.
    package func stopRenewing(memberNamed name: String) {
        for group in groups.keys { groups[group]?.stopRenewing(name) }
    }
}

// MARK: - Maintenance

extension InMemoryLog {
    package func maintain(now: Timestamp) throws(MessageLogError) -> MaintenanceReport {
        try checkOpen()
        var report = MaintenanceReport()
        for (partition, records) in partitions {
            guard let cleanup = configurations[partition.topic]?.cleanup else { continue }
            let kept = Cleaner.kept(
                of: records, cleanup, takenByAll: groups.values.compactMap { $0.next(in: partition) }.min(),
                now: now)
            partitions[partition] = kept
            switch cleanup {
            case .delete: report.expired += records.count - kept.count
            case .compact: report.compacted += records.count - kept.count
            }
        }
        return report
    }

    package func checkIntegrity() throws(MessageLogError) -> IntegrityReport {
        try checkOpen()
        return IntegrityReport(records: partitions.values.reduce(0) { $0 + $1.count })
    }
}
