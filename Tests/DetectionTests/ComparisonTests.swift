import Testing

@testable import Detection

/// The expected numbers are SciPy 1.17's (`mannwhitneyu`, two-sided) and those of a bootstrap written independently, written down.
@Suite struct ComparisonTests {
    private static let x = [
        10.001, 10.299, 9.726, 9.109, 9.545, 9.008, 10.06, 11.34, 9.508, 9.38, 10.49, 10.357, 10.105, 9.07,
        9.971, 10.695, 8.656, 9.542, 8.099, 8.71,
    ]
    private static let y = [
        8.39, 10.318, 9.079, 10.926, 10.788, 10.376, 7.58, 9.954, 10.542, 10.736, 8.764, 10.027, 9.426,
        9.629, 11.873, 9.631, 10.561, 11.661, 9.9, 10.466, 10.733, 10.677, 9.13, 10.691, 12.231,
    ]

    /// What SciPy says of two sets.
    struct RankSum: Sendable {
        var first: [Double]
        var second: [Double]
        var statistic: Double
        var pValue: Double
        var method = MannWhitney.Method.exact
    }

    private static let rankSums: [RankSum] = [
        RankSum(
            first: [1.1, 2.2, 3.3, 4.4, 5.5], second: [2, 3, 6, 7, 8, 9], statistic: 7,
            pValue: 0.17748917748917747),
        RankSum(
            first: [1, 2, 3, 4, 5], second: [6, 7, 8, 9, 10], statistic: 0, pValue: 0.007936507936507936),
        RankSum(
            first: [6, 7, 8, 9, 10], second: [1, 2, 3, 4, 5], statistic: 25, pValue: 0.007936507936507936),
        RankSum(first: [1], second: [2], statistic: 0, pValue: 1),
        RankSum(first: [1, 3, 5, 7], second: [2, 4, 6, 8], statistic: 6, pValue: 0.6857142857142857),
        RankSum(
            first: Array(x.prefix(8)), second: y + [8.001, 9.002, 10.003, 11.004, 12.005], statistic: 95,
            pValue: 0.38763653114996377),
        RankSum(
            first: [1, 2, 2, 3, 4], second: [2, 3, 3, 5, 6, 7], statistic: 6, pValue: 0.11390314458853068,
            method: .asymptotic),
        RankSum(first: x, second: y, statistic: 165, pValue: 0.053592464711459474, method: .asymptotic),
        RankSum(first: [2, 2, 2], second: [2, 2], statistic: 3, pValue: 1, method: .asymptotic),
    ]

    @Test(arguments: rankSums)
    func theRankSumTestIsSciPys(_ expected: RankSum) throws {
        let test = MannWhitney(
            try #require(Samples(expected.first)), try #require(Samples(expected.second)))
        #expect(test.statistic == expected.statistic)
        #expect(test.pValue.isClose(to: expected.pValue, relative: 1e-12))
        #expect(test.method == expected.method)
    }

    @Test func exchangingTheSidesKeepsTheProbability() throws {
        let (x, y) = (try #require(Samples(Self.x)), try #require(Samples(Self.y)))
        #expect(MannWhitney(x, y).pValue == MannWhitney(y, x).pValue)
        #expect(MannWhitney(x, y).statistic + MannWhitney(y, x).statistic == 500)
    }

    @Test func theRatioOfMediansHasABootstrapInterval() throws {
        let comparison = Comparison(
            before: try #require(Samples(Self.x)), after: try #require(Samples(Self.y)), seed: 7)
        #expect(try #require(comparison.ratio).isClose(to: 1.0768512272326292))
        let interval = try #require(comparison.interval)
        #expect(interval.low.isClose(to: 0.9894632206759444))
        #expect(interval.high.isClose(to: 1.12590618336887))
        #expect(interval.method == .bootstrap)
    }

    @Test func anOutlierDoesNotMoveTheRatio() throws {
        let before = [12.5, 11.75, 13.0, 12.25, 19.5, 12.0, 11.5]
        let comparison = Comparison(
            before: try #require(Samples(before)),
            after: try #require(Samples(before.map { $0 * 1.1 + 0.05 })), seed: 42)
        #expect(try #require(comparison.ratio).isClose(to: 1.1040816326530614))
        #expect(try #require(comparison.interval).low.isClose(to: 1.0192307692307694))
        #expect(try #require(comparison.interval).high.isClose(to: 1.2000000000000002))
    }

    @Test func theSameSeedGivesTheSameInterval() throws {
        let (x, y) = (try #require(Samples(Self.x)), try #require(Samples(Self.y)))
        #expect(Comparison(before: x, after: y) == Comparison(before: x, after: y))
        #expect(
            Comparison(before: x, after: y, seed: 1).interval
                != Comparison(before: x, after: y, seed: 2).interval)
    }

    @Test func fewSamplesHaveARatioAndNoInterval() throws {
        let comparison = Comparison(
            before: try #require(Samples([1, 2, 3, 4])), after: try #require(Samples([2, 4, 6, 8, 10])))
        #expect(comparison.ratio == 2.4)
        #expect(comparison.interval == nil)
    }

    @Test(arguments: [[0.0, 1, 2], [-1, 1, 2]])
    func samplesAroundZeroHaveNoRatio(_ before: [Double]) throws {
        let comparison = Comparison(
            before: try #require(Samples(before)), after: try #require(Samples([1, 2, 3])))
        #expect(comparison.ratio == nil)
        #expect(comparison.interval == nil)
    }

    @Test func negativeSamplesHaveARatio() throws {
        let comparison = Comparison(
            before: try #require(Samples([-2, -4])), after: try #require(Samples([-6])))
        #expect(comparison.ratio == 2)
    }

    /// The first numbers that the generator's authors give for the seed 1234567.
    @Test func theGeneratorIsTheOneThatIsPublished() {
        var generator = SplitMix64(seed: 1_234_567)
        let numbers = (0..<5).map { _ in generator.next() }
        #expect(
            numbers == [
                6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
                4_593_380_528_125_082_431, 16_408_922_859_458_223_821,
            ])
    }
}
