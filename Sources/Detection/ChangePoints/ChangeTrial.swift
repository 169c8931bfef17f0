/// Tries proposed changes one against the other: while one is too weak, the weakest goes, and its neighbours are looked at anew.
struct ChangeTrial {
    var values: [Double]
    var deviations: [Double]
    /// Of the variance of long means, as the whole series shows it.
    var inflation: Double
    /// How many standard errors a change has to have.
    var least: Double

    /// How the noise remembers, once the changes are known.
    private var wander = Wander()

    /// So many values on each side are compared at most: what is further away says little about the change.
    private static let reach = 200
    /// A level between two changes that is shorter than this is a spike, not a level.
    private static let shortestLevel = 5
    /// Ranks alone make few values look less telling than they are: so much more counts what they say.
    private static let rankShare = 1.4
    private static let rounds = 4

    init(values: [Double], deviations: [Double], inflation: Double, least: Double) {
        self.values = values
        self.deviations = deviations
        self.inflation = inflation
        self.least = least
    }

    /// The changes that stand, and how strong each is.
    ///
    /// Without the weak ones more of the series' wandering shows, and against that more of the changes may be weak: a few rounds settle it.
    func surviving(_ proposed: [Int]) -> (places: [Int], strengths: [Double]) {
        var trial = self
        var result = trial.pruned(proposed)
        for _ in 0..<ChangeTrial.rounds where !result.places.isEmpty {
            trial.wander = Wander(residuals: trial.residuals(result.places))
            if trial.wander.isNone { break }
            let fewer = trial.pruned(result.places)
            let isSettled = fewer.places == result.places
            result = fewer
            if isSettled { break }
        }
        return result
    }

    private func pruned(_ proposed: [Int]) -> (places: [Int], strengths: [Double]) {
        var places = proposed
        var grades = places.indices.map { grade($0, of: places) }
        while let weakest = grades.indices.min(by: { grades[$0] < grades[$1] }),
            grades[weakest] < Grade(strength: least)
        {
            places.remove(at: weakest)
            grades.remove(at: weakest)
            for neighbour in [weakest - 1, weakest] where places.indices.contains(neighbour) {
                grades[neighbour] = grade(neighbour, of: places)
            }
        }
        return (places, grades.map(\.strength))
    }

    /// What a change is worth. Spikes go first, then what a line explains, then the weak.
    private struct Grade: Comparable {
        var isSpike = false
        var isRamp = false
        var strength: Double

        static func < (left: Grade, right: Grade) -> Bool {
            if left.isSpike != right.isSpike { return left.isSpike }
            if left.isRamp != right.isRamp { return left.isRamp }
            return left.strength < right.strength
        }
    }

    private func grade(_ number: Int, of places: [Int]) -> Grade {
        let place = places[number]
        let start = number == 0 ? 0 : places[number - 1]
        let end = number + 1 < places.count ? places[number + 1] : values.count
        let isSpike =
            number > 0 && place - start < ChangeTrial.shortestLevel
            || number + 1 < places.count && end - place < ChangeTrial.shortestLevel
        let line = StepOrLine(values, deviation: deviations[place], start: start, place: place, end: end)
        return Grade(
            isSpike: isSpike, isRamp: line.isLine(inflation: inflation), strength: strength(start, place, end)
        )
    }

    /// How many standard errors the levels beside `place` lie apart, or as many as their ranks allow for.
    private func strength(_ start: Int, _ place: Int, _ end: Int) -> Double {
        let before = values[max(start, place - ChangeTrial.reach)..<place]
        let after = values[place..<min(end, place + ChangeTrial.reach)]
        let (noiseBefore, noiseAfter) = (deviations[place - 1], deviations[place])
        let distance =
            Robust.level(before, deviation: noiseBefore) - Robust.level(after, deviation: noiseAfter)
        let variance = varianceOfMean(noiseBefore, before.count) + varianceOfMean(noiseAfter, after.count)
        return min(
            abs(distance) / variance.squareRoot(),
            ChangeTrial.rankShare * RankEvidence.deviations(before, after))
    }

    private func varianceOfMean(_ deviation: Double, _ count: Int) -> Double {
        deviation * deviation / Double(count) * max(inflation, wander.inflation(ofMeanOver: count))
    }

    /// What is left without the levels, in deviations and never far off.
    private func residuals(_ places: [Int]) -> [Double] {
        let edges = [0] + places + [values.count]
        return zip(edges, edges.dropFirst()).flatMap { start, end in
            let level = Robust.level(values[start..<end], deviation: deviations[(start + end) / 2])
            return (start..<end).map { min(max((values[$0] - level) / deviations[$0], -4), 4) }
        }
    }
}
