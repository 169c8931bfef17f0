/// How many values there are, their mean, and the squares of their distances from it; two neighbouring stretches are put together in a few steps.
struct Moments {
    var count: Int
    var mean: Double
    var squares: Double
    /// Where all values are equal: the mean is exactly that, and nothing varies, whatever rounding says.
    private var constant: Double?

    init(_ values: ArraySlice<Double>) {
        count = values.count
        let first = values.first ?? 0
        if values.allSatisfy({ $0 == first }) {
            (mean, squares, constant) = (first, 0, first)
            return
        }
        let mean = values.reduce(0, +) / Double(values.count)
        self.mean = mean
        squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    }

    /// By the formulas of Chan, Golub and LeVeque (1983), which lose no digits.
    func joined(_ other: Moments) -> Moments {
        var joined = self
        joined.count += other.count
        if constant != nil, constant == other.constant { return joined }
        let distance = other.mean - mean
        let share = Double(other.count) / Double(joined.count)
        joined.mean += distance * share
        joined.squares += other.squares + distance * distance * Double(count) * share
        joined.constant = nil
        return joined
    }
}

/// Student's t test as Otava feeds it: pooled, and with the squares divided by n.
struct OtavaTest {
    let before: Double
    let after: Double
    let statistic: Double
    let pValue: Double

    /// How much larger one of the levels is than the other; a level of 0 has nothing to be larger than.
    var magnitude: Double {
        max(before == 0 ? 0 : abs(after / before - 1), after == 0 ? 0 : abs(before / after - 1))
    }

    init(_ left: Moments, _ right: Moments) {
        (before, after) = (left.mean, right.mean)
        let (n, m) = (Double(left.count), Double(right.count))
        let freedom = n + m - 2
        // s² is what Otava takes for the variance of a side: divided by n, then weighted as if it had been divided by n - 1.
        let pooled = ((n - 1) * left.squares / n + (m - 1) * right.squares / m) / freedom
        let distance = right.mean - left.mean
        let error = (pooled * (1 / n + 1 / m)).squareRoot()
        if freedom <= 0 || distance == 0 {
            (statistic, pValue) = (0, 1)
        } else {
            statistic = error > 0 ? distance / error : .infinity
            pValue = StudentT(degreesOfFreedom: freedom).bothTails(statistic)
        }
    }
}
