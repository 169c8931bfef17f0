internal import Glibc

/// Finds the changes of a series' level, however its noise is shaped.
///
/// The series is divided into levels at the least penalised cost, with a loss that spikes cannot buy (`RobustSegmentation`), after a season
/// (`Season`) and a slope (`Slope`) have been taken out where there are such. What that proposes is then tried by harder rules (`ChangeTrial`): each
/// change has to stand out against the noise of its own neighbourhood, against chance among ranks, against how the series wanders without it
/// (`Wander`), and against a straight line.
///
/// Values enter one by one. A long series is worked through in windows, and what lies behind the newest is settled: taking in one more value
/// costs the same at any length, and gives what working through all of them anew would give.
package struct ChangePointDetector: Sendable {
    /// How many values a window moves on by; it holds as many, a look back, and a look ahead.
    static let stride = 768
    /// How many values behind it have been seen when a change is settled.
    static let lookAhead = 256
    /// How far before its first undecided value a window looks, for a level to begin with.
    private static let lookBack = 256
    /// With fewer values nothing can be told.
    package static let fewest = 6

    private let limits: DetectionLimits
    /// What is undecided, and what came shortly before it.
    private var window: [Double] = []
    /// Where each value of the window stood in the series.
    private var indices: [Int] = []
    /// How many of the window's first values are there for the look back only.
    private var decided = 0
    private var settled: [ChangePoint] = []
    private var count = 0

    /// - Parameter falseAlarmRate: how often, per run, a change may be found in a quiet series at most; docs/detection.md says for which noise that
    ///   is tested.
    package init(falseAlarmRate: Double = DetectionLimits.usualFalseAlarmRate) {
        limits = DetectionLimits(falseAlarmRate: falseAlarmRate)
    }

    /// Takes in the next run's value; nil, or what is no finite number, where the run gave none.
    package mutating func append(_ value: Double?) {
        defer { count += 1 }
        guard let value, value.isFinite else { return }
        window.append(value)
        indices.append(count)
        if window.count - decided == ChangePointDetector.stride + ChangePointDetector.lookAhead { settle() }
    }

    /// The changes in what was taken in so far, by their place.
    package var changePoints: [ChangePoint] {
        settled + found().filter { $0.place >= decided }.map(\.change)
    }

    /// The changes in a series; nil stands for a run without a value.
    package static func changePoints(
        in values: some Sequence<Double?>, falseAlarmRate: Double = DetectionLimits.usualFalseAlarmRate
    ) -> [ChangePoint] {
        var detector = ChangePointDetector(falseAlarmRate: falseAlarmRate)
        for value in values { detector.append(value) }
        return detector.changePoints
    }

    /// Decides on what is followed by enough values, and moves on.
    private mutating func settle() {
        let end = decided + ChangePointDetector.stride
        let final = found().filter { (decided..<end).contains($0.place) }
        settled += final.map(\.change)
        // The next window begins with the level that its first value belongs to.
        let start = max(final.last?.place ?? 0, end - ChangePointDetector.lookBack)
        window.removeFirst(start)
        indices.removeFirst(start)
        decided = end - start
    }

    private func found() -> [(place: Int, change: ChangePoint)] {
        guard window.count >= ChangePointDetector.fewest, let series = StandardSeries(window) else {
            return []
        }
        return SeriesAnalysis(series, limits).changes().map { change in
            (
                change.place,
                ChangePoint(
                    index: indices[change.place], before: series.value(change.before),
                    after: series.value(change.after), strength: change.strength)
            )
        }
    }
}

/// How sure a change has to be.
package struct DetectionLimits: Sendable {
    package static let usualFalseAlarmRate = 1.0 / 5000

    /// What a further level costs, in squared standard deviations.
    let penalty: Double
    /// How many standard errors two levels have to lie apart.
    let strength: Double

    /// The penalty by the rate was measured on quiet series of 60 to 1 000 values: one more unit makes false changes rarer by a quarter.
    init(falseAlarmRate: Double) {
        let rate = min(max(falseAlarmRate, 1e-9), 0.01)
        penalty = 9 + log(1e-3 / rate) / 0.32
        strength = penalty.squareRoot() + 0.26
    }
}

/// A series moved and stretched so that its middle is 0 and its noise about 1: what is found does not depend on its unit, and no sum overflows.
struct StandardSeries {
    let values: [Double]
    /// What rounding alone may make of equal numbers: differences of that size say nothing.
    let resolution: Double
    private let centre: Double
    private let unit: Double

    /// nil where all values are equal, as far as that can be told.
    init?(_ raw: [Double]) {
        guard let low = raw.min(), let high = raw.max(), (high / 2 - low / 2).isNormal else {
            return nil
        }
        centre = Robust.median(raw)
        // Halves first: the distance of two large numbers may be infinite.
        unit = high / 2 - low / 2
        resolution = 1e-12 * max(abs(low), abs(high)) / unit
        let (centre, unit) = (centre, unit)
        values = raw.map { ($0 / 2 - centre / 2) / unit }
    }

    /// In the series' own unit.
    func value(_ standard: Double) -> Double { (standard * unit + centre / 2) * 2 }
}
