/// Otava's change points: the E-divisive statistic in windows that slide over the series, with a t test (Fleming et al. 2023, *Hunter*; Otava 0.8.0).
///
/// It is here to compare with and to migrate from, and gives Otava's own answers, its faults included: the t test is fed the population's
/// deviation where the sample's is due, and nothing accounts for having searched for the place. Both make p too small. See `OtavaMerging` for another.
package struct OtavaDetector: Equatable, Sendable {
    /// So many runs are looked at at once; at least 2. A window begins half of it after the one before, or at the last change found.
    package var windowLength: Int
    /// A change is kept with a smaller p-value than this.
    package var maximumPValue: Double
    /// A change is kept if it is more than this share of the smaller of the two levels.
    package var minimumMagnitude: Double

    package init(windowLength: Int = 50, maximumPValue: Double = 0.001, minimumMagnitude: Double = 0) {
        self.windowLength = max(2, windowLength)
        self.maximumPValue = maximumPValue
        self.minimumMagnitude = minimumMagnitude
    }

    /// The changes in a series; nil stands for a run without a value, which takes the value before it, or after it where none is before.
    ///
    /// Takes about `n × windowLength` steps.
    package func changePoints(in values: some Sequence<Double?>) -> [ChangePoint] {
        let filled = OtavaDetector.filled(Array(values))
        let scale = BinaryScale(filled)
        let series = filled.map(scale.scaled)
        let proposed = proposals(in: series)
        var merging = OtavaMerging(series, proposed)
        merging.dropWeak(maximumPValue: maximumPValue, minimumMagnitude: minimumMagnitude)
        return merging.changes.map { change in
            ChangePoint(
                index: change.index, before: scale.restored(change.before),
                after: scale.restored(change.after),
                strength: PeerStrength.finite(change.statistic))
        }
    }

    /// Forward, then backward, as Otava does; no values where there is not a single one.
    private static func filled(_ values: [Double?]) -> [Double] {
        let finite = values.map { $0.flatMap { $0.isFinite ? $0 : nil } }
        guard var last = finite.first(where: { $0 != nil }) ?? nil else { return [] }
        return finite.map { value in
            last = value ?? last
            return last
        }
    }

    /// The places that one of the windows finds, at a more generous limit: Otava's "weak" change points.
    private func proposals(in series: [Double]) -> [Int] {
        let generous =
            maximumPValue < 0.05
            ? maximumPValue * 10 : maximumPValue < 0.5 ? maximumPValue * 2 : maximumPValue
        var found: Set<Int> = []
        var start = 0
        while start < series.count {
            var window = OtavaWindow(series[start..<min(start + windowLength, series.count)])
            let places = window.places(maximumPValue: generous).map { $0 + start }
            found.formUnion(places)
            start = max(places.last ?? 0, start + windowLength / 2)
        }
        return found.sorted()
    }
}

/// How strong a peer's change is, as a number that can be written down.
enum PeerStrength {
    /// Where the peer sees no noise at all, its statistic is infinite; this stands for it.
    static let most = 1e6

    static func finite(_ statistic: Double) -> Double { statistic.isNaN ? 0 : min(abs(statistic), most) }
}
