/// A number that stands for samples.
package enum Statistic: String, Sendable, CaseIterable {
    case median, mean, minimum, maximum, last

    /// Its value for `samples`.
    package func value(of samples: Samples) -> Double {
        switch self {
        case .median: samples.median
        case .mean: samples.mean
        case .minimum: samples.minimum
        case .maximum: samples.maximum
        case .last: samples.last
        }
    }
}

/// A limit that samples are held against: fixed numbers, nothing learned.
package struct Threshold: Equatable, Sendable {
    /// More than this is bad; nil: nothing is too much.
    package var above: Double?
    /// Less than this is bad; nil: nothing is too little.
    package var below: Double?
    package var statistic: Statistic

    package init(above: Double? = nil, below: Double? = nil, statistic: Statistic = .median) {
        self.above = above
        self.below = below
        self.statistic = statistic
    }

    /// What was found when a threshold was crossed.
    package struct Crossing: Equatable, Sendable {
        package enum Side: String, Sendable { case above, below }

        package var side: Side
        package var limit: Double
        package var value: Double

        package init(side: Side, limit: Double, value: Double) {
            self.side = side
            self.limit = limit
            self.value = value
        }
    }

    /// How `samples` cross the threshold; nil when they do not. The limit itself is still fine.
    package func crossing(by samples: Samples) -> Crossing? {
        let value = statistic.value(of: samples)
        if let above, value > above { return Crossing(side: .above, limit: above, value: value) }
        if let below, value < below { return Crossing(side: .below, limit: below, value: value) }
        return nil
    }
}
