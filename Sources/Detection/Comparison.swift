/// Two sets of samples of the same quantity side by side.
package struct Comparison: Equatable, Sendable {
    /// The second median as a multiple of the first; nil where the samples are not all of one sign, since a ratio then says nothing.
    package var ratio: Double?
    /// A 95 % interval of the ratio; nil where there is no ratio or one side has too few samples.
    package var interval: Interval?
    package var test: MannWhitney

    /// With fewer samples on a side than this the bootstrap promises more than it holds: in simulation its 95 % interval of a ratio of medians
    /// holds the truth in 67 % (two samples), 90 % (three), 93 % (four) and at least 95 % (five and more) of the cases.
    package static let fewestForInterval = 5
    /// How often is resampled: more moves the ends of the interval by less than the samples' own noise does.
    package static let resamples = 2000

    /// Compares `after` with `before`.
    ///
    /// The interval is the percentile bootstrap (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13): both sides are drawn
    /// from with replacement, each on its own, and the middle 95 % of the ratios of the medians is the interval.
    ///
    /// - Parameter seed: equal samples and seeds give equal intervals.
    package init(before: Samples, after: Samples, seed: UInt64 = 0x6261_6963_746c) {
        test = MannWhitney(before, after)
        let isPositive = before.minimum > 0 && after.minimum > 0
        let isNegative = before.maximum < 0 && after.maximum < 0
        guard isPositive || isNegative else { return }
        ratio = after.median / before.median
        guard min(before.count, after.count) >= Comparison.fewestForInterval else { return }
        var generator = SplitMix64(seed: seed)
        let ratios = (0..<Comparison.resamples).map { _ in
            let first = before.resampledMedian(using: &generator)
            return after.resampledMedian(using: &generator) / first
        }
        let tail = (1 - Interval.usualConfidence) / 2
        interval = Samples(ratios).map {
            Interval(low: $0.quantile(tail), high: $0.quantile(1 - tail), method: .bootstrap)
        }
    }
}

extension Samples {
    /// The median of as many samples as there are, drawn from these with replacement.
    func resampledMedian(using generator: inout SplitMix64) -> Double {
        var drawn = [Int](repeating: 0, count: count)
        for _ in 0..<count { drawn[generator.next(below: count)] += 1 }
        // Counting how often each was drawn spares sorting: the samples are sorted already.
        let upper = count / 2
        let lower = count.isMultiple(of: 2) ? upper - 1 : upper
        var passed = 0
        var low = sorted[0]
        for (index, times) in drawn.enumerated() where times > 0 {
            let range = passed..<(passed + times)
            if range.contains(lower) { low = sorted[index] }
            if range.contains(upper) { return low / 2 + sorted[index] / 2 }
            passed += times
        }
        // Not reached: as many were drawn as there are.
        return low
    }
}
