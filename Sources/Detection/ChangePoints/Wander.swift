internal import Glibc

/// Noise that remembers: a white part, and one that fades from run to run. Means of such noise vary more than the noise itself lets expect.
struct Wander {
    /// Shares of the variance that neighbours show: `white + slow·(1 - memory)` is 1.
    private var white = 1.0
    private var slow = 0.0
    private var memory = 0.0
    private var most = Double.infinity

    private static let lags = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32]
    private static let memories = [0.3, 0.5, 0.65, 0.8, 0.9, 0.95, 0.98]

    /// The largest inflation that so many values can prove: few of them look related by chance.
    private static func mostProvable(by count: Int) -> Double { 1 + Double(count) / 15 }

    /// Noise without memory.
    init() {}

    /// Fitted to how the roughness of what is left without the changes grows with the lag; without memory where it does not clearly grow.
    init(residuals: [Double]) {
        let lags = Wander.lags.filter { $0 <= residuals.count / 5 }
        let ones = [Double](repeating: 1, count: residuals.count)
        guard lags.count >= 3, let first = lags.first.map({ Roughness.of(residuals, ones, lag: $0) }),
            first > 0
        else { return }
        let growth = lags.map { Roughness.of(residuals, ones, lag: $0) / first - 1 }
        let mean = growth.reduce(0, +) / Double(growth.count - 1)
        guard mean > 1 / Double(residuals.count).squareRoot() else { return }
        var least = Double.infinity
        for memory in Wander.memories {
            // The growth at lag k is slow·(memory - memory^k).
            let shape = lags.map { memory - pow(memory, Double($0)) }
            let square = shape.reduce(0) { $0 + $1 * $1 }
            let fitted = zip(shape, growth).reduce(0) { $0 + $1.0 * $1.1 } / square
            let slow = min(max(fitted, 0), 1 / (1 - memory))
            let cost = zip(shape, growth).reduce(0) { $0 + ($1.1 - slow * $1.0) * ($1.1 - slow * $1.0) }
            if cost < least { (least, self.slow, self.memory) = (cost, slow, memory) }
        }
        white = 1 - slow * (1 - memory)
        most = Wander.mostProvable(by: residuals.count)
    }

    var isNone: Bool { slow == 0 }

    /// By how much the variance of the mean of `count` values is larger than it were without memory.
    func inflation(ofMeanOver count: Int) -> Double {
        if isNone { return 1 }
        let (m, fade) = (Double(count), 1 - memory)
        let sum = (1 + memory) / fade - 2 * memory * (1 - pow(memory, m)) / (m * fade * fade)
        return min(white + slow * sum, most)
    }

    /// The same for long stretches, from the series itself before anything of it is known.
    ///
    /// For noise whose autocorrelation is ρ from run to run, the roughness at lag k is (1 - ρ^k) / (1 - ρ) times that at lag 1.
    static func inflation(of y: [Double], _ deviations: [Double]) -> Double {
        guard y.count >= 30 else { return 1 }
        let first = trimmedRoughness(y, deviations, lag: 1)
        guard first > 0 else { return 1 }
        let estimates = [2, 4].map { correlation(trimmedRoughness(y, deviations, lag: $0) / first, lag: $0) }
        let raw: Double = estimates.reduce(0, +) / 2
        // A correlation that chance alone could show counts for little.
        let sureness: Double = raw * raw * Double(y.count)
        let believed: Double = raw * (1 - exp(-sureness / 6))
        return min((1 + believed) / ((1 - believed) * (1 - believed)), mostProvable(by: y.count))
    }

    /// Solves (1 - ρ^k) / (1 - ρ) = ratio for ρ.
    private static func correlation(_ ratio: Double, lag: Int) -> Double {
        var (low, high) = (0.0, 0.95)
        for _ in 0..<20 {
            let middle = (low + high) / 2
            if (1 - pow(middle, Double(lag))) / (1 - middle) < ratio { low = middle } else { high = middle }
        }
        return low
    }

    /// Without the longest fifth of the distances: those across changes and spikes.
    private static func trimmedRoughness(_ y: [Double], _ deviations: [Double], lag: Int) -> Double {
        var distances = (lag..<y.count).map { abs(y[$0] - y[$0 - lag]) / deviations[$0] }
        let kept = max(1, distances.count * 8 / 10)
        let sum = distances.withUnsafeMutableBufferPointer { distances in
            if kept < distances.count { _ = distances.select(kept) }
            return distances[..<kept].reduce(0, +)
        }
        let mean = sum / Double(kept)
        return mean * mean
    }
}
