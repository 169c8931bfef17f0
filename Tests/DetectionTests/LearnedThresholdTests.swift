import Testing

@testable import Detection

/// Sizes that mean something in each model.
private func usual(_ model: LearnedThreshold.Model) -> Double {
    switch model {
    case .percentOfMean, .percentOfMedian: 0.1
    case .zScore, .studentT, .logNormal: 0.99
    case .interquartile, .deltaInterquartile: 3
    }
}

private func threshold(_ model: LearnedThreshold.Model, mostRuns: Int = 64) throws -> LearnedThreshold {
    try LearnedThreshold(model, upper: usual(model), lower: usual(model), mostRuns: mostRuns)
}

@Suite struct LearnedThresholdTests {
    @Test func theLimitsAreThoseOfTheFormulasBySciPy() throws {
        for golden in try GoldenStatistics.read().limits {
            let model = try #require(LearnedThreshold.Model(rawValue: golden.model))
            let learned = try LearnedThreshold(model, upper: golden.size, lower: golden.size)
            let boundary = try learned.boundary(after: golden.values).get()
            #expect(boundary.baseline.isClose(to: golden.baseline, relative: 1e-12), "\(golden.model)")
            #expect(
                try #require(boundary.above).isClose(to: golden.above, relative: 1e-11), "\(golden.model)")
            #expect(
                try #require(boundary.below).isClose(to: golden.below, relative: 1e-11), "\(golden.model)")
            #expect(boundary.runs == min(64, golden.values.count) && !boundary.isOfRange)
        }
    }

    @Test(arguments: LearnedThreshold.Model.allCases)
    func aConstantThatMovesCrossesTheLimit(_ model: LearnedThreshold.Model) throws {
        for level in [31_000, 0.1, -3.7, 0] {
            let boundary = try threshold(model).boundary(after: [Double](repeating: level, count: 20))
            if model == .logNormal, level <= 0 {
                #expect(boundary == .failure(.notPositive))
                continue
            }
            let learned = try boundary.get()
            #expect(learned.crossing(by: level) == nil)
            #expect(learned.crossing(by: level + abs(level) * 1e-12) == nil)
            #expect(learned.crossing(by: level + max(1, abs(level)))?.side == .above)
            #expect(learned.crossing(by: level - max(1, abs(level)))?.side == .below)
        }
    }

    @Test func whereMostRunsAreEqualTheRangeOfAllIsFine() throws {
        let values = [10.0, 10, 10, 11, 10, 10, 9, 10, 10, 10, 10, 10]
        let learned = try threshold(.interquartile).boundary(after: values).get()
        #expect(learned.isOfRange && learned.below == 9 && learned.above == 11)
        #expect(learned.crossing(by: 11.5)?.limit == 11)
    }

    @Test func onlyTheNewestRunsAreLearnedFrom() throws {
        let values = [Double](repeating: 5, count: 100) + (0..<30).map { 100 + Double($0 % 3) }
        let learned = try threshold(.percentOfMedian, mostRuns: 30).boundary(after: values).get()
        #expect(learned.baseline == 101 && learned.runs == 30)
    }

    @Test func runsWithoutAValueAreLeftOut() throws {
        let values = (0..<20).map { 100 + Double($0 * 7 % 5) }
        let gaps: [Double?] = values.flatMap { [nil, $0, .nan, .infinity] }
        for model in LearnedThreshold.Model.allCases {
            #expect(try threshold(model).boundary(after: gaps) == threshold(model).boundary(after: values))
        }
    }

    @Test func tooFewRunsHaveNoLimit() throws {
        for model in LearnedThreshold.Model.allCases {
            #expect(try threshold(model).boundary(after: []) == .failure(.tooFewRuns(0)))
            #expect(try threshold(model).boundary(after: [1]) == .failure(.tooFewRuns(1)))
            #expect(try threshold(model).boundary(after: [nil, 1, 2, .nan]) == .failure(.tooFewRuns(2)))
        }
    }

    @Test func aShareOfZeroIsNoDistance() throws {
        let values = (0..<20).map { $0.isMultiple(of: 2) ? 1.0 : -1.0 }
        #expect(try threshold(.percentOfMean).boundary(after: values) == .failure(.baselineIsZero))
        #expect(try threshold(.percentOfMedian).boundary(after: values) == .failure(.baselineIsZero))
    }

    @Test func belowZeroTenPercentMoreIsStillAbove() throws {
        let learned = try threshold(.percentOfMean).boundary(after: [Double](repeating: -50, count: 12)).get()
        #expect(learned.above == -45 && learned.below == -55)
    }

    @Test func whatIsNoNumberCrossesNothing() throws {
        let learned = try threshold(.studentT).boundary(after: (0..<20).map { Double($0 % 4) }).get()
        #expect(learned.crossing(by: .nan) == nil && learned.crossing(by: .infinity) == nil)
    }

    @Test func aSideThatIsNotLimitedHasNoLimit() throws {
        let learned = try LearnedThreshold(.studentT, upper: 0.99).boundary(after: (0..<20).map(Double.init))
            .get()
        #expect(learned.below == nil && learned.crossing(by: -1e9) == nil)
    }

    @Test(arguments: [
        (LearnedThreshold.Model.studentT, 1.0), (.zScore, 0.4), (.logNormal, .nan), (.percentOfMean, -0.1),
        (.interquartile, .infinity), (.deltaInterquartile, -1),
    ])
    func aSizeThatMeansNothingIsRefused(_ model: LearnedThreshold.Model, size: Double) {
        let refused = #expect(throws: LearnedThresholdError.self) { try LearnedThreshold(model, lower: size) }
        #expect(refused?.code == .size)
    }

    @Test func countsOfRunsThatContradictEachOtherAreRefused() {
        let refused = #expect(throws: LearnedThresholdError.self) {
            try LearnedThreshold(.studentT, upper: 0.99, mostRuns: 5, fewestRuns: 6)
        }
        #expect(refused?.code == .runs)
    }

    // MARK: - properties

    @Test(arguments: LearnedThreshold.Model.allCases)
    func anotherUnitChangesTheLimitsAlike(_ model: LearnedThreshold.Model) throws {
        var noise = Noise(seed: 11)
        let values = (0..<40).map { _ in 50 + noise.normal() }
        let learned = try threshold(model).boundary(after: values).get()
        for factor in [1024, 0.125] {
            let scaled = try threshold(model).boundary(after: values.map { $0 * factor }).get()
            #expect(
                try #require(scaled.above).isClose(to: try #require(learned.above) * factor, relative: 1e-12))
            #expect(
                try #require(scaled.below).isClose(to: try #require(learned.below) * factor, relative: 1e-12))
        }
    }

    @Test(arguments: [LearnedThreshold.Model.zScore, .studentT, .interquartile])
    func anotherZeroMovesTheLimitsAlong(_ model: LearnedThreshold.Model) throws {
        var noise = Noise(seed: 12)
        let values = (0..<40).map { _ in 50 + noise.normal() }
        let learned = try threshold(model).boundary(after: values).get()
        let moved = try threshold(model).boundary(after: values.map { $0 + 1000 }).get()
        #expect(try #require(moved.above).isClose(to: try #require(learned.above) + 1000, relative: 1e-12))
    }

    @Test(arguments: LearnedThreshold.Model.allCases)
    func theLargestAndTheSmallestNumbersHaveLimits(_ model: LearnedThreshold.Model) throws {
        for size in [1e308, Double.leastNonzeroMagnitude, Double.leastNormalMagnitude] {
            let values = (0..<20).map { size * ($0.isMultiple(of: 3) ? 1 : 1.5) }
            let learned = try threshold(model).boundary(after: values).get()
            let (below, above) = (try #require(learned.below), try #require(learned.above))
            #expect(above.isFinite && below.isFinite && below <= above)
            #expect(learned.crossing(by: learned.baseline) == nil)
        }
    }

    /// What 99 % promise, tried out: one more run of normal noise is above the limit in 1 %, even after ten runs.
    @Test func thePredictionIntervalKeepsItsRate() throws {
        let learned = try LearnedThreshold(.studentT, upper: 0.99)
        var noise = Noise(seed: 13)
        var crossed = 0
        let trials = 4000
        for _ in 0..<trials {
            let boundary = try learned.boundary(after: (0..<10).map { _ in noise.normal() }).get()
            if boundary.crossing(by: noise.normal()) != nil { crossed += 1 }
        }
        // Three standard errors of 1 % in 4 000.
        #expect(abs(Double(crossed) / Double(trials) - 0.01) < 0.0048)
    }
}
