import Descriptors
import Events
import Runtime

/// Builders of what the analyzer is told.
enum Given {
    static let time = Timestamp(milliseconds: 1_700_000_000_000)
    static let series = SeriesKey(
        id: "s1", benchmark: "bench", metric: "latency", unit: "ms", fingerprint: "f", labels: [:])

    static let rule = Descriptor.Alarm(metric: "latency", above: 250, notify: ["webhook:team"])

    static func result(
        _ run: String, _ samples: [Double], rules: [Descriptor.Alarm] = [rule], isValid: Bool = true
    ) -> ResultComputed {
        ResultComputed(
            run: run, series: series, direction: .lower, samples: samples, median: 0, mean: 0, interval: nil,
            minimum: 0, maximum: 0, pointCount: 1, isValid: isValid, problems: isValid ? [] : ["bad"],
            finished: time, rules: rules, labels: [:])
    }
}
