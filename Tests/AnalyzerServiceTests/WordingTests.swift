import Descriptors
import Events
import Testing

@testable import AnalyzerService

@Suite struct WordingTests {
    @Test(arguments: [
        (0.0, "0"), (250, "250"), (312.4, "312.4"), (1.0 / 3, "0.333333"), (1234567.8, "1234570"),
        (-0.000123456789, "-0.000123457"), (99.9999999, "100"), (1e-300, "1e-300"),
        (1e300, "1e+300"),
    ])
    func numbersHaveSixDigits(_ value: Double, text: String) {
        #expect(Wording.brief(value) == text)
    }

    @Test func aRangeThatIsKeptAgainIsNamedWhole() {
        let rule = Descriptor.Alarm(metric: "latency", above: 250, below: 10)
        #expect(
            Wording.recovered(100, Given.result("r", [100]), rule)
                == "latency is 100 ms (one sample), back between 10 ms and 250 ms")
    }

    @Test func aMetricWithoutAUnitIsAPlainNumber() {
        var result = Given.result("r", [1, 2])
        result.series.unit = nil
        let rule = Descriptor.Alarm(metric: "latency", below: 10)
        #expect(
            Wording.recovered(12, result, rule) == "latency is 12 (median of 2 samples), no longer below 10")
    }
}
