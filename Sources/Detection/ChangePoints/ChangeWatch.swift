/// Follows a series run by run, and says of each change once when it is sure.
///
/// A change that is seen with its first run may be gone with the next. It is confirmed when it still stands with `confirmingValues` of the new level; from then on a better
/// estimate of its place moves it, and is no further change.
package struct ChangeWatch: Sendable {
    /// So many values of the new level a change has to have.
    package static let confirmingValues = 3
    /// Changes that are no further apart than so many runs are estimates of one.
    private static let sameReach = 5

    private var detector: ChangePointDetector
    /// The places of what was told, as they are estimated now.
    private var told: [Int] = []
    /// How many values there were up to each run, in this one's sense: `values[i]` of the runs before i.
    private var values = [0]

    package init(falseAlarmRate: Double = DetectionLimits.usualFalseAlarmRate) {
        detector = ChangePointDetector(falseAlarmRate: falseAlarmRate)
    }

    /// Takes in the next run's value; nil, or what is no finite number, where the run gave none.
    ///
    /// - Returns: the changes that are sure from this run on.
    package mutating func append(_ value: Double?) -> [ChangePoint] {
        detector.append(value)
        let isValue = value.map(\.isFinite) ?? false
        values.append(values[values.count - 1] + (isValue ? 1 : 0))
        // Without a value there is nothing new.
        return isValue ? confirmed() : []
    }

    private mutating func confirmed() -> [ChangePoint] {
        var news: [ChangePoint] = []
        for change in detector.changePoints {
            if let known = told.firstIndex(where: { abs($0 - change.index) <= ChangeWatch.sameReach }) {
                told[known] = change.index
            } else if values[values.count - 1] - values[change.index] >= ChangeWatch.confirmingValues {
                told.append(change.index)
                news.append(change)
            }
        }
        return news
    }
}
