/// One look at a stretch of values: what moves it besides its level is taken out, levels are proposed, and each change is tried.
struct SeriesAnalysis {
    /// A change at a place in the stretch, with the levels around it and how far apart they are in standard errors.
    struct Change {
        var place: Int
        var before: Double
        var after: Double
        var strength: Double
    }

    private let raw: [Double]
    /// Without the season.
    private let values: [Double]
    private let deviations: [Double]
    /// Of the variance of means, from what the noise remembers.
    private let inflation: Double
    private let limits: DetectionLimits

    /// What is left of the noise without the season is at least this share of it: a season is never known more exactly.
    private static let leastLeft = 0.02

    init(_ series: StandardSeries, _ limits: DetectionLimits) {
        raw = series.values
        let roughly = NoiseScale.deviations(of: raw)
        let season = Season(of: raw, roughly)
        values = season?.removed(from: raw) ?? raw
        let fine = season == nil ? roughly : NoiseScale.deviations(of: values)
        deviations = zip(fine, roughly).map {
            max($0, SeriesAnalysis.leastLeft * $1, series.resolution)
        }
        inflation = Wander.inflation(of: values, deviations)
        self.limits = limits
    }

    func changes() -> [Change] {
        guard let flat = segmentation(of: values), !flat.changes.isEmpty else { return [] }
        let (steady, places) = withoutSlope(flat)
        let trial = ChangeTrial(
            values: steady, deviations: deviations, inflation: inflation, least: limits.strength)
        let (kept, strengths) = trial.surviving(places)
        return levels(between: kept, strengths)
    }

    private func segmentation(of values: [Double], limit: Double = .infinity) -> RobustSegmentation? {
        let deviations = inflation == 1 ? deviations : deviations.map { $0 * inflation.squareRoot() }
        return RobustSegmentation(values, deviations, penalty: limits.penalty, limit: limit)
    }

    /// What a slope has to spare in cost, for its being there to be believed.
    private static let slopePenalty = 10.0
    /// By how much the first try at a slope may cost more than the best so far: a better one may follow.
    private static let slopePatience = 40.0

    /// The values without the slope that makes them cheapest to divide, and their changes. The values themselves where none does.
    private func withoutSlope(_ flat: RobustSegmentation) -> ([Double], [Int]) {
        var best = (values: values, places: flat.changes, cost: flat.cost - SeriesAnalysis.slopePenalty)
        let slope = Slope(values: values, deviations: deviations, inflation: inflation)
        for kept in slope.strongest(of: flat.changes) {
            var (places, tilt, cost) = (kept, 0.0, Double.infinity)
            // A better slope makes for better levels, and these for a better slope.
            while let further = slope.inside(places, beyond: tilt) {
                tilt += further
                let steady = values.indices.map { values[$0] - tilt * Double($0) }
                let limit = best.cost + SeriesAnalysis.slopePatience
                guard let new = segmentation(of: steady, limit: limit), new.cost < cost else { break }
                (places, cost) = (new.changes, new.cost)
                if cost < best.cost { best = (steady, places, cost) }
            }
        }
        return (best.values, best.places)
    }

    /// The levels are those of the series as it is, with its slope and season.
    private func levels(between places: [Int], _ strengths: [Double]) -> [Change] {
        let edges = [0] + places + [raw.count]
        let levels = zip(edges, edges.dropFirst()).map { start, end in
            Robust.level(raw[start..<end], deviation: deviations[start])
        }
        return places.indices.map {
            Change(place: places[$0], before: levels[$0], after: levels[$0 + 1], strength: strengths[$0])
        }
    }
}
