/// One window of Otava's: bisected where the E-statistic is largest, as long as the t test approves.
struct OtavaWindow {
    private let values: [Double]
    /// |xᵢ - xⱼ|, row by row.
    private let distances: [Double]
    /// At row i, column j: the sum of the distances of i to i + 1 ... j + 1. 0 below the diagonal.
    private let rowSums: [Double]
    /// At j: the sum of the distances of j + 1 to 0 ... j.
    private let columnSums: [Double]
    private let count: Int
    private let width: Int

    /// Every sum is added up in the order in which Otava's matrices are, so that even the last bits agree: places with equal statistics are
    /// otherwise decided by rounding.
    init(_ slice: ArraySlice<Double>) {
        values = Array(slice)
        count = values.count
        width = max(0, count - 1)
        var distances = [Double](repeating: 0, count: count * count)
        var rowSums = [Double](repeating: 0, count: width * width)
        var columnSums = [Double](repeating: 0, count: width)
        for i in 0..<count {
            for j in 0..<count { distances[i * count + j] = abs(values[i] - values[j]) }
        }
        for i in 0..<width {
            var sum = 0.0
            for j in i..<width {
                sum += distances[i * count + j + 1]
                rowSums[i * width + j] = sum
                columnSums[j] += distances[i * count + j + 1]
            }
        }
        (self.distances, self.rowSums, self.columnSums) = (distances, rowSums, columnSums)
    }

    /// The first value of each new level, in order.
    mutating func places(maximumPValue: Double) -> [Int] {
        var parts = count > 1 ? [part(0..<count)] : []
        while let best = OtavaWindow.strongest(of: parts) {
            let (range, place) = (parts[best].range, parts[best].place)
            let test = OtavaTest(
                Moments(values[range.lowerBound..<place]), Moments(values[place..<range.upperBound]))
            guard test.pValue <= maximumPValue else { break }
            parts.replaceSubrange(
                best...best, with: [part(range.lowerBound..<place), part(place..<range.upperBound)])
        }
        return parts.dropFirst().map(\.range.lowerBound)
    }

    private struct Part {
        var range: Range<Int>
        /// Where to divide it, and how large the statistic is there.
        var place: Int
        var statistic: Double
    }

    /// The first of the largest that can be divided at all.
    private static func strongest(of parts: [Part]) -> Int? {
        var best: Int?
        for (index, part) in parts.enumerated() where part.range.count > 1 {
            if let known = best, part.statistic <= parts[known].statistic { continue }
            best = index
        }
        return best
    }

    /// Where the E-statistic is largest for X = [start, τ) and Y = [τ, κ), over all τ and κ:
    ///
    ///     2/(m + n) Σ|Xᵢ - Yⱼ| - 2m/((m + n)(n - 1)) Σ|Xᵢ - Xₖ| - 2n/((m + n)(m - 1)) Σ|Yⱼ - Yₖ|
    ///
    /// Otava's matrix also has entries for κ <= τ, which are 0 and win where all others are negative.
    private func part(_ range: Range<Int>) -> Part {
        guard range.count > 1 else { return Part(range: range, place: range.lowerBound, statistic: 0) }
        let (start, size) = (range.lowerBound, range.count - 1)
        let above = columnTotals(range)
        var best = (row: 0, value: -Double.infinity)
        var left = [Double](repeating: 0, count: size)
        let right = sumsBelow(range)
        for row in 0..<size {
            for column in row..<size {
                left[column] += rowSums[(start + row) * width + start + column]
                let value = statistic(
                    row, column, across: left[column], before: row > 0 ? above[row - 1] : 0,
                    after: column > row ? right[(row + 1) * size + column] : 0)
                if value > best.value { best = (row, value) }
            }
            // The first zero below the diagonal is in the second row, before its other entries.
            if row == 0, size > 1, best.value < 0 { best = (1, 0) }
        }
        return Part(range: range, place: start + best.row + 1, statistic: best.value)
    }

    private func statistic(
        _ row: Int, _ column: Int, across: Double, before: Double, after: Double
    ) -> Double {
        // n = τ - start and m = κ - τ.
        let (n, m) = (Double(row + 1), Double(column - row + 1))
        let between = 2 / (n + m) * (across - before)
        let within = row > 0 ? 2 * m / ((n + m) * (n - 1)) * before : 0
        let beyond = column > row ? 2 * n / ((n + m) * (m - 1)) * after : 0
        return between - within - beyond
    }

    /// At j: the sum of all distances among the first j + 2 values of the range.
    private func columnTotals(_ range: Range<Int>) -> [Double] {
        var total = 0.0
        return (range.lowerBound..<(range.upperBound - 1)).map { column in
            var outside = 0.0
            for row in 0..<range.lowerBound { outside += distances[row * count + column + 1] }
            total += columnSums[column] - outside
            return total
        }
    }

    /// At row i, column j: the sum of the rows' sums from i to j.
    private func sumsBelow(_ range: Range<Int>) -> [Double] {
        let (start, size) = (range.lowerBound, range.count - 1)
        var sums = [Double](repeating: 0, count: size * size)
        for row in stride(from: size - 1, through: 1, by: -1) {
            for column in row..<size {
                let below = row + 1 < size ? sums[(row + 1) * size + column] : 0
                sums[row * size + column] = below + rowSums[(start + row) * width + start + column]
            }
        }
        return sums
    }
}
