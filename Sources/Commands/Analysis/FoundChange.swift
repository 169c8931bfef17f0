internal import Descriptors
internal import Detection
internal import Events

/// A change as `baictl analyze` tells it.
struct FoundChange: Encodable, Equatable {
    var series: String
    /// What the first run of the new level is called.
    var run: String
    /// The same, counted from 0.
    var index: Int
    var before: Double
    var after: Double
    /// The new level as a multiple of the old one; nil where that says nothing.
    var ratio: Double?
    /// How many standard errors the levels lie apart.
    var strength: Double
    var verdict: Verdict

    enum Verdict: String, Encodable {
        case better, worse
        /// Nobody said which way is better.
        case changed
    }

    /// Whether somebody has to know: everything that did not get better.
    var isBad: Bool { verdict != .better }

    init(_ change: ChangePoint, in series: NamedSeries) {
        self.series = series.name
        run = series.run(change.index)
        index = change.index
        before = change.before
        after = change.after
        ratio = change.ratio
        strength = change.strength
        verdict =
            switch series.direction {
            case .lower: change.after > change.before ? .worse : .better
            case .higher: change.after < change.before ? .worse : .better
            case .none: .changed
            }
    }

    static func table(_ changes: [FoundChange]) -> Table {
        Table(
            header: ["SERIES", "SINCE", "BEFORE", "AFTER", "CHANGE", "STRENGTH", "VERDICT"],
            rows: changes.map { change in
                [
                    Table.Cell(change.series), Table.Cell(change.run),
                    Table.Cell(Words.number(change.before)),
                    Table.Cell(Words.number(change.after)), Table.Cell(change.percentage),
                    Table.Cell(Words.fixed(change.strength, 1)), Table.Cell(change.verdict.rawValue),
                ]
            }, numbers: [2, 3, 4, 5])
    }

    private var percentage: String {
        guard let ratio, ratio.isFinite else { return "-" }
        return (ratio >= 1 ? "+" : "") + Words.fixed((ratio - 1) * 100, 1) + " %"
    }
}
