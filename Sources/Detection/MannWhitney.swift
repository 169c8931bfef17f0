internal import Glibc

/// The rank-sum test of Mann and Whitney (1947): how often two sets of samples would lie this far apart if both came from one distribution.
package struct MannWhitney: Equatable, Sendable {
    package enum Method: String, Sendable { case exact, asymptotic }

    /// In how many pairs the first set's value is the larger one; a tie is half.
    package var statistic: Double
    /// Two-sided.
    package var pValue: Double
    package var method: Method

    /// One side at most this large, and no ties: exact. Beyond it the normal approximation is good (SciPy draws the line at the same place).
    private static let exactSide = 8
    /// The exact distribution is counted in about `pairs²` steps: with a very large other side the approximation serves as well.
    private static let exactPairs = 2500

    /// Tests `first` against `second`.
    ///
    /// Exact where the smaller side has up to 8 samples and no two are equal; else by the normal approximation with corrections for ties and for
    /// continuity (Hollander, Wolfe and Chicken, Nonparametric Statistical Methods, 3rd ed. 2013, section 4.1).
    package init(_ first: Samples, _ second: Samples) {
        let ranks = Ranks(first.sorted, second.sorted)
        let pairs = Double(first.count) * Double(second.count)
        statistic = MannWhitney.statistic(ranks, first)
        let larger = max(statistic, pairs - statistic)
        let isExact =
            ranks.tieTerm == 0 && min(first.count, second.count) <= MannWhitney.exactSide
            && pairs <= Double(MannWhitney.exactPairs)
        method = isExact ? .exact : .asymptotic
        pValue =
            isExact
            ? MannWhitney.exactPValue(Int(larger), first.count, second.count)
            : MannWhitney.asymptoticPValue(larger, first.count, second.count, tieTerm: ranks.tieTerm)
    }

    /// The statistic alone, without its p-value.
    static func statistic(_ first: Samples, _ second: Samples) -> Double {
        statistic(Ranks(first.sorted, second.sorted), first)
    }

    private static func statistic(_ ranks: Ranks, _ first: Samples) -> Double {
        ranks.sumOfFirst - Double(first.count) * Double(first.count + 1) / 2
    }

    /// The largest C with P(U < C) <= `tail`, where sets of these sizes come from one distribution without ties; 0 where there is none.
    static func lowerRank(_ first: Int, _ second: Int, tail: Double) -> Int {
        guard min(first, second) <= exactSide, first * second <= exactPairs else {
            let (m, n) = (Double(first), Double(second))
            let deviation = (m * n / 12 * (m + n + 1)).squareRoot()
            return Int(max(0, m * n / 2 - StandardNormal.upperQuantile(tail) * deviation))
        }
        let counts = orderings(first, second)
        var left = tail * counts.reduce(0, +)
        return counts.firstIndex { count in
            left -= count
            return left < 0
        } ?? 0
    }

    private static func exactPValue(_ statistic: Int, _ first: Int, _ second: Int) -> Double {
        let counts = orderings(first, second)
        let total = counts.reduce(0, +)
        let tail = counts[statistic...].reduce(0, +)
        return min(1, 2 * tail / total)
    }

    /// How many orderings of the two sets have each value of the statistic, from 0 to first × second.
    private static func orderings(_ first: Int, _ second: Int) -> [Double] {
        // By recurrence over the largest value: it is of the first set, and then larger than all of the second, or it is of the second.
        // rows[j] is the distribution for i of the first set and j of the second.
        var rows = [[Double]](repeating: [1], count: second + 1)
        for i in 1...first {
            var next: [[Double]] = [[1]]
            for j in 1...second {
                var counts = [Double](repeating: 0, count: i * j + 1)
                for (value, count) in rows[j].enumerated() { counts[value + j] += count }
                for (value, count) in next[j - 1].enumerated() { counts[value] += count }
                next.append(counts)
            }
            rows = next
        }
        return rows[second]
    }

    private static func asymptoticPValue(
        _ statistic: Double, _ first: Int, _ second: Int, tieTerm: Double
    ) -> Double {
        let (m, n) = (Double(first), Double(second))
        let variance = m * n / 12 * (m + n + 1 - tieTerm / ((m + n) * (m + n - 1)))
        // All values are equal: nothing tells the two sets apart.
        guard variance > 0 else { return 1 }
        let z = (statistic - m * n / 2 - 0.5) / variance.squareRoot()
        return min(1, erfc(z / 2.0.squareRoot()))
    }
}

/// The ranks of two sets together; equal values share the mean of their ranks.
private struct Ranks {
    var sumOfFirst = 0.0
    /// The sum of t³ - t over the groups of t equal values.
    var tieTerm = 0.0

    init(_ first: [Double], _ second: [Double]) {
        let all = (first.map { ($0, true) } + second.map { ($0, false) }).sorted { $0.0 < $1.0 }
        var start = 0
        while start < all.count {
            var end = start
            while end < all.count, all[end].0 == all[start].0 { end += 1 }
            let size = Double(end - start)
            // The ranks start + 1 ... end have this mean.
            let rank = Double(start + 1 + end) / 2
            sumOfFirst += rank * Double(all[start..<end].count { $0.1 })
            tieTerm += size * size * size - size
            start = end
        }
    }
}
