internal import Glibc

/// How surprising the order of two sets of values is, whatever their distribution.
enum RankEvidence {
    /// The rank-sum test of Mann and Whitney as a number of standard deviations; 0 for sets that lie in each other.
    ///
    /// The normal approximation says too little of a short side whose values all lie beyond the other's: there the exact count of orders is used,
    /// and in between a blend of the two.
    static func deviations(_ first: ArraySlice<Double>, _ second: ArraySlice<Double>) -> Double {
        let pairs = Double(first.count) * Double(second.count)
        let smaller = statistic(first.sorted(), second)
        let distance = pairs / 2 - min(smaller, pairs - smaller)
        if distance <= 0 { return 0 }
        let size = Double(first.count + second.count)
        let deviation = (pairs * (size + 1) / 12).squareRoot()
        let approximate = distance / deviation
        let most = pairs / 2 / deviation
        let exactMost = separated(first.count, second.count)
        return max(approximate, approximate + (exactMost - most) * pow(approximate / most, 6))
    }

    /// In how many pairs the second's value is the larger; a tie is half.
    private static func statistic(_ sorted: [Double], _ second: ArraySlice<Double>) -> Double {
        second.reduce(0) { sum, value in
            let below = sorted.partitioningIndex { $0 >= value }
            let notAbove = sorted.partitioningIndex { $0 > value }
            return sum + Double(below + notAbove) / 2
        }
    }

    /// For sets that do not overlap: the two-sided chance is 2 / C(first + second, first), as deviations of a normal distribution.
    private static func separated(_ first: Int, _ second: Int) -> Double {
        let orders =
            lgamma(Double(first + second + 1)) - lgamma(Double(first + 1)) - lgamma(Double(second + 1))
        let doubled = 2 * (orders - log(2))
        // The quantile of a small chance p is about √(a - ln a - ln 2π) with a = -2 ln p.
        return max(0, doubled - log(max(1, doubled)) - log(2 * Double.pi)).squareRoot()
    }
}

extension [Double] {
    /// The first place where `isBehind` holds, in an array where it holds for all that follow, too.
    fileprivate func partitioningIndex(_ isBehind: (Double) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if isBehind(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
