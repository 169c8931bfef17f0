internal import Glibc

extension LearnedThreshold {
    /// So much of the largest value is no difference: two ways of adding up the same numbers may differ by it.
    private static let resolution = 1e-9

    /// The limits for the run after `history`, the oldest run first; nil, or what is no finite number, stands for a run without a value.
    package func boundary(after history: some Sequence<Double?>) -> Result<LearnedBoundary, NoBoundary> {
        let newest = history.compactMap { $0 }.filter(\.isFinite).suffix(mostRuns)
        guard newest.count >= fewestRuns else { return .failure(.tooFewRuns(newest.count)) }
        let scale = BinaryScale(newest)
        guard let runs = Samples(newest.map(scale.scaled)) else { return .failure(.tooFewRuns(0)) }
        return spread(of: runs).map { spread in
            let margin = LearnedThreshold.resolution * max(abs(runs.minimum), abs(runs.maximum))
            let highest = max(spread.above ?? runs.maximum, spread.baseline + margin)
            let lowest = min(spread.below ?? runs.minimum, spread.baseline - margin)
            return LearnedBoundary(
                baseline: scale.restored(spread.baseline), above: upper.map { _ in scale.restored(highest) },
                below: lower.map { _ in scale.restored(lowest) }, runs: runs.count,
                isOfRange: spread.above == nil)
        }
    }

    /// The limits before they are looked at; nil where the model sees no spread.
    private struct Spread {
        var baseline: Double
        var below: Double?
        var above: Double?

        init(_ baseline: Double, _ below: Double? = nil, _ above: Double? = nil) {
            (self.baseline, self.below, self.above) = (baseline, below, above)
        }
    }

    private func spread(of runs: Samples) -> Result<Spread, NoBoundary> {
        switch model {
        case .percentOfMean: share(of: runs.mean, runs)
        case .percentOfMedian: share(of: runs.median, runs)
        case .zScore: .success(normal(runs) { StandardNormal.upperQuantile(1 - $0) })
        case .studentT: .success(prediction(runs))
        case .logNormal: logNormal(runs)
        case .interquartile:
            .success(ranges(around: runs.median, of: runs.quantile(0.75) - runs.quantile(0.25)))
        case .deltaInterquartile: .success(ranges(around: runs.median, of: stepRange(runs)))
        }
    }

    /// m ± b |m|.
    private func share(of middle: Double, _ runs: Samples) -> Result<Spread, NoBoundary> {
        if middle == 0 {
            return runs.minimum == runs.maximum ? .success(Spread(0)) : .failure(.baselineIsZero)
        }
        let size = abs(middle)
        return .success(Spread(middle, middle - (lower ?? 0) * size, middle + (upper ?? 0) * size))
    }

    /// mean ± q(b) s, with s divided by n - 1.
    private func normal(_ runs: Samples, quantile: (Double) -> Double) -> Spread {
        let mean = runs.mean
        guard runs.minimum < runs.maximum, let deviation = runs.standardDeviation, deviation > 0 else {
            return Spread(runs.median)
        }
        return Spread(
            mean, mean - quantile(lower ?? 0.5) * deviation, mean + quantile(upper ?? 0.5) * deviation)
    }

    /// mean ± t(b; n - 1) s √(1 + 1/n) (Hahn and Meeker 1991, Statistical Intervals, section 4.7).
    private func prediction(_ runs: Samples) -> Spread {
        let count = Double(runs.count)
        let distribution = StudentT(degreesOfFreedom: count - 1)
        return normal(runs) { distribution.upperQuantile(1 - $0) * (1 + 1 / count).squareRoot() }
    }

    /// exp(μ ± z(b) σ) with μ and σ of the logarithms.
    private func logNormal(_ runs: Samples) -> Result<Spread, NoBoundary> {
        guard runs.minimum > 0, let logarithms = Samples(runs.values.map { log($0) }) else {
            return .failure(.notPositive)
        }
        let spread = normal(logarithms) { StandardNormal.upperQuantile(1 - $0) }
        return .success(
            Spread(exp(spread.baseline), spread.below.map { exp($0) }, spread.above.map { exp($0) }))
    }

    private func ranges(around median: Double, of range: Double) -> Spread {
        guard range > 0 else { return Spread(median) }
        return Spread(median, median - (lower ?? 0) * range, median + (upper ?? 0) * range)
    }

    /// |median| times the interquartile range of |xᵢ₊₁ - xᵢ| / |xᵢ|; a step from 0 has no relative size and is left out.
    private func stepRange(_ runs: Samples) -> Double {
        let steps = zip(runs.values, runs.values.dropFirst()).map { abs(($1 - $0) / $0) }
        guard let sizes = Samples(steps.filter(\.isFinite)) else { return 0 }
        return abs(runs.median) * (sizes.quantile(0.75) - sizes.quantile(0.25))
    }
}
