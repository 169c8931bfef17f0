internal import Glibc

/// The regularized incomplete beta function, of which Student's t and the F distribution are made.
///
/// By the continued fraction 8.17.22 of the NIST Digital Library of Mathematical Functions, evaluated by the method of Lentz in the form of Thompson
/// and Barnett (1986). Its relative error is below 1e-12 for all that is asked here.
enum IncompleteBeta {
    /// Enough for parameters up to 10⁹: the fraction needs about the square root of the larger one.
    private static let mostTerms = 100_000

    /// I_x(a, b).
    ///
    /// - Parameter complement: 1 - x, handed in as well so that neither loses its last digits where it is small.
    static func regularized(_ x: Double, complement: Double, _ a: Double, _ b: Double) -> Double {
        if x <= 0 { return 0 }
        if complement <= 0 { return 1 }
        // The fraction converges fast on this side of the mean; the other side is the complement.
        if x > (a + 1) / (a + b + 2) {
            return 1 - lower(complement, complement: x, b, a)
        }
        return lower(x, complement: complement, a, b)
    }

    private static func lower(_ x: Double, complement: Double, _ a: Double, _ b: Double) -> Double {
        let logX = x > 0.5 ? log1p(-complement) : log(x)
        let logComplement = complement > 0.5 ? log1p(-x) : log(complement)
        let front = a * logX + b * logComplement - logBeta(a, b) - log(a)
        return min(1, exp(front) * fraction(x, complement: complement, a, b))
    }

    private static func fraction(_ x: Double, complement: Double, _ a: Double, _ b: Double) -> Double {
        // 1 - (a + b) x / (a + 1), of which little is left where a is large.
        var denominator = 1 / away((1 - b + (a + b) * complement) / (a + 1))
        var numerator = 1.0
        var result = denominator
        func step(_ coefficient: Double) {
            denominator = 1 / away(1 + coefficient * denominator)
            numerator = away(1 + coefficient / numerator)
            result *= denominator * numerator
        }
        for term in 1...mostTerms {
            let m = Double(term)
            let even = a + 2 * m
            step(m * (b - m) * x / ((even - 1) * even))
            step(-(a + m) * (a + b + m) * x / (even * (even + 1)))
            if abs(denominator * numerator - 1) < 1e-15 { break }
        }
        return result
    }

    private static func away(_ value: Double) -> Double { abs(value) < 1e-300 ? 1e-300 : value }

    /// ln B(a, b).
    ///
    /// The difference of the logarithms of two large gamma functions is what is left of numbers that nearly cancel; for a large parameter it is
    /// therefore taken from Stirling's series (DLMF 5.11.1), whose large terms are subtracted on paper.
    static func logBeta(_ first: Double, _ second: Double) -> Double {
        let (a, b) = (max(first, second), min(first, second))
        if a < 10 { return logGamma(a) + logGamma(b) - logGamma(a + b) }
        let remainders = stirling(a) - stirling(a + b)
        let common = remainders - (a - 0.5) * log1p(b / a) - b * log(a + b) + b
        if b < 10 { return common + logGamma(b) }
        return common + (b - 0.5) * log(b) - b + 0.5 * log(2 * Double.pi) + stirling(b)
    }

    private static func logGamma(_ x: Double) -> Double { Glibc.lgamma(x) }

    /// What Stirling's formula lacks of ln Γ(x), for x of at least 10.
    private static func stirling(_ x: Double) -> Double {
        let inverse = 1 / (x * x)
        let series =
            1 / 12.0 - inverse
            * (1 / 360.0 - inverse * (1 / 1260.0 - inverse * (1 / 1680.0 - inverse / 1188)))
        return series / x
    }
}
