internal import Glibc

/// How far beyond the middle the next value may lie on one side, learned from how far the values on that side do.
///
/// The distances are those of a half-t distribution whose scale and tail are unknown: the answer is averaged over both, by how well each explains the
/// distances (the posterior predictive distribution; Gelman et al. 2013, *Bayesian Data Analysis*, 3rd ed., section 2.5 and chapter 17). A side that
/// has shown far-off values, or few values, so allows for further ones.
struct PredictiveTail: Equatable, Sendable {
    /// A possible scale and tail, and how much is to be said for it.
    private struct Candidate: Equatable, Sendable {
        var tail: Tail
        var scale: Double
        var weight: Double
    }

    /// Student's t with two and three degrees of freedom, and without bound.
    private enum Tail: CaseIterable {
        case two, three, normal

        /// How likely it is before anything was seen.
        var prior: Double {
            switch self {
            case .two: 0.1
            case .three: 0.4
            case .normal: 0.5
            }
        }

        /// The logarithm of the half-density at 0 and what is taken off with distance, for z in scales.
        func logDensity(_ z: Double) -> Double {
            switch self {
            case .two: -0.5 * log(2.0) - 1.5 * log1p(z * z / 2)
            case .three: log(4 / (3.0.squareRoot() * Double.pi)) - 2 * log1p(z * z / 3)
            case .normal: 0.5 * log(2 / Double.pi) - z * z / 2
            }
        }

        /// P(|T| > z), in closed form (Abramowitz and Stegun 26.7.4) and without cancellation.
        func beyond(_ z: Double) -> Double {
            switch self {
            case .two:
                let root = (2 + z * z).squareRoot()
                return 2 / (root * (root + z))
            case .three:
                let angle = atan2(3.0.squareRoot(), z)
                return 2 / Double.pi * (angle - sin(angle) * cos(angle))
            case .normal: return erfc(z / 2.0.squareRoot())
            }
        }
    }

    /// Scales are looked for from a third to three times the first guess, in so many steps.
    private static let scaleSteps = 15
    private let candidates: [Candidate]

    /// - Parameters:
    ///   - distances: from the middle, none below 0.
    ///   - finest: the smallest distance that the values can tell apart; no scale is finer than half of it.
    init(_ distances: [Double], finest: Double) {
        let guess = max(PredictiveTail.guess(distances), finest / 2)
        var candidates: [Candidate] = []
        for step in 0..<PredictiveTail.scaleSteps {
            let position = Double(step) / Double(PredictiveTail.scaleSteps - 1) * 2 - 1
            let scale = guess * exp(position * log(3.0))
            guard scale >= finest / 2 else { continue }
            for tail in Tail.allCases {
                let fit = distances.reduce(0) { $0 + tail.logDensity($1 / scale) }
                let weight = fit - Double(distances.count) * log(scale) + log(tail.prior)
                candidates.append(Candidate(tail: tail, scale: scale, weight: weight))
            }
        }
        let best = candidates.reduce(-Double.infinity) { max($0, $1.weight) }
        let weights = candidates.map { exp($0.weight - best) }
        let total = weights.reduce(0, +)
        self.candidates = zip(candidates, weights).compactMap { candidate, weight in
            guard weight > 1e-12 * total else { return nil }
            return Candidate(tail: candidate.tail, scale: candidate.scale, weight: weight / total)
        }
    }

    /// The median distance as a normal distribution's scale; where that is 0, the mean one.
    static func guess(_ distances: [Double]) -> Double {
        guard !distances.isEmpty else { return 0 }
        // Of normal noise, half of the values lie within 0.6745 deviations.
        let median = Samples.median(ofSorted: distances.sorted()) / 0.6745
        return median > 0 ? median : 1.2533 * distances.reduce(0, +) / Double(distances.count)
    }

    /// How likely a value on this side is further from the middle than `distance`.
    func probability(beyond distance: Double) -> Double {
        min(1, candidates.reduce(0) { $0 + $1.weight * $1.tail.beyond(distance / $1.scale) })
    }

    /// The distance beyond which a value lies with `probability`.
    func distance(beyondWhich probability: Double) -> Double {
        var high = candidates.reduce(0) { max($0, $1.scale) }
        while self.probability(beyond: high) > probability, high < 1e300 { high *= 2 }
        var low = 0.0
        for _ in 0..<60 {
            let middle = low + (high - low) / 2
            if self.probability(beyond: middle) > probability { low = middle } else { high = middle }
        }
        return high
    }
}
