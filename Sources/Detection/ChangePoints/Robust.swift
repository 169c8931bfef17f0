/// Estimates that a few far-off values do not move.
enum Robust {
    /// What the median of the absolute values is multiplied by to be the standard deviation of normal noise.
    static let medianToDeviation = 1.4826
    /// How many deviations from the middle a value counts as being away at most.
    private static let reach = 2.5

    static func median(_ values: some Collection<Double>) -> Double {
        var values = Array(values)
        return values.withUnsafeMutableBufferPointer { median(reordering: $0) }
    }

    /// - Parameter values: at least one; their order is lost.
    static func median(reordering values: UnsafeMutableBufferPointer<Double>) -> Double {
        let middle = values.count / 2
        let upper = values.select(middle)
        if !values.count.isMultiple(of: 2) { return upper }
        let lower = values[..<middle].max() ?? upper
        return lower / 2 + upper / 2
    }

    /// The level of `values`: one step of Huber's estimator (1964) from the median.
    static func level(_ values: ArraySlice<Double>, deviation: Double) -> Double {
        let median = median(values)
        let most = reach * deviation
        let sum = values.reduce(0) { $0 + min(max($1 - median, -most), most) }
        return median + sum / Double(values.count)
    }
}

extension UnsafeMutableBufferPointer<Double> {
    /// The value that were at `rank` if they were sorted. Afterwards none before that place is larger, and none behind it smaller (Hoare 1961, "Algorithm 65:
    /// Find", Communications of the ACM 4, with the median of three as the value to divide by).
    func select(_ rank: Int) -> Double {
        var (low, high) = (0, count - 1)
        while low < high {
            let (first, middle, last) = (self[low], self[(low + high) / 2], self[high])
            let pivot = Swift.max(Swift.min(first, middle), Swift.min(Swift.max(first, middle), last))
            var (left, right) = (low, high)
            while left <= right {
                while self[left] < pivot { left += 1 }
                while pivot < self[right] { right -= 1 }
                if left <= right {
                    swapAt(left, right)
                    left += 1
                    right -= 1
                }
            }
            if rank <= right { high = right } else if rank >= left { low = left } else { break }
        }
        return self[rank]
    }
}
