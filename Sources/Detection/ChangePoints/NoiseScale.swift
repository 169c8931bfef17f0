/// How noisy a series is at each of its values. From distances of neighbours, which changes of the level hardly touch.
enum NoiseScale {
    /// So many values around one tell how noisy it is there.
    private static let neighbourhood = 80
    /// The scale is the same for so many values on end.
    private static let step = 16
    /// From so many values on the noise is looked at place by place.
    private static let fewestForPlaces = 60
    /// No place is taken to be quieter than this share of the whole: by chance a stretch of few values looks calm.
    private static let least = 0.2
    /// The mean of normal noise's distances, the longest tenth left out, as a share of its standard deviation, times √2.
    private static let trimmedShare = 0.83 / 0.886

    /// The standard deviation that normal noise of this roughness had, for each value of `y`.
    static func deviations(of y: [Double]) -> [Double] {
        let distances = zip(y, y.dropFirst()).map { abs($0 - $1) }
        let tick = distances.lazy.filter { $0 > 0 }.min() ?? 0
        let whole = deviation(distances[...], tick: tick)
        var result = [Double](repeating: whole, count: y.count)
        guard y.count >= fewestForPlaces else { return result }
        for start in stride(from: 0, to: y.count, by: step) {
            let first = max(0, min(start + step / 2 - neighbourhood / 2, distances.count - neighbourhood))
            let near = distances[first..<min(distances.count, first + neighbourhood)]
            let here = max(deviation(near, tick: tick), least * whole)
            for index in start..<min(start + step, y.count) { result[index] = here }
        }
        return result
    }

    /// The larger of two estimates: the median sees through heavy tails, the trimmed mean sees two modes.
    ///
    /// - Parameter tick: the least distance there is: a clock that counts in ticks has at least the noise of rounding, tick/√12.
    private static func deviation(_ distances: ArraySlice<Double>, tick: Double) -> Double {
        var distances = Array(distances)
        let (count, kept) = (distances.count, max(1, distances.count * 9 / 10))
        let (median, trimmed) = distances.withUnsafeMutableBufferPointer { distances in
            if kept < count { _ = distances.select(kept) }
            let near = UnsafeMutableBufferPointer(rebasing: distances[..<kept])
            let sum = near.reduce(0, +)
            // The middle one of all is among the nearer ones, but where there are so few that it is the last.
            return (count / 2 < kept ? near.select(count / 2) : distances[count / 2], sum)
        }
        let deviation = median * Robust.medianToDeviation / 2.0.squareRoot()
        return max(deviation, trimmed / Double(kept) / trimmedShare, tick / 12.0.squareRoot())
    }
}
