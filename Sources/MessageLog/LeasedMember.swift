/// A group member over a log that keeps leases itself (`GroupBackend`): follows the assignment, reads ahead and merges.
package actor LeasedMember: GroupMember {
    /// How often a member that has nothing to do looks whether others have died.
    private static let attention = Duration.seconds(1)
    /// A share of the read limit smaller than this is not worth a read.
    private static let leastBytes = 64 << 10

    package nonisolated let identity: MemberIdentity
    private let topics: [String]
    private let backend: any GroupBackend
    private let signal: Signal

    private var held: [Int: PartitionLease] = [:]
    /// Assigned but not told yet.
    private var news: [PartitionLease] = []
    /// The next offset to read, of all partitions that are held.
    private var next: [TopicPartition: Int64] = [:]
    private var merge = RecordMerge()
    /// Why partitions that are held cannot be read on.
    private var damage: [TopicPartition: MessageLogError] = [:]
    /// What of it was told.
    private var toldDamage: [TopicPartition: MessageLogError] = [:]
    private var seenVersion: Int64?
    private var nextBalance = ContinuousClock.now
    private var hasLeft = false

    /// - Parameter identity: a member that the backend knows already.
    package init(_ identity: MemberIdentity, topics: [String], backend: any GroupBackend) {
        self.identity = identity
        self.topics = topics
        self.backend = backend
        signal = backend.signal(of: identity)
    }

    package func poll(limit: ReadLimit, timeout: Duration) async throws(MessageLogError) -> GroupEvent {
        let deadline = ContinuousClock.now + timeout
        while true {
            try checkPresent()
            let heard = signal.count
            if !news.isEmpty { return tellNews() }
            let version = try await readAhead(limit)
            if version != seenVersion || ContinuousClock.now >= nextBalance {
                if let event = try await balance(version) { return event }
                continue
            }
            if damage != toldDamage { return tellDamage() }
            let records = merge.take(limit)
            if !records.isEmpty { return .records(records) }
            let remaining = deadline - .now
            if remaining <= .zero || Task.isCancelled { return .idle }
            await signal.wait(beyond: heard, timeout: min(remaining, LeasedMember.attention))
        }
    }

    package func commit(_ transactions: [GroupTransaction]) async throws(MessageLogError) {
        try checkPresent()
        do throws(MessageLogError) {
            try await backend.commit(transactions, by: identity)
        } catch {
            if error.code == .fenced { nextBalance = .now }
            throw error
        }
    }

    package func seek(_ lease: PartitionLease, topic: String, to offset: Int64) async throws(MessageLogError)
    {
        guard held[lease.partition] == lease else {
            throw MessageLogError(
                .fenced,
                "seek in \(topic)/\(lease.partition): group \(identity.group) has given this partition to another member"
            )
        }
        guard topics.contains(topic) else {
            throw MessageLogError(
                .unknownTopic, "seek: group \(identity.group) does not consume topic \(topic)")
        }
        let partition = TopicPartition(topic: topic, partition: lease.partition)
        next[partition] = offset
        merge.drop(partition)
    }

    package func leave() async {
        guard !hasLeft else { return }
        hasLeft = true
        await backend.remove(identity)
    }

    private func checkPresent() throws(MessageLogError) {
        guard !hasLeft else {
            throw MessageLogError(.closed, "\(identity.name) has left group \(identity.group)")
        }
    }

    /// Reads the partitions of which nothing is waiting, and gives the group's version.
    private func readAhead(_ limit: ReadLimit) async throws(MessageLogError) -> Int64 {
        let wanted = next.filter { merge.isEmpty($0.key) }
        let share = ReadLimit(
            records: limit.records, bytes: max(limit.bytes / max(wanted.count, 1), LeasedMember.leastBytes))
        let view = try await backend.look(at: identity.group, wanted, limit: share)
        for partition in wanted.keys { damage[partition] = view.damage[partition] }
        for (partition, records) in view.records {
            // A seek may have gone elsewhere in the meantime.
            guard let last = records.last, next[partition] == wanted[partition] else { continue }
            next[partition] = last.offset + 1
            merge.add(records, of: partition)
        }
        return view.version
    }

    /// Brings the leases up to date; an event when that changed something.
    private func balance(_ version: Int64) async throws(MessageLogError) -> GroupEvent? {
        let now = Dictionary(
            uniqueKeysWithValues: try await backend.balance(identity).map { ($0.partition, $0) })
        let lost = held.values.filter { now[$0.partition] != $0 }.sorted { $0.partition < $1.partition }
        let gained = now.values.filter { held[$0.partition] != $0 }.sorted { $0.partition < $1.partition }
        if !gained.isEmpty { try await begin(gained) }
        held = now
        seenVersion = version
        nextBalance = .now + LeasedMember.attention
        for lease in lost where now[lease.partition] == nil { forget(lease.partition) }
        news = gained
        if !lost.isEmpty { return .revoked(lost) }
        return gained.isEmpty ? nil : tellNews()
    }

    private func tellNews() -> GroupEvent {
        defer { news = [] }
        return .assigned(news)
    }

    private func tellDamage() -> GroupEvent {
        toldDamage = damage
        return .damaged(damage.values.sorted { $0.message < $1.message })
    }

    /// Begins reading where the group has got to.
    private func begin(_ leases: [PartitionLease]) async throws(MessageLogError) {
        let committed = try await backend.committedOffsets(of: identity.group)
        for lease in leases {
            for topic in topics {
                let partition = TopicPartition(topic: topic, partition: lease.partition)
                next[partition] = committed[partition] ?? 0
                merge.drop(partition)
            }
        }
    }

    private func forget(_ number: Int) {
        for topic in topics {
            let partition = TopicPartition(topic: topic, partition: number)
            next[partition] = nil
            damage[partition] = nil
            merge.drop(partition)
        }
    }
}
