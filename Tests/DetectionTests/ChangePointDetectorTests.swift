import Detection
import Testing

@Suite struct ChangePointDetectorTests {
    private func places(_ values: [Double?]) -> [Int] {
        ChangePointDetector.changePoints(in: values).map(\.index)
    }

    // MARK: - what is a change

    @Test func aStepIsFoundWhereItIs() throws {
        var noise = Noise(seed: 1)
        let values = (0..<200).map { 100 * ($0 < 120 ? 1 : 1.03) + noise.normal() }
        let change = try #require(ChangePointDetector.changePoints(in: values).first)
        #expect(abs(change.index - 120) <= 1)
        #expect(abs((change.ratio ?? 0) - 1.03) < 0.005)
        #expect(abs(change.before - 100) < 0.5 && abs(change.after - 103) < 0.5)
    }

    @Test(arguments: 0..<20) func aRegressionOfThreePercentIsFoundInFiveRuns(seed: UInt64) {
        var noise = Noise(seed: seed)
        let values = (0..<65).map { 100 * ($0 < 60 ? 1 : 1.03) + 0.5 * noise.normal() }
        #expect(places(values) == [60])
    }

    @Test func aChangeThatIsTakenBackIsTwo() {
        var noise = Noise(seed: 2)
        let values = (0..<150).map { 100 + (70..<90 ~= $0 ? 8.0 : 0) + noise.normal() }
        #expect(places(values) == [70, 90])
    }

    @Test func aConstantThatMovesHasChanged() {
        let values = (0..<40).map { $0 < 25 ? 31_000.0 : 31_031 }
        #expect(places(values) == [25])
    }

    @Test func aClockThatTicksCoarselyHidesNoChange() {
        var noise = Noise(seed: 3)
        let values = (0..<120).map { (40 * ($0 < 60 ? 1 : 1.2) + 0.4 * noise.normal()).rounded() }
        #expect(places(values) == [60])
    }

    @Test func missingRunsCountInThePlace() {
        var noise = Noise(seed: 4)
        let values = (0..<120).map { run -> Double? in
            run % 7 == 3 ? nil : 100 + (run < 80 ? 0.0 : 10) + noise.normal()
        }
        let missing = places(values)
        #expect(missing.count == 1 && missing.allSatisfy { (80...81).contains($0) })
        #expect(places(values.map { $0 ?? .nan }) == missing)
        #expect(places(values.map { $0 ?? .infinity }) == missing)
    }

    // MARK: - what is none

    @Test func aPatternWithoutNoiseHasNoOtherChangeThanTheStep() {
        let values = (0..<100).map { run -> Double in
            let level: Double = run < 60 ? 100 : 110
            return level + Double(run * 7 % 5) / 5
        }
        #expect(places(values) == [60])
        for count in 1...60 { #expect(places(Array(values[..<count])) == []) }
    }

    @Test func roundingIsNoChange() {
        let values = (0..<60).map { $0 < 30 ? 0.3 : 0.1 + 0.2 }
        #expect(places(values) == [])
    }

    @Test(arguments: [1, 2, 3]) func aSpikeIsNoChange(width: Int) {
        var noise = Noise(seed: 5)
        let values = (0..<120).map { 100 + (60..<(60 + width) ~= $0 ? 40.0 : 0) + noise.normal() }
        #expect(places(values) == [])
    }

    @Test func moreNoiseIsNoChange() {
        var noise = Noise(seed: 6)
        let values = (0..<250).map { 100 + ($0 < 120 ? 1 : 3) * noise.normal() }
        #expect(places(values) == [])
    }

    @Test func aSeasonIsNoChangeAndHidesNone() {
        var noise = Noise(seed: 7)
        let season = (0..<240).map { 100 + 3 * [0.0, 1, 1, 0, -1, -1, 0][$0 % 7] + noise.normal() }
        #expect(places(season) == [])
        #expect(places(season.indices.map { season[$0] + ($0 < 130 ? 0 : 5) }) == [130])
    }

    @Test func aSlowDriftIsNoStepAndHidesNone() {
        var noise = Noise(seed: 8)
        let drift = (0..<250).map { 100 + 0.03 * Double($0) + noise.normal() }
        #expect(places(drift) == [])
        let stepped = places(drift.indices.map { drift[$0] + ($0 < 100 ? 0 : 6) })
        #expect(stepped.count == 1 && stepped.allSatisfy { abs($0 - 100) <= 1 })
    }

    @Test(arguments: 0..<10) func noiseThatRemembersIsNoChange(seed: UInt64) {
        var noise = Noise(seed: seed)
        var state = 0.0
        let values = (0..<300).map { _ in
            state = 0.7 * state + noise.normal()
            return 100 + state
        }
        #expect(places(values) == [])
    }

    @Test(arguments: [Noise.Shape.normal, .longTailed, .oneSided, .twoModes])
    func quietSeriesKeepTheStatedRate(shape: Noise.Shape) {
        let rate = 1.0 / 1000
        var (found, runs) = (0, 0)
        for seed in 0..<60 {
            var noise = Noise(seed: UInt64(seed))
            let values = (0..<[60, 120, 250][seed % 3]).map { _ in 100 + noise.value(shape) }
            found += ChangePointDetector.changePoints(in: values, falseAlarmRate: rate).count
            runs += values.count
        }
        // Three deviations of a count that is expected to be at most that large.
        let most = rate * Double(runs)
        #expect(Double(found) <= most + 3 * most.squareRoot())
    }

    // MARK: - whatever comes

    @Test(
        arguments: [
            [], [1], [1, 1], [nil, nil], [.nan, .infinity, -.infinity], [1, 2, 3, 4, 5],
            Array(repeating: 7.5, count: 300),
            [.greatestFiniteMagnitude, -.greatestFiniteMagnitude, 0, 1, 2, 3, 4, 5],
            [.leastNonzeroMagnitude, 0, .leastNonzeroMagnitude, 0, .leastNonzeroMagnitude, 0, 0],
        ] as [[Double?]]) func nothingIsSaidOfWhatTellsNothing(values: [Double?])
    {
        #expect(places(values) == [])
    }

    @Test(arguments: [1e-9, 0.5, 1024, 1e12]) func theUnitDoesNotMatter(unit: Double) {
        var noise = Noise(seed: 9)
        let values = (0..<200).map { 100 + ($0 < 150 ? 0.0 : 6) + noise.value(.longTailed) }
        #expect(places(values.map { $0 * unit }) == places(values))
        #expect(places(values.map { -$0 * unit }) == places(values))
    }

    /// Long enough for a window to be settled.
    @Test func appendingGivesWhatTheWholeSeriesGives() {
        var noise = Noise(seed: 10)
        let values = (0..<1100).map { run -> Double? in
            run % 97 == 5 ? nil : 100 + 4 * Double(run / 430 % 2) + noise.value(.longTailed)
        }
        var detector = ChangePointDetector()
        for (run, value) in values.enumerated() {
            detector.append(value)
            if [40, 1040, 1099].contains(run) {
                #expect(detector.changePoints == ChangePointDetector.changePoints(in: values[...run]))
            }
        }
        #expect(detector.changePoints.count == 2)
        #expect(zip(detector.changePoints, [430, 860]).allSatisfy { abs($0.index - $1) <= 2 })
    }
}
