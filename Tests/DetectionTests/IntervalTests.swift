import Testing

@testable import Detection

@Suite struct IntervalTests {
    @Test(arguments: [
        (
            [1_000_000_004.0, 1_000_000_007.0, 1_000_000_013.0, 1_000_000_016.0], 1_000_000_001.2845118,
            1_000_000_018.7154882
        ),
        ([0.1, 0.2, 0.3], -0.048413771175032955, 0.448413771175033),
        ([-2.5, -1.0, 0.0, 7.25], -5.955568684516625, 7.830568684516625),
    ])
    func twoToFiveSamplesHaveStudentsIntervalOfTheMean(
        _ values: [Double], low: Double, high: Double
    ) throws {
        let interval = try #require(Samples(values)?.interval)
        #expect(interval.method == .studentT)
        #expect(interval.confidence == 0.95)
        #expect(interval.low.isClose(to: low, relative: 1e-12))
        #expect(interval.high.isClose(to: high, relative: 1e-12))
    }

    /// The ranks are those of the binomial quantile, as SciPy computes it.
    @Test(arguments: [
        (6, 1), (7, 1), (8, 1), (9, 2), (10, 2), (15, 4), (20, 6), (25, 8), (30, 10), (50, 18), (99, 40),
        (100, 40), (1000, 469), (10000, 4902),
    ])
    func fromSixSamplesOnTheMedianLiesBetweenOrderStatistics(_ count: Int, rank: Int) throws {
        let values = (1...count).map(Double.init).shuffled()
        let interval = try #require(Samples(values)?.interval)
        #expect(interval.method == .orderStatistics)
        #expect(interval.low == Double(rank))
        #expect(interval.high == Double(count + 1 - rank))
    }

    @Test func noIntervalOfTheMedianIsWiderThanTheSamples() {
        for count in 6...400 {
            #expect((1...count / 2).contains(Samples.lowerRank(count: count)))
        }
    }

    @Test func equalSamplesHaveAnIntervalOfNoWidth() throws {
        let interval = try #require(Samples([2, 2, 2])?.interval)
        #expect(interval.low == 2)
        #expect(interval.high == 2)
    }

    /// What the word "confidence" promises, tried out: of skewed samples, whose median is known to be 1.
    @Test func theIntervalHoldsTheMedianAsOftenAsItSays() throws {
        var generator = SplitMix64(seed: 20_240_501)
        var held = 0
        let trials = 4000
        for _ in 0..<trials {
            let values = (0..<9).map { _ in -log2(Double.random(in: 0.000_001..<1, using: &generator)) }
            let interval = try #require(Samples(values)?.interval)
            if interval.low <= 1, interval.high >= 1 { held += 1 }
        }
        // Exactly 0.9609; three standard errors are 0.0092.
        #expect(abs(Double(held) / Double(trials) - 0.9609) < 0.0092)
    }

    private func log2(_ value: Double) -> Double {
        // By halving: the tests need no C library for one logarithm.
        var (value, sum, step) = (value, 0.0, 1.0)
        while value < 1 {
            value *= 2
            sum -= 1
        }
        for _ in 0..<40 {
            value *= value
            step /= 2
            if value >= 2 {
                value /= 2
                sum += step
            }
        }
        return sum
    }
}
