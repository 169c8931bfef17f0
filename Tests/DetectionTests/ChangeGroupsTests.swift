import Testing

@testable import Detection

@Suite struct ChangeGroupsTests {
    private func change(_ index: Int, _ strength: Double = 5) -> ChangePoint {
        ChangePoint(index: index, before: 1, after: 2, strength: strength)
    }

    @Test func changesThatAreCloseHaveOneCause() {
        let groups = ChangeGroups.groups(of: [[change(50)], [change(51, 9)], [], [change(52)], [change(80)]])
        #expect(groups.map(\.index) == [51, 80])
        #expect(groups.map(\.series) == [[0, 1, 3], [4]])
    }

    @Test func whatLiesFurtherApartHasAnotherCause() {
        let groups = ChangeGroups.groups(of: [[change(50, 9)], [change(53)]])
        #expect(groups.map(\.index) == [50, 53])
    }

    @Test func aSeriesIsInAGroupOnce() {
        let groups = ChangeGroups.groups(of: [[change(50), change(52)], [change(50)]])
        #expect(groups.map(\.series) == [[0, 1], [0]])
    }

    @Test func theOrderOfTheSeriesChangesNothing() {
        let changes = [[change(10, 3), change(40)], [change(11, 4)], [change(12, 5), change(41)]]
        let forward = ChangeGroups.aligned(changes)
        let backward = Array(ChangeGroups.aligned(changes.reversed()).reversed())
        #expect(forward == backward)
        #expect(forward.map { $0.map(\.index) } == [[11, 40], [11], [11, 40]])
    }

    @Test func nothingGivesNothing() {
        #expect(ChangeGroups.groups(of: []).isEmpty)
        #expect(ChangeGroups.aligned([[], []]) == [[], []])
    }
}

@Suite struct ChangeWatchTests {
    @Test func aChangeIsToldOnceAndOnlyWhenItIsSure() throws {
        var noise = Noise(seed: 7)
        var watch = ChangeWatch()
        var told: [(run: Int, index: Int)] = []
        for run in 0..<200 {
            let value = 100 + (run < 90 ? 0.0 : 6) + noise.normal()
            told += watch.append(value).map { (run, $0.index) }
        }
        try #require(told.count == 1)
        #expect(abs(told[0].index - 90) <= 1)
        #expect((92...94).contains(told[0].run))
    }

    @Test func runsWithoutAValueConfirmNothing() {
        var watch = ChangeWatch()
        for run in 0..<60 { #expect(watch.append(run % 2 == 0 ? 10 : 10.1).isEmpty) }
        #expect(watch.append(15).isEmpty)
        for _ in 0..<20 { #expect(watch.append(nil).isEmpty) }
        #expect(watch.append(15).isEmpty)
    }

    @Test func aSpikeIsNeverTold() {
        var noise = Noise(seed: 8)
        var watch = ChangeWatch()
        for run in 0..<150 {
            let isSpike = run == 70 || run == 71
            #expect(watch.append(100 + (isSpike ? 30.0 : 0) + noise.normal()).isEmpty)
        }
    }
}
