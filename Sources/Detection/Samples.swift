internal import Glibc

/// The independent measurements of one quantity, and what describes them. There is at least one, and each is a finite number.
package struct Samples: Equatable, Sendable {
    /// In the order in which they were measured.
    package let values: [Double]
    /// By size.
    package let sorted: [Double]

    /// nil when there is none, or when one of them is no finite number: nothing true can be said about such.
    package init?(_ values: [Double]) {
        guard !values.isEmpty, values.allSatisfy(\.isFinite) else { return nil }
        self.values = values
        sorted = values.sorted()
    }

    package var count: Int { values.count }
    package var minimum: Double { sorted[0] }
    package var maximum: Double { sorted[count - 1] }
    package var last: Double { values[count - 1] }

    /// The arithmetic mean. Summed with Neumaier's correction, so that a large common part of the samples does not cost their differences.
    package var mean: Double { Samples.sum(values) / Double(count) }

    package var median: Double { Samples.median(ofSorted: sorted) }

    /// The value below which the share `probability` of the samples lies: type 7 of Hyndman and Fan (1996), "Sample quantiles in statistical
    /// packages", which R, NumPy and most others use: linear between the order statistics around (n - 1)p.
    package func quantile(_ probability: Double) -> Double {
        precondition((0...1).contains(probability), "a quantile's probability is between 0 and 1")
        let position = probability * Double(count - 1)
        let index = min(Int(position), count - 1)
        let next = min(index + 1, count - 1)
        return sorted[index] + (position - Double(index)) * (sorted[next] - sorted[index])
    }

    /// The sample standard deviation (divided by n - 1); nil for a single sample.
    package var standardDeviation: Double? {
        guard count > 1 else { return nil }
        let mean = mean
        let deviations = values.map { $0 - mean }
        // The second term takes back what rounding the mean has added (Chan, Golub and LeVeque 1983).
        let rounding = Samples.sum(deviations)
        let squares = Samples.sum(deviations.map { $0 * $0 }) - rounding * rounding / Double(count)
        return (max(0, squares) / Double(count - 1)).squareRoot()
    }

    /// The standard deviation as a share of the mean's size; nil for a single sample and where the mean is 0.
    package var coefficientOfVariation: Double? {
        let mean = mean
        guard let deviation = standardDeviation, mean != 0 else { return nil }
        return deviation / abs(mean)
    }

    /// The median of the distances from the median (MAD), not scaled: for normal noise the standard deviation is about 1.4826 times that.
    package var medianAbsoluteDeviation: Double {
        let median = median
        return Samples.median(ofSorted: values.map { abs($0 - median) }.sorted())
    }

    static func median(ofSorted values: [Double]) -> Double {
        let middle = values.count / 2
        if !values.count.isMultiple(of: 2) { return values[middle] }
        // Halves first: the sum of two large numbers may be infinite.
        return values[middle - 1] / 2 + values[middle] / 2
    }

    private static func sum(_ values: [Double]) -> Double {
        var sum = 0.0
        var lost = 0.0
        for value in values {
            let next = sum + value
            lost += abs(sum) >= abs(value) ? (sum - next) + value : (value - next) + sum
            sum = next
        }
        return sum + lost
    }
}
