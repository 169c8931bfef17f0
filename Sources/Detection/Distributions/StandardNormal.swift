internal import Glibc

/// The normal distribution with mean 0 and variance 1.
enum StandardNormal {
    /// The probability of more than `z`.
    static func upperTail(_ z: Double) -> Double { erfc(z / 2.0.squareRoot()) / 2 }

    static func density(_ z: Double) -> Double { exp(-z * z / 2) / (2 * Double.pi).squareRoot() }

    /// The value that is exceeded with `probability`.
    ///
    /// Begun with the approximation 26.2.23 of Abramowitz and Stegun (1964), wrong by 4.5e-4 at most, and made exact with steps of Halley's method
    /// on `erfc`.
    static func upperQuantile(_ probability: Double) -> Double {
        if probability <= 0 { return .infinity }
        if probability >= 1 { return -.infinity }
        if probability > 0.5 { return -upperQuantile(1 - probability) }
        let t = (-2 * log(probability)).squareRoot()
        var z =
            t - (2.515517 + t * (0.802853 + t * 0.010328))
            / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)))
        for _ in 0..<3 {
            // A ratio of two numbers that may both be small, hence before anything else.
            let newton = (upperTail(z) - probability) / density(z)
            guard newton.isFinite else { break }
            z += newton / (1 - z * newton / 2)
        }
        return z
    }
}
