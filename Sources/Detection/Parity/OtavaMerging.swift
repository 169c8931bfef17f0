/// What Otava does with the proposed changes: the weakest goes, its right neighbour is tested anew, until none is weak.
///
/// The left neighbour ought to be tested anew as well. Otava 0.8.0 means to, and tests the wrong one: it counts on from the place in its list from
/// which the weakest has just been removed. Which changes stand depends on it, and so it is kept; the levels told in the end are those there are.
struct OtavaMerging {
    struct Change {
        var index: Int
        var before: Double
        var after: Double
        /// Student's t between the two.
        var statistic: Double
    }

    private var places: [Int]
    /// What lies between them; one more than there are places. Unused ones stay where they are.
    private var stretches: [Moments]
    /// The neighbour on the left and on the right of each place that still stands.
    private var previous: [Int]
    private var next: [Int]
    private var tests: [OtavaTest]
    private var isGone: [Bool]

    init(_ series: [Double], _ places: [Int]) {
        let edges = [0] + places + [series.count]
        let stretches = zip(edges, edges.dropFirst()).map { Moments(series[$0..<$1]) }
        self.places = places
        self.stretches = stretches
        previous = places.indices.map { $0 - 1 }
        next = places.indices.map { $0 + 1 }
        tests = places.indices.map { OtavaTest(stretches[$0], stretches[$0 + 1]) }
        isGone = [Bool](repeating: false, count: places.count)
    }

    /// The changes that stand.
    var changes: [Change] {
        places.indices.filter { !isGone[$0] }.map { place in
            let test = test(at: place)
            return Change(
                index: places[place], before: test.before, after: test.after, statistic: test.statistic)
        }
    }

    /// Of the stretches beside a place as they are now; the stretch that begins at a place has its number plus one, the first begins at none.
    private func test(at place: Int) -> OtavaTest {
        OtavaTest(stretches[previous[place] + 1], stretches[place + 1])
    }

    /// First the least sure go, then the smallest. Whoever is looked for is on top of a tournament: each round costs the logarithm of their number.
    mutating func dropWeak(maximumPValue: Double, minimumMagnitude: Double) {
        var unsure = Tournament(tests.map(\.pValue))
        var small = Tournament(tests.map { -$0.magnitude })
        while let leastSure = unsure.winner, let smallest = small.winner {
            let isUnsure = tests[leastSure].pValue >= maximumPValue
            guard isUnsure || tests[smallest].magnitude <= minimumMagnitude else { return }
            let weakest = isUnsure ? leastSure : smallest
            for changed in [weakest, drop(weakest)] where changed < places.count {
                unsure.set(changed, isGone[changed] ? nil : tests[changed].pValue)
                small.set(changed, isGone[changed] ? nil : -tests[changed].magnitude)
            }
        }
    }

    /// Takes a place out.
    ///
    /// - Returns: its right neighbour, tested anew; the number of places where there is none.
    private mutating func drop(_ place: Int) -> Int {
        let (left, right) = (previous[place], next[place])
        isGone[place] = true
        stretches[left + 1] = stretches[left + 1].joined(stretches[place + 1])
        if left >= 0 { next[left] = right }
        if right < places.count {
            previous[right] = left
            tests[right] = test(at: right)
        }
        return right
    }
}

/// Knows the place of the largest number; among equal ones the first.
private struct Tournament {
    private var numbers: [Double]
    /// A binary tree: the winners of each pair, of each pair of pairs, and so on; the first is unused.
    private var winners: [Int]
    private let size: Int

    init(_ numbers: [Double]) {
        size = max(1, numbers.count)
        self.numbers = numbers
        winners = [Int](repeating: 0, count: size) + Array(0..<size)
        if numbers.isEmpty { self.numbers = [-.infinity] }
        for node in stride(from: size - 1, through: 1, by: -1) { decide(node) }
    }

    /// nil where no number is left.
    var winner: Int? {
        let first = winners[1]
        return numbers[first] == -.infinity ? nil : first
    }

    /// nil takes the number out.
    mutating func set(_ place: Int, _ number: Double?) {
        numbers[place] = number ?? -.infinity
        var node = (place + size) / 2
        while node >= 1 {
            decide(node)
            node /= 2
        }
    }

    private mutating func decide(_ node: Int) {
        let (left, right) = (winners[2 * node], winners[2 * node + 1])
        let (low, high) = (min(left, right), max(left, right))
        winners[node] = numbers[high] > numbers[low] ? high : low
    }
}
