/// Estimates that a few far-off values do not move.
enum Robust {
    /// What the median of the absolute values is multiplied by to be the standard deviation of normal noise.
    static let medianToDeviation = 1.4826
    /// How many deviations from the middle a value counts as being away at most.
    private static let reach = 2.5

    static func median(_ values: some Collection<Double>) -> Double {
        median(ofSorted: values.sorted()[...])
    }

    static func median(ofSorted values: ArraySlice<Double>) -> Double {
        let middle = values.startIndex + values.count / 2
        return values.count.isMultiple(of: 2)
            ? values[middle - 1] / 2 + values[middle] / 2 : values[middle]
    }

    /// The level of `values`: one step of Huber's estimator (1964) from the median.
    static func level(_ values: ArraySlice<Double>, deviation: Double) -> Double {
        let median = median(values)
        let most = reach * deviation
        let sum = values.reduce(0) { $0 + min(max($1 - median, -most), most) }
        return median + sum / Double(values.count)
    }
}
