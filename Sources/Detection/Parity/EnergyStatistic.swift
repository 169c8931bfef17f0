/// How differently the values before and after a place are distributed (Székely and Rizzo 2004): with X the n values before, Y the m from it on,
///
///     T = nm/(n + m) (2 mean|X - Y| - mean|X - X'| - mean|Y - Y'|)
///
/// with means over all n² and m² pairs. All places together take n log n steps: the sum of a value's distances from those already passed is a
/// matter of how many of them are smaller and what they add up to, which a tree over the ranks knows.
struct EnergyStatistic {
    /// Each value's rank among the distinct ones, in the order of the series.
    let order: [Int]
    /// The distinct values.
    private let levels: [Double]
    /// By rank: the sum of the distances from all values.
    private let totals: [Double]
    /// The sum over all pairs, each counted once.
    private let total: Double

    init(_ values: ArraySlice<Double>) {
        let sorted = values.sorted()
        // Around the middle, so that a large common part does not cost the differences their digits.
        let middle = sorted.isEmpty ? 0 : sorted[sorted.count / 2]
        var levels: [Double] = []
        var counts: [Int] = []
        for value in sorted {
            if levels.last == value - middle {
                counts[counts.count - 1] += 1
            } else {
                levels.append(value - middle)
                counts.append(1)
            }
        }
        let distinct = levels
        order = values.map { EnergyStatistic.rank(of: $0 - middle, in: distinct) }
        totals = EnergyStatistic.totals(levels, counts)
        total = zip(totals, counts).reduce(0) { $0 + $1.0 * Double($1.1) } / 2
        self.levels = levels
    }

    /// The place where T is largest, the first of equals, and T there, for the values in `order`; place 0 where no place has more than 0.
    func largest(_ order: [Int]) -> (place: Int, statistic: Double) {
        var passed = RankSums(levels: levels)
        var best = (place: 0, statistic: 0.0)
        // The sums of distances: within X, and from all of X to everything.
        var (within, toAll) = (0.0, 0.0)
        for place in 1..<max(1, order.count) {
            let rank = order[place - 1]
            within += passed.distances(from: rank)
            toAll += totals[rank]
            passed.insert(rank)
            let across = toAll - 2 * within
            let beyond = total - within - across
            let (n, m) = (Double(place), Double(order.count - place))
            let statistic =
                n * m / (n + m) * (2 * across / (n * m) - 2 * within / (n * n) - 2 * beyond / (m * m))
            if statistic > best.statistic { best = (place, statistic) }
        }
        return best
    }

    private static func rank(of value: Double, in levels: [Double]) -> Int {
        var (low, high) = (0, levels.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if levels[middle] < value { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private static func totals(_ levels: [Double], _ counts: [Int]) -> [Double] {
        let count = Double(counts.reduce(0, +))
        let sum = zip(levels, counts).reduce(0) { $0 + $1.0 * Double($1.1) }
        var (below, sumBelow) = (0.0, 0.0)
        return levels.indices.map { rank in
            let (level, equal) = (levels[rank], Double(counts[rank]))
            let lower = level * below - sumBelow
            below += equal
            sumBelow += level * equal
            return lower + (sum - sumBelow) - level * (count - below)
        }
    }
}

/// Which values were passed: two trees of Fenwick (1994) over the ranks, of how many and of their sum.
private struct RankSums {
    private let levels: [Double]
    private var counts: [Double]
    private var sums: [Double]
    private var count = 0.0
    private var sum = 0.0

    init(levels: [Double]) {
        self.levels = levels
        counts = [Double](repeating: 0, count: levels.count + 1)
        sums = counts
    }

    mutating func insert(_ rank: Int) {
        var node = rank + 1
        while node < counts.count {
            counts[node] += 1
            sums[node] += levels[rank]
            node += node & -node
        }
        count += 1
        sum += levels[rank]
    }

    /// The sum of the distances of the value with this rank from those that were passed.
    func distances(from rank: Int) -> Double {
        var (below, sumBelow) = (0.0, 0.0)
        var node = rank + 1
        while node > 0 {
            below += counts[node]
            sumBelow += sums[node]
            node -= node & -node
        }
        let level = levels[rank]
        return level * below - sumBelow + (sum - sumBelow) - level * (count - below)
    }
}
