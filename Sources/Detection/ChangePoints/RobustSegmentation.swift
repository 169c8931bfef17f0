/// Divides values into levels at the least cost, with a loss that is bounded: a few far-off values cannot buy a level of their own.
///
/// Minimises Σ min(((x - level) / deviation)², bound) + penalty·(levels - 1) exactly, by functional pruning: the cost of the best division so far is kept
/// as a function of the newest level, in pieces of parabolas, and takes in one value at a time (Maidstone, Hocking, Rigaill and Fearnhead 2017,
/// "On optimal multiple changepoint algorithms for large data", Statistics and Computing 27; with this loss Fearnhead and Rigaill 2019,
/// "Changepoint detection in the presence of outliers", JASA 114).
struct RobustSegmentation {
    /// From here on a value is as far away as any other, in squared deviations.
    private static let bound = 10.0

    /// Where the levels of the best division begin, without the first.
    let changes: [Int]
    /// The cost of the best division.
    let cost: Double

    /// nil where the cost exceeds `limit`, which is found out on the way.
    init?(_ values: [Double], _ deviations: [Double], penalty: Double, limit: Double = .infinity) {
        var cost = LevelCost(from: values.min() ?? 0, to: values.max() ?? 0)
        // For each value taken in, where the newest level of the best division began at that time.
        var starts: [Int] = []
        starts.reserveCapacity(values.count)
        var best = LevelCost.Best(cost: 0, start: 0)
        for (value, deviation) in zip(values, deviations) {
            let loss = LevelCost.Loss(
                value: value, weight: 1 / (deviation * deviation),
                reach: RobustSegmentation.bound.squareRoot() * deviation, bound: RobustSegmentation.bound)
            let fresh = starts.isEmpty ? .infinity : best.cost + penalty
            best = cost.take(loss, orNewLevelAt: starts.count, costing: fresh)
            if best.cost > limit { return nil }
            starts.append(best.start)
        }
        self.cost = best.cost
        changes = RobustSegmentation.changes(starts)
    }

    /// Follows the newest level's beginning back to that of the level before, and so on.
    private static func changes(_ starts: [Int]) -> [Int] {
        var changes: [Int] = []
        var end = starts.count
        while end > 0 {
            end = starts[end - 1]
            if end > 0 { changes.append(end) }
        }
        return changes.reversed()
    }
}
