import Detection
import Testing

/// The expected numbers are NumPy 2.4's and SciPy 1.17's, written down.
@Suite struct SamplesTests {
    private static let a = [12.5, 11.75, 13.0, 12.25, 19.5, 12.0, 11.5]
    private static let b: [Double] = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5]
    private static let large = [1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16]
    private static let e = [-2.5, -1.0, 0.0, 7.25]

    /// What NumPy says of a set of samples.
    struct Description: Sendable {
        var values: [Double]
        var median: Double
        var mean: Double
        var deviation: Double
        var variation: Double
        var mad: Double
        /// At the probabilities below.
        var quantiles: [Double]
    }

    private static let probabilities = [0, 0.05, 0.1, 0.25, 1.0 / 3, 0.9, 0.99, 1]
    private static let descriptions: [Description] = [
        Description(
            values: a, median: 12.25, mean: 13.214285714285714, deviation: 2.815243371024118,
            variation: 0.21304544429371708, mad: 0.5,
            quantiles: [11.5, 11.575, 11.65, 11.875, 12.0, 15.600000000000001, 19.109999999999996, 19.5]),
        Description(
            values: b, median: 4, mean: 4, deviation: 2.3664319132398464, variation: 0.5916079783099617,
            mad: 1, quantiles: [1.0, 1.0, 1.0, 2.5, 3.0, 6.0, 8.700000000000001, 9.0]),
        Description(
            values: large, median: 1_000_000_010, mean: 1_000_000_010, deviation: 5.477225575051661,
            variation: 5.477225520279406e-09, mad: 4.5,
            quantiles: [
                1_000_000_004, 1_000_000_004.45, 1_000_000_004.9, 1_000_000_006.25, 1_000_000_007,
                1_000_000_015.1, 1_000_000_015.91, 1_000_000_016,
            ]),
        Description(
            values: e, median: -0.5, mean: 0.9375, deviation: 4.331930862790864,
            variation: 4.620726253643587, mad: 1.25,
            quantiles: [-2.5, -2.275, -2.05, -1.375, -1.0, 5.075000000000001, 7.032499999999998, 7.25]),
    ]

    @Test(arguments: descriptions)
    func whatDescribesSamplesIsNumPys(_ expected: Description) throws {
        let samples = try #require(Samples(expected.values))
        #expect(samples.median == expected.median)
        #expect(samples.mean.isClose(to: expected.mean))
        #expect(try #require(samples.standardDeviation).isClose(to: expected.deviation))
        #expect(try #require(samples.coefficientOfVariation).isClose(to: expected.variation))
        #expect(samples.medianAbsoluteDeviation == expected.mad)
        for (probability, value) in zip(SamplesTests.probabilities, expected.quantiles) {
            #expect(samples.quantile(probability).isClose(to: value), "at \(probability)")
        }
    }

    @Test func aSingleSampleIsAllThatIsKnown() throws {
        let samples = try #require(Samples([7.5]))
        #expect(samples.median == 7.5)
        #expect(samples.mean == 7.5)
        #expect(samples.quantile(0.3) == 7.5)
        #expect(samples.medianAbsoluteDeviation == 0)
        #expect(samples.standardDeviation == nil)
        #expect(samples.coefficientOfVariation == nil)
        #expect(samples.interval == nil)
    }

    @Test func nothingIsSaidAboutNoneOrAboutWhatIsNoNumber() {
        #expect(Samples([]) == nil)
        #expect(Samples([1, .nan]) == nil)
        #expect(Samples([1, .infinity]) == nil)
    }

    @Test func whatIsMeasuredInOtherUnitsScalesAlong() throws {
        let samples = try #require(Samples(SamplesTests.a))
        let scaled = try #require(Samples(SamplesTests.a.map { $0 * 1024 }))
        #expect(scaled.median == samples.median * 1024)
        #expect(scaled.mean == samples.mean * 1024)
        #expect(scaled.standardDeviation == samples.standardDeviation.map { $0 * 1024 })
        #expect(scaled.coefficientOfVariation == samples.coefficientOfVariation)
    }

    @Test func theLargestNumbersHaveAMedian() throws {
        let samples = try #require(Samples([.greatestFiniteMagnitude, .greatestFiniteMagnitude]))
        #expect(samples.median == .greatestFiniteMagnitude)
    }

    @Test func theOrderOfMeasuringMattersToTheLastAlone() throws {
        let samples = try #require(Samples(SamplesTests.a))
        let reversed = try #require(Samples(SamplesTests.a.reversed()))
        #expect(samples.last == 11.5)
        #expect(reversed.last == 12.5)
        #expect(samples.median == reversed.median)
        #expect(samples.interval == reversed.interval)
    }
}

extension Double {
    /// Equal but for the last bits, in which two ways of adding may differ.
    func isClose(to other: Double, relative: Double = 1e-14) -> Bool {
        abs(self - other) <= relative * max(abs(self), abs(other))
    }
}
