/// How the metrics of a series of runs depend on each other, and how far off a run usually is.
///
/// The correlations are those of deviations cut off at three, so that a few far-off runs do not make them, and shrunk towards none as far as they are
/// uncertain themselves (Schäfer and Strimmer 2005); there may be more metrics than runs. A run's distance is then that of Mahalanobis. The distances of
/// the runs learned from, each by what the others say, are what a further one is held against (`PredictiveTail`).
struct SharedNoise: Sendable {
    /// The inverse of ν₀I + Σ c cᵀ: of the sum of products of the cut-off deviations c, and a prior worth ν₀ runs without correlation.
    private let inverse: [[Double]]
    /// The middle of the usual distances, and what lies beyond.
    private let middle: Double
    private let tail: PredictiveTail

    /// From how many deviations on a value counts no further for the correlations.
    private static let cut = 3.0
    /// A prior worth more than this is as good as certain.
    private static let mostPrior = 1e6

    /// nil where fewer runs than `RunPrediction.fewest` have values of at least half of the metrics.
    ///
    /// - Parameter metrics: the deviations of each, aligned; nil for a run without a value.
    init?(_ metrics: [[Double?]]) {
        guard let length = metrics.first?.count else { return nil }
        let runs = (0..<length).compactMap { run -> Run? in
            let row = metrics.map { $0[run] }
            let known = row.count { $0 != nil }
            return known > 0 && 2 * known >= row.count ? Run(row, known: known) : nil
        }
        guard runs.count >= RunPrediction.fewest else { return nil }
        let inverse = SharedNoise.inverse(of: SharedNoise.products(runs))
        let distances = runs.map { SharedNoise.distanceByOthers($0, inverse) }.sorted()
        self.inverse = inverse
        middle = Samples.median(ofSorted: distances)
        let spread = (1 + Double.pi / (2 * Double(runs.count))).squareRoot()
        let (centre, beyond) = (middle, distances.suffix(distances.count / 2))
        tail = PredictiveTail(beyond.map { ($0 - centre) * spread }, finest: centre * 1e-9)
    }

    /// One run's deviations; a missing one is in its middle.
    private struct Run {
        var deviations: [Double]
        var cut: [Double]
        /// By how much its squared distance is too small for what is missing.
        var missing: Double

        init(_ row: [Double?], known: Int) {
            deviations = row.map { $0 ?? 0 }
            cut = deviations.map { min(max($0, -SharedNoise.cut), SharedNoise.cut) }
            missing = Double(row.count) / Double(known)
        }
    }

    /// ν₀I + Σ c cᵀ with ν₀ = nλ/(1 - λ), in units of the metrics' own squares.
    private static func products(_ runs: [Run]) -> [[Double]] {
        let metrics = runs[0].cut.indices
        let columns = metrics.map { metric in runs.map { $0.cut[metric] } }
        let own = columns.map { $0.reduce(0) { $0 + $1 * $1 } }
        var sums = metrics.map { _ in metrics.map { _ in 0.0 } }
        var (variances, squares) = (0.0, 0.0)
        let count = Double(runs.count)
        for j in metrics {
            for k in metrics where k <= j {
                let products = zip(columns[j], columns[k]).map { $0 * $1 }
                let sum = products.reduce(0, +)
                (sums[j][k], sums[k][j]) = (sum, sum)
                guard k < j else { continue }
                let size = max(own[j] * own[k], .leastNormalMagnitude)
                let spread = products.reduce(0) { $0 + ($1 - sum / count) * ($1 - sum / count) }
                variances += spread / size * count / (count - 1)
                squares += sum * sum / size
            }
        }
        let share = squares > 0 ? min(1, variances / squares) : 1
        // Never less than one run a metric: with that there is an inverse however few the runs.
        let worth = share < 1 ? count * share / (1 - share) : mostPrior
        let prior = min(max(worth, Double(metrics.count)), max(mostPrior, Double(metrics.count)))
        for j in metrics { sums[j][j] += prior }
        return sums
    }

    /// How far off a run is by what the other runs say: of (M - c cᵀ)⁻¹ by the formula of Sherman and Morrison.
    private static func distanceByOthers(_ run: Run, _ inverse: [[Double]]) -> Double {
        let pull = inverse.map { product($0, run.deviations) }
        let cutPull = inverse.map { product($0, run.cut) }
        let shared = product(run.cut, pull)
        let leverage = min(product(run.cut, cutPull), 1 - 1e-9)
        return ((product(run.deviations, pull) + shared * shared / (1 - leverage)) * run.missing).squareRoot()
    }

    fileprivate static func product(_ left: [Double], _ right: [Double]) -> Double {
        zip(left, right).reduce(0) { $0 + $1.0 * $1.1 }
    }

    /// How far a run is off.
    struct Distance {
        private(set) var square: Double
        private var metrics: [Int]
        private var values: [Double]
        private var inverse: [[Double]]

        fileprivate init(_ values: [Double], _ inverse: [[Double]]) {
            (self.values, self.inverse) = (values, inverse)
            metrics = Array(values.indices)
            square = max(0, SharedNoise.product(values, inverse.map { SharedNoise.product($0, values) }))
        }

        /// Takes out the metric that takes most of the square with it: ((Pz)ⱼ)²/Pⱼⱼ, P being the inverse.
        mutating func removeLargest() -> (metric: Int, value: Double, square: Double)? {
            let drops = metrics.indices.map { j in
                let pull = SharedNoise.product(inverse[j], values)
                return pull * pull / inverse[j][j]
            }
            guard let out = drops.indices.max(by: { drops[$0] < drops[$1] }) else { return nil }
            let removed = (metric: metrics[out], value: values[out], square: drops[out])
            let row = inverse[out]
            // The inverse of what is left of the matrix (the block formula).
            for j in inverse.indices where j != out {
                let factor = inverse[j][out] / row[out]
                for k in row.indices { inverse[j][k] -= factor * row[k] }
                inverse[j].remove(at: out)
            }
            inverse.remove(at: out)
            metrics.remove(at: out)
            values.remove(at: out)
            square = max(0, square - removed.square)
            return removed
        }
    }

    /// Of a run with these deviations, one for each metric; none is so large that its square overflows.
    func distance(of deviations: [Double]) -> Distance {
        Distance(deviations.map { $0.isFinite ? min(max($0, -1e100), 1e100) : 0 }, inverse)
    }

    /// How likely a run is at least so far off.
    func pValue(of distance: Distance) -> Double {
        let beyond = distance.square.squareRoot() - middle
        guard beyond > 0 else { return 1 }
        // Half of the runs are further off than the middle; that half is told as the whole, which heavy tails use up.
        return min(1, RunPrediction.caution * tail.probability(beyond: beyond))
    }

    /// Of a symmetric matrix whose own values are all above 0, by elimination; pivots need not be looked for then.
    private static func inverse(of matrix: [[Double]]) -> [[Double]] {
        let size = matrix.count
        var left = matrix
        var right = (0..<size).map { row in (0..<size).map { $0 == row ? 1.0 : 0 } }
        for pivot in 0..<size {
            let factor = 1 / left[pivot][pivot]
            for column in 0..<size {
                left[pivot][column] *= factor
                right[pivot][column] *= factor
            }
            for row in 0..<size where row != pivot && left[row][pivot] != 0 {
                let share = left[row][pivot]
                for column in 0..<size {
                    left[row][column] -= share * left[pivot][column]
                    right[row][column] -= share * right[pivot][column]
                }
            }
        }
        return right
    }
}
