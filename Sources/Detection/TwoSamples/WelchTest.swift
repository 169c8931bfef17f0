/// The t test of Welch (1947): whether the means of two sets of samples differ, where their spreads may, too. It takes the samples to be about normal.
package struct WelchTest: Equatable, Sendable {
    /// The second mean less the first, in the samples' unit.
    package var difference: Double
    /// How many standard errors that is; infinite where neither set varies and they differ.
    package var statistic: Double
    /// By Welch and Satterthwaite; nil where neither set varies.
    package var degreesOfFreedom: Double?
    /// Two-sided. Where neither set varies: 1 if they are equal, else 0.
    package var pValue: Double
    /// Of the difference, 95 %.
    package var interval: Interval

    /// Tests `second` against `first`: t = (m₂ - m₁)/√(s₁²/n₁ + s₂²/n₂), with (v₁ + v₂)²/(v₁²/(n₁ - 1) + v₂²/(n₂ - 1)) degrees of freedom, v = s²/n.
    ///
    /// nil with fewer than two samples on a side: nothing is known of its spread then.
    package init?(_ first: Samples, _ second: Samples) {
        guard first.count > 1, second.count > 1 else { return nil }
        let scale = BinaryScale(first.values + second.values)
        guard let (a, b) = Self.scaled(first, second, by: scale) else { return nil }
        let errors = (a.squaredError, b.squaredError)
        let error = (errors.0 + errors.1).squareRoot()
        let distance = b.centre - a.centre
        difference = scale.restored(distance)
        guard error > 0 else {
            statistic = distance == 0 ? 0 : distance < 0 ? -.infinity : .infinity
            pValue = distance == 0 ? 1 : 0
            interval = Interval(low: difference, high: difference, method: .studentT)
            return
        }
        // Shares of the whole: the squares of small variances would vanish.
        let shares = (errors.0 / (error * error), errors.1 / (error * error))
        let freedom =
            1 / (shares.0 * shares.0 / Double(a.count - 1) + shares.1 * shares.1 / Double(b.count - 1))
        let distribution = StudentT(degreesOfFreedom: freedom)
        statistic = distance / error
        degreesOfFreedom = freedom
        pValue = distribution.bothTails(statistic)
        let half = distribution.upperQuantile((1 - Interval.usualConfidence) / 2) * error
        interval = Interval(
            low: scale.restored(distance - half), high: scale.restored(distance + half), method: .studentT)
    }

    private static func scaled(_ first: Samples, _ second: Samples, by scale: BinaryScale) -> (
        Samples, Samples
    )? {
        guard let a = Samples(first.values.map(scale.scaled)),
            let b = Samples(second.values.map(scale.scaled))
        else { return nil }
        return (a, b)
    }
}

extension Samples {
    /// The variance of the mean: s²/n. 0 where all samples are equal, whatever rounding makes of their mean.
    var squaredError: Double {
        guard minimum < maximum, let deviation = standardDeviation else { return 0 }
        return deviation * deviation / Double(count)
    }

    /// Of the distances from the mean.
    var sumOfSquares: Double { squaredError * Double(count) * Double(count - 1) }

    /// The mean; where all samples are equal, exactly what they are.
    var centre: Double { minimum < maximum ? mean : minimum }
}
