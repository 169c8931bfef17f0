/// Perfherder's alerts: a t statistic between a window behind each run and one ahead of it (Mozilla's Treeherder, `perfalert`).
///
/// It is here to compare with and to migrate from. It needs a full window ahead, and so never tells of the newest eleven runs. Two of its faults are
/// mended, and matter only where Perfherder itself is blind: of levels below 0 it takes the size, and a change from exactly 0 is large enough.
package struct PerfherderDetector: Equatable, Sendable {
    /// The window behind begins with so many runs, and grows by one with each run without a change…
    package var fewestBehind: Int
    /// …up to so many.
    package var mostBehind: Int
    /// The window ahead, the run itself included.
    package var ahead: Int
    /// A change has more than so many standard errors.
    package var leastStrength: Double
    /// A change is at least this share of the level before.
    package var leastChange: Double

    package init(
        fewestBehind: Int = 12, mostBehind: Int = 24, ahead: Int = 12, leastStrength: Double = 7,
        leastChange: Double = 0.02
    ) {
        self.fewestBehind = max(1, fewestBehind)
        self.mostBehind = max(self.fewestBehind, mostBehind)
        self.ahead = max(1, ahead)
        self.leastStrength = leastStrength
        self.leastChange = leastChange
    }

    /// The changes in a series; nil stands for a run without a value, which counts in no window.
    package func changePoints(in values: some Sequence<Double?>) -> [ChangePoint] {
        let known = KnownValues(values)
        let looks = looks(at: known.values)
        return looks.indices.compactMap { run in
            guard let change = change(at: run, looks, known.values) else { return nil }
            return ChangePoint(
                index: known.indices[run], before: known.scale.restored(change.before),
                after: known.scale.restored(change.after), strength: PeerStrength.finite(looks[run].strength))
        }
    }

    /// What the two windows say at a run.
    private struct Look {
        var strength = 0.0
        var behind = 0
        var ahead = 0
    }

    private func looks(at values: [Double]) -> [Look] {
        var looks = [Look](repeating: Look(), count: values.count)
        var quiet = 0
        for run in values.indices.dropFirst() {
            let behind = min(run, min(max(quiet, fewestBehind), mostBehind))
            let ahead = min(ahead, values.count - run)
            let strength = PerfherderDetector.strength(
                values[(run - behind)..<run].reversed(), values[run..<(run + ahead)])
            looks[run] = Look(strength: strength, behind: behind, ahead: ahead)
            quiet = strength > leastStrength ? 0 : quiet + 1
        }
        return looks
    }

    /// |m₂ - m₁|/√(s₁²/n₁ + s₂²/n₂), where a value counts the less for the mean the further it is from the run, and all alike for the
    /// squared distances from it.
    private static func strength(_ behind: some Collection<Double>, _ ahead: some Collection<Double>)
        -> Double
    {
        let (left, right) = (weighted(behind), weighted(ahead))
        let distance = abs(right.mean - left.mean)
        let error = (left.squaredError + right.squaredError).squareRoot()
        if distance == 0 { return 0 }
        return error == 0 ? .infinity : distance / error
    }

    /// The weights are (n - i)/n, from the value nearest to the run on.
    private static func weighted(_ values: some Collection<Double>) -> (mean: Double, squaredError: Double) {
        let count = values.count
        var (sum, weights) = (0.0, 0.0)
        for (place, value) in values.enumerated() {
            let weight = Double(count - place) / Double(count)
            sum += value * weight
            weights += weight
        }
        let mean = sum / weights
        guard count > 1 else { return (mean, 0) }
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return (mean, squares / Double(count - 1) / Double(count))
    }

    /// A change is where both windows are full, the statistic is large enough and not larger beside it, and so is the difference of the plain means.
    private func change(
        at run: Int, _ looks: [Look], _ values: [Double]
    ) -> (before: Double, after: Double)? {
        let look = looks[run]
        guard look.behind >= fewestBehind, look.ahead >= ahead, look.strength > leastStrength,
            looks[run - 1].strength <= look.strength,
            run + 1 == looks.count || looks[run + 1].strength <= look.strength
        else { return nil }
        let before = values[(run - look.behind)..<run].reduce(0, +) / Double(look.behind)
        let after = values[run..<(run + look.ahead)].reduce(0, +) / Double(look.ahead)
        guard abs(after - before) >= leastChange * abs(before) else { return nil }
        return (before, after)
    }
}

/// The values that there are, in a unit in which they are at most about 1, and where each stood.
struct KnownValues {
    let scale: BinaryScale
    let values: [Double]
    let indices: [Int]

    init(_ series: some Sequence<Double?>) {
        let known = series.enumerated().compactMap { index, value in
            value.flatMap { $0.isFinite ? (index, $0) : nil }
        }
        let scale = BinaryScale(known.lazy.map(\.1))
        self.scale = scale
        values = known.map { scale.scaled($0.1) }
        indices = known.map(\.0)
    }
}
