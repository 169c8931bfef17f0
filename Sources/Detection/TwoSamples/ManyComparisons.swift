/// Corrections for looking at many metrics: the more are compared, the more look different by chance.
///
/// What goes in is a p-value for each metric, nil for one without; what comes out stands at the same places and is held against the same limit as
/// before. The order of the metrics does not matter.
package enum ManyComparisons {
    /// Holm (1979): with these below 5 %, there is a false one among all of them in at most 5 % of the cases, however the metrics depend on each other.
    package static func holm(_ pValues: [Double?]) -> [Double?] {
        adjusted(pValues) { sorted in
            var largest = 0.0
            return sorted.indices.map { rank in
                largest = max(largest, Double(sorted.count - rank) * sorted[rank])
                return largest
            }
        }
    }

    /// Benjamini and Hochberg (1995): of those that are below 5 %, at most 5 % are false on average, where the metrics are independent or move together.
    package static func benjaminiHochberg(_ pValues: [Double?]) -> [Double?] {
        adjusted(pValues) { sorted in
            var least = Double.infinity
            return sorted.indices.reversed().map { rank in
                least = min(least, Double(sorted.count) / Double(rank + 1) * sorted[rank])
                return least
            }.reversed()
        }
    }

    /// What is no probability counts as no p-value.
    private static func adjusted(_ pValues: [Double?], by method: ([Double]) -> [Double]) -> [Double?] {
        let known = pValues.indices.compactMap { index in
            pValues[index].flatMap { (0...1).contains($0) ? (index: index, value: $0) : nil }
        }.sorted { $0.value < $1.value }
        var adjusted = [Double?](repeating: nil, count: pValues.count)
        for (place, value) in zip(known, method(known.map(\.value))) { adjusted[place.index] = min(1, value) }
        return adjusted
    }
}
