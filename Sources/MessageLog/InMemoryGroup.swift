/// A consumer group of the log in memory.
struct InMemoryGroup {
    private struct Member {
        var name: String
        var topics: Set<String>
        var lease: Duration
        /// When its leases are over, since it has stopped renewing them; nil while it lives.
        var end: ContinuousClock.Instant?
    }

    private(set) var committed: [TopicPartition: Int64] = [:]
    private var consumed: Set<String> = []
    private(set) var version: Int64 = 1
    private var members: [String: Member] = [:]
    private var holdings: [GroupBalance.Holding]

    init(partitions: Int) {
        holdings = Array(repeating: .init(), count: partitions)
    }

    mutating func add(_ identity: MemberIdentity, _ topics: [String], _ lease: Duration)
        throws(MessageLogError)
    {
        let live = live
        if let other = members.first(where: { live.contains($0.key) && $0.value.topics != Set(topics) }) {
            throw MessageLogError(
                .unavailable,
                "join group \(identity.group): \(other.value.name) consumes other topics in it; wait until it has left"
            )
        }
        consumed = Set(topics)
        committed = committed.filter { consumed.contains($0.key.topic) }
        members[identity.id] = Member(name: identity.name, topics: Set(topics), lease: lease)
        version += 1
    }

    mutating func balance(_ member: MemberIdentity) -> [PartitionLease] {
        // Whoever asks is alive.
        members[member.id]?.end = nil
        var balance = GroupBalance(holdings: holdings, live: live)
        let plan = balance.plan(for: member.id)
        balance.apply(plan, for: member.id)
        if !plan.isEmpty {
            holdings = balance.holdings
            version += 1
        }
        return balance.leases(of: member.id)
    }

    mutating func commit(_ offset: Int64, in partition: TopicPartition) {
        committed[partition] = max(offset, committed[partition] ?? 0)
    }

    /// The first offset that the group has yet to take; nil where it does not consume the partition.
    func next(in partition: TopicPartition) -> Int64? {
        consumed.contains(partition.topic) ? committed[partition] ?? 0 : nil
    }

    func check(_ lease: PartitionLease, _ member: MemberIdentity) throws(MessageLogError) {
        guard holdings.indices.contains(lease.partition),
            holdings[lease.partition] == .init(owner: member.id, epoch: lease.epoch)
        else { throw .fenced(lease, member) }
    }

    mutating func remove(_ member: MemberIdentity) {
        members[member.id] = nil
        for index in holdings.indices where holdings[index].owner == member.id { holdings[index].owner = nil }
        version += 1
    }

    mutating func stopRenewing(_ name: String) {
        for (id, member) in members where member.name == name { members[id]?.end = .now + member.lease }
    }

    private var live: Set<String> {
        let now = ContinuousClock.now
        return Set(members.filter { $0.value.end.map { $0 > now } ?? true }.keys)
    }
}

extension MessageLogError {
    /// The lease is no longer the member's.
    package static func fenced(_ lease: PartitionLease, _ member: MemberIdentity) -> MessageLogError {
        MessageLogError(
            .fenced,
            "commit in partition \(lease.partition) of group \(member.group): the lease of \(member.name) "
                + "(epoch \(lease.epoch)) is over and another member has the partition; drop what was done for it"
        )
    }
}
