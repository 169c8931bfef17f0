internal import Glibc

/// A range that holds the true value with the stated confidence.
package struct Interval: Equatable, Sendable {
    /// How it was found, and so what it is about.
    package enum Method: String, Sendable {
        /// Between two order statistics: of the median, whatever the distribution.
        case orderStatistics = "order_statistics"
        /// Student's t: of the mean, of samples that are about normal.
        case studentT = "student_t"
        /// The middle of resampled values.
        case bootstrap
    }

    package var low: Double
    package var high: Double
    /// 0.95 is 95 %. Order statistics come in steps: theirs is at least this.
    package var confidence: Double
    package var method: Method

    package init(low: Double, high: Double, confidence: Double = Interval.usualConfidence, method: Method) {
        self.low = low
        self.high = high
        self.confidence = confidence
        self.method = method
    }

    package static let usualConfidence = 0.95
}

extension Samples {
    /// The fewest samples whose smallest and largest hold the median between them with 95 %: 1 - 2 (1/2)^6 is 0.969, with five it is 0.9375.
    package static let fewestForOrderStatistics = 6

    /// A 95 % interval: of the median from six samples on, of the mean for two to five, none for one.
    ///
    /// The median's is exact for every continuous distribution and needs no assumption (Conover, Practical Nonparametric Statistics, 3rd ed. 1999,
    /// section 3.2; Hahn and Meeker, Statistical Intervals, 1991, section 5.2). With fewer than six samples no such interval exists; the mean's,
    /// by Student's t, then takes the samples to be about normal.
    package var interval: Interval? {
        if count >= Samples.fewestForOrderStatistics { return medianInterval }
        return meanInterval
    }

    /// Between the order statistics k and n + 1 - k, with the largest k for which that holds the median with at least 95 %.
    private var medianInterval: Interval {
        let rank = Samples.lowerRank(count: count)
        return Interval(low: sorted[rank - 1], high: sorted[count - rank], method: .orderStatistics)
    }

    /// The largest k with P(B < k) <= 2.5 %, where B counts how many of `count` samples lie below the median: binomial with probability 1/2.
    static func lowerRank(count: Int) -> Int {
        let tail = (1 - Interval.usualConfidence) / 2
        // In logarithms: (1/2)^n is too small for a Double from n = 1075 on.
        var logarithm = -Double(count) * log(2.0)
        var cumulated = exp(logarithm)
        var rank = 0
        while cumulated <= tail {
            rank += 1
            logarithm += log(Double(count - rank + 1) / Double(rank))
            cumulated += exp(logarithm)
        }
        return max(rank, 1)
    }

    /// mean ± t s / √n.
    private var meanInterval: Interval? {
        // The 97.5 % quantile of Student's t by degrees of freedom, from 1.
        let quantiles = [12.706204736174694, 4.302652729749462, 3.182446305283708, 2.7764451051977934]
        guard let deviation = standardDeviation, count - 2 < quantiles.count else { return nil }
        let half = quantiles[count - 2] * deviation / Double(count).squareRoot()
        return Interval(low: mean - half, high: mean + half, method: .studentT)
    }
}
