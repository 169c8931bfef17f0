import MessageLog
import Testing

@Suite struct GroupBalanceTests {
    @Test func membersThatFollowTheirPlansShareEverythingWhateverTheOrder() {
        for members in 1...9 {
            let ids = (0..<members).map { "m\($0)" }
            var balance = GroupBalance(holdings: Array(repeating: .init(), count: 8), live: ["m0"])
            for present in 1...members {
                balance.live = Set(ids.prefix(present))
                // Two rounds: some give back, then others take.
                for id in ids.prefix(present).reversed() + ids.prefix(present) {
                    balance.apply(balance.plan(for: id), for: id)
                }
                let counts = ids.prefix(present).map { balance.leases(of: $0).count }
                #expect(counts.reduce(0, +) == 8)
                #expect((counts.max() ?? 0) - (counts.min() ?? 0) <= 1)
                #expect(ids.prefix(present).allSatisfy { balance.plan(for: $0).isEmpty })
            }
        }
    }

    @Test func aDeadMembersPartitionsAreTakenWithAHigherEpoch() {
        var balance = GroupBalance(
            holdings: [.init(owner: "dead", epoch: 4), .init(owner: "me", epoch: 2)], live: ["me"])
        let plan = balance.plan(for: "me")
        #expect(plan.take == [0] && plan.giveBack == [])
        balance.apply(plan, for: "me")
        #expect(balance.leases(of: "me") == [.init(partition: 0, epoch: 5), .init(partition: 1, epoch: 2)])
    }

    @Test func whoIsNotAMemberGetsNothing() {
        let balance = GroupBalance(holdings: [.init()], live: ["a"])
        #expect(balance.plan(for: "b").isEmpty)
    }

    @Test func givingBackKeepsTheEpoch() {
        var balance = GroupBalance(
            holdings: [.init(owner: "a", epoch: 1), .init(owner: "a", epoch: 3)], live: ["a", "b"])
        balance.apply(balance.plan(for: "a"), for: "a")
        #expect(balance.holdings[1] == .init(owner: nil, epoch: 3))
    }
}
