internal import Glibc

/// Student's t distribution.
struct StudentT {
    /// More than 0; need not be a whole number.
    let degreesOfFreedom: Double

    /// With more than this it is the normal distribution, to the last digit.
    private static let normalFrom = 1e10

    init(degreesOfFreedom: Double) {
        self.degreesOfFreedom = degreesOfFreedom
    }

    /// The probability of more than `t`: half of I_x(ν/2, 1/2) with x = ν/(ν + t²) (DLMF 8.17.18 and Abramowitz and Stegun 26.7.1).
    func upperTail(_ t: Double) -> Double {
        if t < 0 { return 1 - upperTail(-t) }
        if degreesOfFreedom > StudentT.normalFrom { return StandardNormal.upperTail(t) }
        // t² may overflow; t/√ν does so later, and only where the probability is as good as 0.
        let ratio = t / degreesOfFreedom.squareRoot()
        let square = ratio * ratio
        guard square.isFinite else { return 0 }
        return IncompleteBeta.regularized(
            1 / (1 + square), complement: square / (1 + square), degreesOfFreedom / 2, 0.5) / 2
    }

    /// The probability of being at least as far from 0 as `t`, on either side.
    func bothTails(_ t: Double) -> Double { min(1, 2 * upperTail(abs(t))) }

    /// The logarithm of the density.
    func logDensity(_ t: Double) -> Double {
        if degreesOfFreedom > StudentT.normalFrom {
            return -t * t / 2 - 0.5 * log(2 * Double.pi)
        }
        return -IncompleteBeta.logBeta(degreesOfFreedom / 2, 0.5) - 0.5 * log(degreesOfFreedom)
            - (degreesOfFreedom + 1) / 2 * log1p(t / degreesOfFreedom * t)
    }

    /// The value that is exceeded with `probability`.
    ///
    /// Newton's method on the tail, in the tail on its logarithm by the logarithm of t: there a power law is a straight line, and the steps cannot
    /// leave the right side again once they are on it.
    func upperQuantile(_ probability: Double) -> Double {
        if probability <= 0 { return .infinity }
        if probability >= 1 { return -.infinity }
        if probability == 0.5 { return 0 }
        if probability > 0.5 { return -upperQuantile(1 - probability) }
        var t = StandardNormal.upperQuantile(probability)
        if degreesOfFreedom > StudentT.normalFrom { return t }
        for _ in 0..<200 {
            let tail = upperTail(t)
            let density = exp(logDensity(t))
            let next =
                probability > 0.2
                ? t + (tail - probability) / density
                : t * exp(log(tail / probability) * tail / (density * t))
            guard next.isFinite, next > 0 else { break }
            let isSettled = abs(next - t) <= 1e-15 * next
            t = next
            if isSettled { break }
        }
        return t
    }
}

/// The F distribution: of the ratio of two variances.
struct FDistribution {
    let numerator: Double
    let denominator: Double

    /// The probability of more than `f`: I_x(d₂/2, d₁/2) with x = d₂/(d₂ + d₁f) (Abramowitz and Stegun 26.6.2).
    func upperTail(_ f: Double) -> Double {
        if f <= 0 { return 1 }
        let ratio = numerator / denominator * f
        guard ratio.isFinite else { return 0 }
        return IncompleteBeta.regularized(
            1 / (1 + ratio), complement: ratio / (1 + ratio), denominator / 2, numerator / 2)
    }
}
