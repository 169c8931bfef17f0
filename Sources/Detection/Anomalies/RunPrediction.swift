internal import Glibc

/// What the next run of a series may give if nothing has changed: to tell whether a single run is an anomaly. A run that is one need not be the first of
/// a new level; that is for `ChangePointDetector` to say once more runs are there.
///
/// The newest level alone counts, its newest hundred runs at most. Its middle is the median; above and below it the runs may spread differently and
/// have heavy tails (`PredictiveTail`). Runs are taken to be independent: noise that remembers makes anomalies more frequent than stated, and so does a
/// slope or a season, since neither is carried on.
package struct RunPrediction: Equatable, Sendable {
    /// With fewer runs in the newest level nothing is said.
    package static let fewest = 20
    /// More than these would say little more.
    static let most = 100
    /// The newest level is looked for among so many runs.
    private static let reach = 1024
    /// Probabilities are told so much larger: the average over tails is right on average only, and noise with the heaviest of the tails considered
    /// would else be called an anomaly more often than stated.
    static let caution = 1.6
    /// So much of the values' size is no difference: two ways of adding up the same numbers may differ by it.
    private static let resolution = 1e-9

    /// The middle of the newest level.
    package let level: Double
    /// How many runs were learned from.
    package let runs: Int
    /// The first run of the newest level, counted from 0 in the history.
    package let levelBegins: Int

    private let scale: BinaryScale
    private let centre: Double
    private let margin: Double
    /// 0 where all runs are equal.
    private let deviation: Double
    /// nil where all runs are equal.
    private let sides: Sides?

    /// Whether any of the runs differs from the others.
    var hasMoved: Bool { sides != nil }

    private struct Sides: Equatable, Sendable {
        var above: PredictiveTail
        var below: PredictiveTail
    }

    /// Learns from `history`, the oldest run first; nil, or what is no finite number, stands for a run without a value.
    ///
    /// nil where the newest level has too few runs.
    ///
    /// - Parameter levelBegins: the first run of the newest level, where the caller knows it; it is looked for otherwise.
    package init?(after history: some Sequence<Double?>, levelBegins: Int? = nil) {
        let known = KnownValues(history)
        let first = RunPrediction.begin(of: known, levelBegins)
        let newest = known.values[first...].suffix(RunPrediction.most)
        guard newest.count >= RunPrediction.fewest else { return nil }
        let sorted = newest.sorted()
        (scale, runs) = (known.scale, sorted.count)
        self.levelBegins = known.indices[first]
        centre = Samples.median(ofSorted: sorted)
        level = scale.restored(centre)
        margin = RunPrediction.resolution * max(abs(sorted[0]), abs(sorted[sorted.count - 1]))
        guard let finest = RunPrediction.finest(sorted, margin: margin) else {
            (deviation, sides) = (0, nil)
            return
        }
        let centre = centre
        deviation = max(PredictiveTail.guess(sorted.map { abs($0 - centre) }), finest / 2)
        sides = RunPrediction.sides(sorted, around: centre, finest: finest)
    }

    /// Where the newest level begins among the values that there are.
    private static func begin(of known: KnownValues, _ given: Int?) -> Int {
        if let given { return known.indices.firstIndex { $0 >= given } ?? known.indices.count }
        let start = max(0, known.values.count - reach)
        let changes = ChangePointDetector.changePoints(in: known.values[start...].map { $0 })
        return start + (changes.last?.index ?? 0)
    }

    /// The smallest distance between different values; nil where there are none.
    private static func finest(_ sorted: [Double], margin: Double) -> Double? {
        zip(sorted, sorted.dropFirst()).map { $1 - $0 }.filter { $0 > margin }.min()
    }

    private static func sides(_ sorted: [Double], around centre: Double, finest: Double) -> Sides {
        // Not only the middle is uncertain, but so is what lies around it: the median of n normal values varies by π/(2n).
        let spread = (1 + Double.pi / (2 * Double(sorted.count))).squareRoot()
        let half = sorted.count / 2
        return Sides(
            above: PredictiveTail(sorted.suffix(half).map { ($0 - centre) * spread }, finest: finest),
            below: PredictiveTail(sorted.prefix(half).map { (centre - $0) * spread }, finest: finest))
    }

    /// How likely a run is at least as far off as `value`, on either side: below the false-alarm rate it is an anomaly. nil for what is no finite number.
    ///
    /// In a series that has never moved, 0: there is no noise that could explain a move.
    package func pValue(of value: Double) -> Double? {
        guard value.isFinite else { return nil }
        let distance = scale.scaled(value) - centre
        if abs(distance) <= margin { return 1 }
        guard let sides else { return 0 }
        let side = distance > 0 ? sides.above : sides.below
        return min(1, RunPrediction.caution * side.probability(beyond: abs(distance)))
    }

    /// Between which values a run lies, but for `falseAlarmRate` of them.
    package func range(falseAlarmRate: Double) -> ClosedRange<Double> {
        let rate = min(max(falseAlarmRate, 1e-12), 1) / RunPrediction.caution
        let above = max(margin, sides?.above.distance(beyondWhich: rate) ?? 0)
        let below = max(margin, sides?.below.distance(beyondWhich: rate) ?? 0)
        return scale.restored(centre - below)...scale.restored(centre + above)
    }

    /// How many robust deviations `value` is from the middle; infinite in a series that has never moved. nil for what is no finite number.
    func deviations(of value: Double) -> Double? {
        guard value.isFinite else { return nil }
        let distance = scale.scaled(value) - centre
        if abs(distance) <= margin { return 0 }
        return distance / deviation
    }
}
