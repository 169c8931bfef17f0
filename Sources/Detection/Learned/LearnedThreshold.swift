/// A limit that is learned from a series' newest runs: the set that Bencher offers, with its faults mended (docs/detection.md says which).
package struct LearnedThreshold: Equatable, Sendable {
    /// What the limit is made of, and what `upper` and `lower` say in it.
    package enum Model: String, Sendable, CaseIterable {
        /// The mean and a share of it: 0.1 is 10 %.
        case percentOfMean = "percent_of_mean"
        /// The median and a share of it.
        case percentOfMedian = "percent_of_median"
        /// The quantile of a normal distribution with the runs' mean and deviation, as if these were known: 0.99 leaves out 1 %.
        case zScore = "z_score"
        /// The prediction interval of one more run, of normal noise: 0.99 leaves out 1 %, however few the runs.
        case studentT = "t"
        /// The quantile of a log-normal distribution: 0.99 leaves out 1 %.
        case logNormal = "log_normal"
        /// The median and so many interquartile ranges.
        case interquartile = "iqr"
        /// The median and so many interquartile ranges of the relative steps from run to run.
        case deltaInterquartile = "delta_iqr"

        /// Whether the sizes of its limits are probabilities.
        package var takesProbability: Bool {
            switch self {
            case .zScore, .studentT, .logNormal: true
            case .percentOfMean, .percentOfMedian, .interquartile, .deltaInterquartile: false
            }
        }
    }

    package let model: Model
    /// How far up is fine, in what the model says; nil: nothing is too much.
    package let upper: Double?
    /// How far down is fine; nil: nothing is too little.
    package let lower: Double?
    /// So many of the newest runs are learned from at most.
    package let mostRuns: Int
    /// With fewer there is no limit.
    package let fewestRuns: Int

    package static let usualMostRuns = 64
    package static let usualFewestRuns = 10

    /// - Throws: Where a size means nothing in the model, or no number of runs satisfies both counts.
    package init(
        _ model: Model, upper: Double? = nil, lower: Double? = nil, mostRuns: Int = usualMostRuns,
        fewestRuns: Int = usualFewestRuns
    ) throws(LearnedThresholdError) {
        for size in [upper, lower] {
            guard let size else { continue }
            if model.takesProbability, !(size >= 0.5 && size < 1) {
                throw LearnedThresholdError(
                    code: .size,
                    message:
                        "the limit of \(model.rawValue) is a probability from 0.5 to below 1, not \(size)")
            }
            if !(size.isFinite && size >= 0) {
                throw LearnedThresholdError(
                    code: .size, message: "the limit of \(model.rawValue) is at least 0, not \(size)")
            }
        }
        guard fewestRuns >= 2, mostRuns >= fewestRuns else {
            throw LearnedThresholdError(
                code: .runs,
                message: "at least 2 runs are learned from, and at most \(mostRuns), not \(fewestRuns)")
        }
        (self.model, self.upper, self.lower) = (model, upper, lower)
        (self.mostRuns, self.fewestRuns) = (mostRuns, fewestRuns)
    }
}

/// Why a learned threshold cannot be what was asked for.
package struct LearnedThresholdError: Error, Equatable, Sendable {
    package enum Code: String, Sendable { case size, runs }

    package var code: Code
    package var message: String
}

/// What a threshold has learned: the limits for the next run.
package struct LearnedBoundary: Equatable, Sendable {
    /// The middle of what was learned from.
    package var baseline: Double
    /// More than this is bad.
    package var above: Double?
    /// Less than this is bad.
    package var below: Double?
    /// How many runs were learned from.
    package var runs: Int
    /// Whether the runs did not vary in what the model looks at: the limits are then their smallest and their largest.
    package var isOfRange = false

    /// How a run's value crosses the limits; nil when it does not, and for what is no finite number. The limit itself is still fine.
    package func crossing(by value: Double) -> Threshold.Crossing? {
        guard value.isFinite else { return nil }
        if let above, value > above { return Threshold.Crossing(side: .above, limit: above, value: value) }
        if let below, value < below { return Threshold.Crossing(side: .below, limit: below, value: value) }
        return nil
    }
}

/// Why nothing can be learned from a history.
package enum NoBoundary: Error, Equatable, Sendable {
    /// There are fewer runs with a value than the threshold asks for.
    case tooFewRuns(Int)
    /// A log-normal distribution has no values of 0 or less.
    case notPositive
    /// The middle is 0, and no share of 0 is a distance.
    case baselineIsZero
}
