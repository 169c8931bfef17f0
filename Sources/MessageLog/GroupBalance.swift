/// Who has which partition of a consumer group, and what each member should do about it.
///
/// Every member decides for itself, from the same table: who has more than its share gives back, who has less takes what is free.
package struct GroupBalance: Equatable, Sendable {
    /// A partition's last lease. It stays when it is given back, because epochs only grow.
    package struct Holding: Equatable, Sendable {
        /// The member's id; nil when it was given back.
        package var owner: String?
        package var epoch: Int64

        package init(owner: String? = nil, epoch: Int64 = 0) {
            self.owner = owner
            self.epoch = epoch
        }
    }

    /// What one member should do.
    package struct Plan: Equatable, Sendable {
        package var take: [Int] = []
        package var giveBack: [Int] = []

        package var isEmpty: Bool { take.isEmpty && giveBack.isEmpty }
    }

    /// By partition.
    package var holdings: [Holding]
    /// The ids of the members that answer.
    package var live: Set<String>

    package init(holdings: [Holding], live: Set<String>) {
        self.holdings = holdings
        self.live = live
    }

    /// The leases of `member`.
    package func leases(of member: String) -> [PartitionLease] {
        holdings.indices.filter { holdings[$0].owner == member }
            .map { PartitionLease(partition: $0, epoch: holdings[$0].epoch) }
    }

    /// What `member` should do now: it gives back what is beyond its share (the highest partitions), or takes what nobody live has.
    package func plan(for member: String) -> Plan {
        let mine = holdings.indices.filter { holdings[$0].owner == member }
        let share = share(of: member)
        if mine.count > share { return Plan(giveBack: Array(mine.suffix(mine.count - share))) }
        let free = holdings.indices.filter { index in
            holdings[index].owner.map { !live.contains($0) } ?? true
        }
        return Plan(take: Array(free.prefix(share - mine.count)))
    }

    /// Carries out `plan` for `member`.
    package mutating func apply(_ plan: Plan, for member: String) {
        for index in plan.take {
            holdings[index] = Holding(owner: member, epoch: holdings[index].epoch + 1)
        }
        for index in plan.giveBack { holdings[index].owner = nil }
    }

    /// The shares of all live members add up to all partitions, and differ by one at most.
    private func share(of member: String) -> Int {
        guard let rank = live.sorted().firstIndex(of: member) else { return 0 }
        return holdings.count / live.count + (rank < holdings.count % live.count ? 1 : 0)
    }
}
