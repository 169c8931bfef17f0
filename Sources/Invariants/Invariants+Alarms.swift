internal import Descriptors
internal import Detection
internal import Events

extension Invariants {
    /// Replays the results of each series against their thresholds, and holds the alarms against what that gives.
    static func alarms(_ history: LogHistory) -> [Violation] {
        var found: [Violation] = []
        for series in Set(history.results.keys).union(history.alarms.keys) {
            let told = (history.alarms[series] ?? []).map(AlarmNews.init)
            let expected = alarmNews(history.results[series] ?? [])
            for (news, times) in Dictionary(grouping: told, by: \.self) where times.count > 1 {
                found.append(Violation(.alarmsOnce, series, "was told \(times.count) times: \(news)"))
            }
            for news in Set(told).subtracting(expected) {
                found.append(Violation(.alarmsOnce, series, "was told without cause: \(news)"))
            }
            for news in Set(expected).subtracting(told) {
                found.append(Violation(.alarmsOnce, series, "was never told: \(news)"))
            }
        }
        return found
    }

    private static func alarmNews(_ results: [ResultComputed]) -> [AlarmNews] {
        var news: [AlarmNews] = []
        var open: [Limit: String] = [:]
        var judged: Set<String> = []
        for result in results where result.isValid {
            guard judged.insert(result.run).inserted, let samples = Samples(result.samples) else { continue }
            let limits = Set(result.rules.compactMap(Limit.init))
            for (limit, run) in open where !limits.contains(limit) {
                news.append(AlarmNews(raisedBy: run, resolvedBy: result.run))
                open[limit] = nil
            }
            for limit in limits {
                switch (limit.isCrossed(by: samples), open[limit]) {
                case (true, nil):
                    news.append(AlarmNews(raisedBy: result.run))
                    open[limit] = result.run
                case (false, let run?):
                    news.append(AlarmNews(raisedBy: run, resolvedBy: result.run))
                    open[limit] = nil
                case (true, _?), (false, nil): break
                }
            }
        }
        return news
    }
}

/// An alarm was raised or resolved.
private struct AlarmNews: Hashable, CustomStringConvertible {
    var raisedBy: String
    var resolvedBy: String?

    init(raisedBy: String, resolvedBy: String? = nil) {
        self.raisedBy = raisedBy
        self.resolvedBy = resolvedBy
    }

    init(_ alarm: Alarm) {
        self.init(raisedBy: alarm.run, resolvedBy: alarm.resolvedBy)
    }

    var description: String {
        "raised by \(raisedBy)" + (resolvedBy.map { ", resolved by \($0)" } ?? "")
    }
}

/// A fixed limit of a rule, without whom it notifies.
private struct Limit: Hashable {
    var above: Double?
    var below: Double?
    var statistic: Descriptor.Statistic
    var severity: String

    /// nil for a rule that has no fixed limit.
    init?(_ rule: AlarmRule) {
        if rule.above == nil && rule.below == nil { return nil }
        above = rule.above
        below = rule.below
        statistic = rule.statistic
        severity = rule.severity.rawValue
    }

    func isCrossed(by samples: Samples) -> Bool {
        let value =
            switch statistic {
            case .median: samples.median
            case .mean: samples.mean
            case .min: samples.minimum
            case .max: samples.maximum
            case .last: samples.last
            }
        return above.map { value > $0 } ?? false || below.map { value < $0 } ?? false
    }
}
