import Detection
import Testing

@Suite struct ThresholdTests {
    private let samples = Samples([5, 1, 9, 2, 3])

    @Test(arguments: [
        (Statistic.median, 3.0), (.mean, 4), (.minimum, 1), (.maximum, 9), (.last, 3),
    ])
    func eachStatisticIsHeldAgainstTheLimit(_ statistic: Statistic, value: Double) throws {
        let samples = try #require(samples)
        #expect(statistic.value(of: samples) == value)
        let crossed = Threshold(above: value - 0.5, statistic: statistic).crossing(by: samples)
        #expect(crossed == Threshold.Crossing(side: .above, limit: value - 0.5, value: value))
        #expect(Threshold(above: value + 0.5, statistic: statistic).crossing(by: samples) == nil)
    }

    @Test func theLimitItselfIsFine() throws {
        let samples = try #require(samples)
        #expect(Threshold(above: 3).crossing(by: samples) == nil)
        #expect(Threshold(below: 3).crossing(by: samples) == nil)
        #expect(Threshold(above: 3, below: 3).crossing(by: samples) == nil)
    }

    @Test func tooLittleIsSeenToo() throws {
        let samples = try #require(samples)
        let crossing = Threshold(above: 100, below: 3.25).crossing(by: samples)
        #expect(crossing == Threshold.Crossing(side: .below, limit: 3.25, value: 3))
    }

    @Test func withoutALimitNothingIsCrossed() throws {
        #expect(Threshold().crossing(by: try #require(samples)) == nil)
    }
}
