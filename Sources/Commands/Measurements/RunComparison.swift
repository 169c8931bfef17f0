internal import Descriptors
internal import Detection
internal import Events

/// One metric of two runs, side by side.
struct RunComparison: Codable, Equatable {
    enum Verdict: String, Codable { case better, worse, same, unclear, different }

    var metric: String
    var unit: String?
    var base: Double
    var value: Double
    /// `value` over `base`: 1.05 is 5 % more; nil where a ratio says nothing.
    var ratio: Double?
    /// Of the ratio, with 95 % confidence; nil with fewer than five samples on a side.
    var ratioLow: Double?
    var ratioHigh: Double?
    /// Of the Mann-Whitney test: how likely samples as different as these are when nothing has changed.
    var pValue: Double?
    var verdict: Verdict
    var isSameEnvironment: Bool
    var isValid: Bool

    private enum CodingKeys: String, CodingKey {
        case metric, unit, base, value, ratio, verdict
        case ratioLow = "ratio_low"
        case ratioHigh = "ratio_high"
        case pValue = "p_value"
        case isSameEnvironment = "same_environment"
        case isValid = "valid"
    }

    /// The metrics that both runs have, in the order of their names.
    static func compare(_ before: [ResultComputed], _ after: [ResultComputed]) -> [RunComparison] {
        let bases = Dictionary(before.map { ($0.series.metric, $0) }, uniquingKeysWith: { first, _ in first })
        return after.sorted { $0.series.metric < $1.series.metric }.compactMap { result in
            bases[result.series.metric].map { RunComparison($0, result) }
        }
    }

    private init(_ before: ResultComputed, _ after: ResultComputed) {
        let comparison = Samples(before.samples).flatMap { base in
            Samples(after.samples).map { Comparison(before: base, after: $0) }
        }
        metric = after.series.metric
        unit = after.series.unit
        base = before.median
        value = after.median
        ratio = comparison?.ratio
        ratioLow = comparison?.interval?.low
        ratioHigh = comparison?.interval?.high
        pValue = comparison?.test.pValue
        isSameEnvironment = before.series.fingerprint == after.series.fingerprint
        isValid = before.isValid && after.isValid
        verdict = RunComparison.verdict(low: ratioLow, high: ratioHigh, direction: after.direction)
    }

    /// Only an interval that excludes 1 says something; which way is good, the descriptor says.
    private static func verdict(low: Double?, high: Double?, direction: MetricDirection) -> Verdict {
        guard let low, let high, low.isFinite, high.isFinite else { return .unclear }
        if low <= 1, high >= 1 { return .same }
        switch direction {
        case .lower: return high < 1 ? .better : .worse
        case .higher: return low > 1 ? .better : .worse
        case .none: return .different
        }
    }

    static func table(_ comparisons: [RunComparison]) -> Table {
        let rows = comparisons.map { comparison in
            [
                Table.Cell(comparison.metric), Table.Cell(Words.number(comparison.base)),
                Table.Cell(Words.number(comparison.value)), Table.Cell(comparison.unit ?? "-"),
                Table.Cell(comparison.ratio.map(change) ?? "-"), Table.Cell(interval(comparison)),
                Table.Cell(comparison.pValue.map { Words.fixed($0, 3) } ?? "-"),
                Table.Cell(words(comparison), color(comparison.verdict)),
            ]
        }
        return Table(
            header: ["METRIC", "BASE", "RUN", "UNIT", "CHANGE", "95 % INTERVAL", "P", "VERDICT"], rows: rows,
            numbers: [1, 2, 4, 5, 6])
    }

    private static func words(_ comparison: RunComparison) -> String {
        let verdict =
            comparison.verdict == .unclear
            ? "unclear: fewer than \(Comparison.fewestForInterval) samples" : comparison.verdict.rawValue
        return comparison.isValid ? verdict : "\(verdict) (not valid)"
    }

    private static func color(_ verdict: Verdict) -> Terminal.Color? {
        switch verdict {
        case .better: .green
        case .worse: .red
        case .different: .yellow
        case .same, .unclear: nil
        }
    }

    private static func interval(_ comparison: RunComparison) -> String {
        guard let low = comparison.ratioLow, let high = comparison.ratioHigh else { return "-" }
        return "\(change(low)) … \(change(high))"
    }

    /// `+5.2 %`
    private static func change(_ ratio: Double) -> String {
        guard ratio.isFinite else { return "-" }
        let percent = (ratio - 1) * 100
        return (percent >= 0 ? "+" : "") + Words.fixed(percent, 1) + " %"
    }

    /// The metrics' names in a sentence.
    static func names(_ results: [ResultComputed]) -> String {
        results.isEmpty ? "none" : results.map(\.series.metric).sorted().joined(separator: ", ")
    }
}
