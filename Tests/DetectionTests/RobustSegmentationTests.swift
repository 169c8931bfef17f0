import Testing

@testable import Detection

@Suite struct RobustSegmentationTests {
    /// The bound of the loss that the segmentation uses.
    private static let bound = 10.0

    @Test(arguments: 0..<40) func theCostIsTheLeastThatThereIs(seed: UInt64) throws {
        var noise = Noise(seed: seed)
        let count = 3 + Int(seed) % 8
        let values = (0..<count).map { _ in
            noise.normal() * (noise.uniform() < 0.2 ? 9 : 1) + (noise.uniform() < 0.4 ? 5 : 0)
        }
        let deviations = (0..<count).map { _ in 0.5 + noise.uniform() }
        let found = try #require(RobustSegmentation(values, deviations, penalty: 6))
        let (least, changes) = exhaustive(values, deviations, penalty: 6)
        #expect(abs(found.cost - least) < 1e-9)
        #expect(
            abs(cost(of: found.changes, values, deviations, penalty: 6) - least) < 1e-9,
            "\(found.changes) \(changes)")
        #expect(
            RobustSegmentation(values, deviations, penalty: 6, limit: least + 1e-6)?.changes == found.changes)
        #expect(RobustSegmentation(values, deviations, penalty: 6, limit: least - 1e-6) == nil)
    }

    @Test func oneValueFarOffBuysNoLevelButFiveDo() {
        let ones = [Double](repeating: 1, count: 26)
        let noise = (0..<20).map { 0.1 * Double($0 % 3) }
        #expect(RobustSegmentation(noise + [50] + noise.prefix(5), ones, penalty: 14)?.changes == [])
        #expect(RobustSegmentation(noise + [50, 50, 50, 50, 50, 50], ones, penalty: 14)?.changes == [20])
    }

    /// Every division, at its cost.
    private func exhaustive(_ values: [Double], _ deviations: [Double], penalty: Double) -> (Double, [Int]) {
        var best = (Double.infinity, [Int]())
        for mask in 0..<(1 << (values.count - 1)) {
            let changes = (1..<values.count).filter { mask >> ($0 - 1) & 1 == 1 }
            let cost = cost(of: changes, values, deviations, penalty: penalty)
            if cost < best.0 { best = (cost, changes) }
        }
        return best
    }

    private func cost(of changes: [Int], _ values: [Double], _ deviations: [Double], penalty: Double)
        -> Double
    {
        let edges = [0] + changes + [values.count]
        return zip(edges, edges.dropFirst()).reduce(penalty * Double(changes.count)) { sum, edge in
            sum + level(values[edge.0..<edge.1], deviations[edge.0..<edge.1])
        }
    }

    /// The least bounded loss of one level: between two neighbouring ends of reaches the loss is one parabola.
    private func level(_ values: ArraySlice<Double>, _ deviations: ArraySlice<Double>) -> Double {
        let pairs = Array(zip(values, deviations))
        let reach = RobustSegmentationTests.bound.squareRoot()
        let ends = pairs.flatMap { [$0.0 - reach * $0.1, $0.0 + reach * $0.1] }.sorted()
        let candidates = zip(ends, ends.dropFirst()).map { low, high -> Double in
            let near = pairs.filter { abs($0.0 - (low + high) / 2) < reach * $0.1 }
            let weights = near.reduce(0) { $0 + 1 / ($1.1 * $1.1) }
            let mean = near.reduce(0) { $0 + $1.0 / ($1.1 * $1.1) } / weights
            return near.isEmpty ? low : min(max(mean, low), high)
        }
        return candidates.map { at in
            pairs.reduce(0) { sum, pair in
                let distance = (pair.0 - at) / pair.1
                return sum + min(distance * distance, RobustSegmentationTests.bound)
            }
        }.min() ?? 0
    }
}
