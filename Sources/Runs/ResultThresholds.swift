internal import Descriptors
package import Detection
package import Events

extension ResultComputed {
    /// The thresholds that this result crosses, with how. None for a result that is not valid: it says nothing.
    package var crossings: [(rule: AlarmRule, crossing: Threshold.Crossing)] {
        guard isValid, let samples = Samples(samples) else { return [] }
        return rules.compactMap { rule in Threshold(rule).crossing(by: samples).map { (rule, $0) } }
    }
}

extension Threshold {
    /// The limit of a descriptor's alarm. One that watches for a change alone has none.
    package init(_ rule: AlarmRule) {
        self.init(above: rule.above, below: rule.below, statistic: Detection.Statistic(rule.statistic))
    }
}

extension Detection.Statistic {
    init(_ statistic: Descriptor.Statistic) {
        switch statistic {
        case .median: self = .median
        case .mean: self = .mean
        case .min: self = .minimum
        case .max: self = .maximum
        case .last: self = .last
        }
    }
}
