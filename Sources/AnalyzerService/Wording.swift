internal import Descriptors
internal import Detection
internal import Events
internal import Glibc

/// The sentences that teams read.
enum Wording {
    /// `latency is 312.4 ms (median of 5 samples), above 250 ms`
    static func raised(_ crossing: Threshold.Crossing, _ result: ResultComputed, _ rule: AlarmRule) -> String
    {
        "\(value(crossing.value, result, rule)), \(crossing.side.rawValue) \(number(crossing.limit, result))"
    }

    /// `latency is 240 ms (median of 5 samples), no longer above 250 ms`
    static func recovered(_ value: Double, _ result: ResultComputed, _ rule: AlarmRule) -> String {
        let now =
            switch (rule.above, rule.below) {
            case (let above?, let below?):
                "back between \(number(below, result)) and \(number(above, result))"
            case (let above?, nil): "no longer above \(number(above, result))"
            case (nil, let below?): "no longer below \(number(below, result))"
            case (nil, nil): "fine again"
            }
        return "\(self.value(value, result, rule)), \(now)"
    }

    /// For an alarm whose threshold the descriptor does not have any more.
    static func unwatched(_ alarm: Alarm) -> String {
        "\(alarm.message); the descriptor does not set this threshold any more"
    }

    /// For a notice that nobody took.
    static func undelivered(_ delivery: Delivery, because reason: String) -> String {
        let what = delivery.alarm.state == .resolved ? "that it is resolved" : "of it"
        // The reason names the channel.
        return "nobody was told \(what): \(reason)"
    }

    private static func value(_ value: Double, _ result: ResultComputed, _ rule: AlarmRule) -> String {
        let count = result.samples.count
        let samples = count == 1 ? "one sample" : "\(rule.statistic.rawValue) of \(count) samples"
        return "\(result.series.metric) is \(number(value, result)) (\(samples))"
    }

    private static func number(_ value: Double, _ result: ResultComputed) -> String {
        let unit = result.series.unit.map { $0.isEmpty ? "" : " \($0)" } ?? ""
        return brief(value) + unit
    }

    /// A number with at most six significant digits: more is noise in a sentence.
    static func brief(_ value: Double) -> String {
        guard value != 0, value.isFinite else { return "0" }
        // Always a power with a whole value: those are exact, or nearly.
        let digits = 5 - floor(log10(abs(value)))
        let scale = pow(10, abs(digits))
        let rounded = digits >= 0 ? (value * scale).rounded() / scale : (value / scale).rounded() * scale
        let text = rounded.isFinite ? "\(rounded)" : "\(value)"
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
}
