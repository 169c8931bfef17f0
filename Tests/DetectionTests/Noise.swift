import Detection
import FoundationEssentials

/// Noise whose numbers follow from a seed.
struct Noise {
    enum Shape: Sendable { case normal, longTailed, oneSided, twoModes }

    private var generator: SplitMix64

    init(seed: UInt64) {
        generator = SplitMix64(seed: seed)
    }

    mutating func uniform() -> Double { Double.random(in: 0..<1, using: &generator) }

    /// With mean 0 and variance 1, near enough: the sum of twelve.
    mutating func normal() -> Double { (0..<12).reduce(-6) { sum, _ in sum + uniform() } }

    mutating func value(_ shape: Shape) -> Double {
        switch shape {
        case .normal: normal()
        // Student's t with about three degrees of freedom.
        case .longTailed: normal() / ((0..<3).reduce(0) { sum, _ in sum + pow2(normal()) } / 3).squareRoot()
        case .oneSided: pow2(normal())
        case .twoModes: normal() + (uniform() < 0.3 ? 4 : 0)
        }
    }

    private func pow2(_ value: Double) -> Double { value * value }
}
