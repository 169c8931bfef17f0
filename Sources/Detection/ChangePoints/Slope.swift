/// A series that creeps in one direction: many steps to whoever knows only levels.
struct Slope {
    var values: [Double]
    var deviations: [Double]
    var inflation: Double

    /// How many of the proposed steps are believed to be steps, one time after the other, while a slope is looked for.
    private static let mostKept = 3
    /// How many values beside a step tell how high it is.
    private static let beside = 20
    /// A stretch with fewer values tells nothing of a slope.
    private static let fewest = 4
    /// How many deviations from its level a value counts as being away at most.
    private static let reach = 3.0

    /// None of the changes, the highest step, the two highest, …
    func strongest(of places: [Int]) -> [[Int]] {
        let heights = places.indices.map { height(places, $0) }
        let ranked = places.indices.sorted { heights[$0] > heights[$1] }
        return (0...min(Slope.mostKept, places.count)).map { kept in
            ranked.prefix(kept).map { places[$0] }.sorted()
        }
    }

    /// The common slope inside the levels that begin at `places`, after `tilt` was taken out; nil where it is not clearly one.
    func inside(_ places: [Int], beyond tilt: Double) -> Double? {
        var (product, square) = (0.0, 0.0)
        let edges = [0] + places + [values.count]
        for (start, end) in zip(edges, edges.dropFirst()) where end - start >= Slope.fewest {
            let rest = (start..<end).map { values[$0] - tilt * Double($0) }
            let level = Robust.median(rest)
            let deviation = deviations[(start + end) / 2]
            let (most, weight) = (Slope.reach * deviation, 1 / (deviation * deviation))
            for (index, value) in rest.enumerated() {
                let distance = Double(index) - Double(end - start - 1) / 2
                product += weight * distance * min(max(value - level, -most), most)
                square += weight * distance * distance
            }
        }
        guard square > 0, abs(product) > 2 * (inflation * square).squareRoot() else { return nil }
        return product / square
    }

    private func height(_ places: [Int], _ number: Int) -> Double {
        let place = places[number]
        let start = max(number == 0 ? 0 : places[number - 1], place - Slope.beside)
        let end = min(number + 1 < places.count ? places[number + 1] : values.count, place + Slope.beside)
        return abs(
            Robust.level(values[start..<place], deviation: deviations[place - 1])
                - Robust.level(values[place..<end], deviation: deviations[place]))
    }
}
