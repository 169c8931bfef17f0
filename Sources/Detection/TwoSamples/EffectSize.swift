internal import Glibc

/// How large the difference between two sets of samples is, in numbers that need no unit: what a p-value does not say.
package struct EffectSize: Equatable, Sendable {
    /// How often a sample of the second set is larger than one of the first; a tie is half. ½ is no difference, 1 is all of them larger
    /// (Vargha and Delaney 2000, who call it A).
    package var probabilityOfSuperiority: Double
    /// Cliff's delta (1993): how much more often larger than smaller; from -1 to 1, 0 is no difference.
    package var cliffsDelta: Double { 2 * probabilityOfSuperiority - 1 }
    /// Hedges' g (1981): the difference of the means in standard deviations, corrected for few samples. nil with fewer than three samples in all, and
    /// where no sample varies but the two sets differ: it would be infinite.
    package var hedgesG: Double?

    /// Of `second` against `first`.
    package init(_ first: Samples, _ second: Samples) {
        let pairs = Double(first.count) * Double(second.count)
        probabilityOfSuperiority = 1 - MannWhitney.statistic(first, second) / pairs
        hedgesG = EffectSize.hedgesG(first, second)
    }

    /// g = J (m₂ - m₁)/s, with s² the pooled variance and J = Γ(ν/2)/(√(ν/2) Γ((ν - 1)/2)), ν = n₁ + n₂ - 2, exactly.
    private static func hedgesG(_ first: Samples, _ second: Samples) -> Double? {
        let freedom = Double(first.count + second.count - 2)
        guard freedom >= 1 else { return nil }
        let scale = BinaryScale(first.values + second.values)
        guard let a = Samples(first.values.map(scale.scaled)),
            let b = Samples(second.values.map(scale.scaled))
        else { return nil }
        let distance = b.centre - a.centre
        let squares = a.sumOfSquares + b.sumOfSquares
        guard squares > 0 else { return distance == 0 ? 0 : nil }
        return correction(freedom) * distance / (squares / freedom).squareRoot()
    }

    private static func correction(_ freedom: Double) -> Double {
        // Γ(½) over Γ(0): with one degree of freedom nothing is left.
        guard freedom > 1 else { return 0 }
        // B(x, ½) = Γ(x) Γ(½) / Γ(x + ½), with x = (ν - 1)/2.
        let logRatio: Double = IncompleteBeta.logBeta((freedom - 1) / 2, 0.5)
        return exp(0.5 * log(Double.pi) - logRatio) / (freedom / 2).squareRoot()
    }
}
