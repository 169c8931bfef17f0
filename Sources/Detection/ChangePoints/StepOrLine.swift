/// Whether what looks like a step is a straight line in truth.
struct StepOrLine {
    /// So many values on each side are looked at at most, and no fewer.
    private static let reach = 60
    private static let fewest = 6
    /// How many deviations from its level a value counts as being away at most.
    private static let most = 3.0
    /// By so much the line has to fit better, in squared deviations: a step is not given up for chance.
    private static let margin = 2.0

    /// By how much the line fits better than the step, in squared deviations; nil where there are too few values to tell.
    private let advantage: Double?

    init(_ values: [Double], deviation: Double, start: Int, place: Int, end: Int) {
        let before = values[max(start, place - StepOrLine.reach)..<place]
        let after = values[place..<min(end, place + StepOrLine.reach)]
        guard min(before.count, after.count) >= StepOrLine.fewest else {
            advantage = nil
            return
        }
        let most = StepOrLine.most * deviation
        // Distances from the step, then the same values for the line: what is far off counts the same for both.
        var (points, step) = ([Double](), 0.0)
        for side in [before, after] {
            let level = Robust.level(side, deviation: deviation)
            for value in side {
                let distance = min(max(value - level, -most), most)
                step += distance * distance
                points.append(level + distance)
            }
        }
        advantage = (step - StepOrLine.squaresAroundLine(points)) / (deviation * deviation)
    }

    func isLine(inflation: Double) -> Bool {
        advantage.map { $0 > StepOrLine.margin * inflation } ?? false
    }

    /// The least sum of squares around a straight line.
    private static func squaresAroundLine(_ points: [Double]) -> Double {
        let count = Double(points.count)
        let mean = points.reduce(0, +) / count
        var (product, square, total) = (0.0, 0.0, 0.0)
        for (index, value) in points.enumerated() {
            let x = Double(index) - (count - 1) / 2
            product += x * (value - mean)
            square += x * x
            total += (value - mean) * (value - mean)
        }
        return total - product * product / square
    }
}
