/// MongoDB's change points: the energy statistic, and a permutation test of whether it is large (Matteson and James 2014; MongoDB's
/// signal-processing-algorithms 2.1).
///
/// It is here to compare with and to migrate from. MongoDB's permutations are drawn without a seed, so that its answers vary from call to call; here
/// they follow from a seed, and the answer is one that MongoDB could give.
package struct MongoDBDetector: Equatable, Sendable {
    /// A change is kept if at most this share of the permutations has as large a statistic.
    package var maximumPValue: Double
    package var permutations: Int
    package var seed: UInt64

    package init(maximumPValue: Double = 0.05, permutations: Int = 100, seed: UInt64 = 0x6d6f_6e67_6f64_6221)
    {
        self.maximumPValue = maximumPValue
        self.permutations = max(1, permutations)
        self.seed = seed
    }

    /// The changes in a series; nil stands for a run without a value and is left out.
    ///
    /// Takes about `n log n` steps for each permutation, and `permutations` of them for each change.
    package func changePoints(in values: some Sequence<Double?>) -> [ChangePoint] {
        let known = KnownValues(values)
        guard known.values.count > 1 else { return [] }
        var generator = SplitMix64(seed: seed)
        var parts = [Part(known.values, 0..<known.values.count)]
        while let best = MongoDBDetector.strongest(of: parts), parts[best].best.statistic > 0 {
            guard isSignificant(parts[best].best.statistic, among: parts, using: &generator) else { break }
            let (range, place) = (parts[best].range, parts[best].best.place)
            parts.replaceSubrange(
                best...best,
                with: [
                    Part(known.values, range.lowerBound..<(range.lowerBound + place)),
                    Part(known.values, (range.lowerBound + place)..<range.upperBound),
                ])
        }
        return changes(between: parts.map(\.range), known)
    }

    /// A stretch between two changes, and where it would be divided.
    private struct Part {
        let range: Range<Int>
        let energy: EnergyStatistic
        let best: (place: Int, statistic: Double)

        init(_ values: [Double], _ range: Range<Int>) {
            self.range = range
            energy = EnergyStatistic(values[range])
            best = energy.largest(energy.order)
        }
    }

    private static func strongest(of parts: [Part]) -> Int? {
        parts.indices.max { parts[$0].best.statistic < parts[$1].best.statistic }
    }

    /// Whether p = k/(R + 1) is small enough, k of R permutations of all stretches having at least this statistic. Drawn until that is certain.
    private func isSignificant(
        _ statistic: Double, among parts: [Part], using generator: inout SplitMix64
    ) -> Bool {
        // Two ways of adding up the same distances may differ in the last digits.
        let limit = statistic * (1 - 1e-12)
        let most = Int((maximumPValue * Double(permutations + 1)).rounded(.down))
        var larger = 0
        for drawn in 1...permutations {
            // All stretches are shuffled in any case: how many numbers are drawn must not depend on what is found.
            let isLarger = parts.reduce(false) { found, part in
                let order = part.energy.order.shuffled(using: &generator)
                return part.energy.largest(order).statistic >= limit || found
            }
            larger += isLarger ? 1 : 0
            if larger > most { return false }
            if larger + permutations - drawn <= most { return true }
        }
        return larger <= most
    }

    private func changes(between ranges: [Range<Int>], _ known: KnownValues) -> [ChangePoint] {
        let levels = ranges.map { Samples(Array(known.values[$0])) }
        return ranges.indices.dropFirst().compactMap { number in
            guard let before = levels[number - 1], let after = levels[number] else { return nil }
            let error = (before.squaredError + after.squaredError).squareRoot()
            return ChangePoint(
                index: known.indices[ranges[number].lowerBound], before: known.scale.restored(before.centre),
                after: known.scale.restored(after.centre),
                strength: PeerStrength.finite((after.centre - before.centre) / error))
        }
    }
}
