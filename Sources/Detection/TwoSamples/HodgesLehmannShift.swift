/// By how much one set of samples lies above another: the median of all differences between them (Hodges and Lehmann 1963).
///
/// It belongs to the rank-sum test as the difference of means belongs to the t test: a few far-off samples do not move it.
package struct HodgesLehmannShift: Equatable, Sendable {
    /// In the samples' unit; positive where the second set is larger.
    package var shift: Double
    /// At least 95 %; nil where there are too few samples for it: three against three, for example.
    package var interval: Interval?

    /// The shift from `first` to `second`.
    ///
    /// The interval is Moses' (Hollander, Wolfe and Chicken 2013, section 4.3): between the C-th smallest difference and the C-th largest, with
    /// the largest C for which the rank-sum test rejects what lies outside, P(U < C) <= 2.5 %: exact for small sets, else by the normal approximation.
    package init(_ first: Samples, _ second: Samples) {
        let scale = BinaryScale([first.minimum, first.maximum, second.minimum, second.maximum])
        let differences = PairwiseDifferences(first.sorted.map(scale.scaled), second.sorted.map(scale.scaled))
        let pairs = differences.count
        let upper = differences.smallest(pairs / 2)
        let lower = pairs.isMultiple(of: 2) ? differences.smallest(pairs / 2 - 1) : upper
        shift = scale.restored(lower / 2 + upper / 2)
        let rank = MannWhitney.lowerRank(first.count, second.count, tail: (1 - Interval.usualConfidence) / 2)
        guard rank >= 1 else { return }
        interval = Interval(
            low: scale.restored(differences.smallest(rank - 1)),
            high: scale.restored(differences.smallest(pairs - rank)), method: .orderStatistics)
    }
}

/// All differences between the values of two sorted sets, without being written down.
private struct PairwiseDifferences {
    let first: [Double]
    let second: [Double]
    var count: Int { first.count * second.count }

    init(_ first: [Double], _ second: [Double]) {
        (self.first, self.second) = (first, second)
    }

    /// The difference that has `rank` others before it.
    ///
    /// By bisection over the numbers there are: 64 steps, each of which counts in one pass how many differences are at most so large.
    func smallest(_ rank: Int) -> Double {
        var low = PairwiseDifferences.order(-.infinity)
        var high = PairwiseDifferences.order(.infinity)
        while low < high {
            // The sum of two keys may overflow, their mean does not.
            let middle = (low & high) + ((low ^ high) >> 1)
            if countUpTo(PairwiseDifferences.number(middle)) > rank {
                high = middle
            } else {
                low = middle + 1
            }
        }
        return PairwiseDifferences.number(low)
    }

    private func countUpTo(_ limit: Double) -> Int {
        // A larger second value needs a larger first one: the place only moves on.
        var (total, start) = (0, 0)
        for value in second {
            while start < first.count, value - first[start] > limit { start += 1 }
            total += first.count - start
        }
        return total
    }

    /// Numbers and whole numbers in the same order.
    private static func order(_ number: Double) -> Int64 {
        let bits = Int64(bitPattern: number.bitPattern)
        return bits < 0 ? Int64.min - bits : bits
    }

    private static func number(_ order: Int64) -> Double {
        let bits = order < 0 ? Int64.min - order : order
        return Double(bitPattern: UInt64(bitPattern: bits))
    }
}
