/// How far values that are some runs apart lie from each other.
enum Roughness {
    /// A distance counts as so many deviations at most.
    private static let most = 12.0

    /// The square of the mean distance of values `lag` apart, in deviations. For independent noise the same at every lag.
    static func of(_ y: [Double], _ deviations: [Double], lag: Int) -> Double {
        var sum = 0.0
        for index in lag..<y.count {
            sum += min(abs(y[index] - y[index - lag]) / deviations[index], most)
        }
        let mean = sum / Double(y.count - lag)
        return mean * mean
    }
}
