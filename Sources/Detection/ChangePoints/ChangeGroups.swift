/// Changes in several series that have one cause: those of one benchmark's metrics after one commit.
package enum ChangeGroups {
    /// Changes that belong together.
    package struct Group: Equatable, Sendable {
        /// The first run of the new levels, as most of the evidence has it.
        package var index: Int
        /// Which series changed, by their places in what was given.
        package var series: [Int]
        /// The change of each of them, in the same order, as its own series shows it.
        package var changes: [ChangePoint]
    }

    /// Changes further apart than so many runs have two causes.
    package static let reach = 2

    /// Puts changes together, those with the most evidence first. Each change is in one group, and a series at most once in a group.
    ///
    /// - Parameter changes: the changes of each series, by their place. Equal indices mean the same run.
    /// - Returns: the groups by their place.
    package static func groups(of changes: [[ChangePoint]]) -> [Group] {
        var left = changes
        var groups: [Group] = []
        while let index = heaviest(left) {
            var group = Group(index: index, series: [], changes: [])
            for series in left.indices {
                let near = left[series].indices.filter { abs(left[series][$0].index - index) <= reach }
                guard
                    let nearest = near.min(by: {
                        distance(left[series][$0], index) < distance(left[series][$1], index)
                    })
                else { continue }
                group.series.append(series)
                group.changes.append(left[series].remove(at: nearest))
            }
            groups.append(group)
        }
        return groups.sorted { $0.index < $1.index }
    }

    /// The changes with each where its group is.
    package static func aligned(_ changes: [[ChangePoint]]) -> [[ChangePoint]] {
        var result = [[ChangePoint]](repeating: [], count: changes.count)
        for group in groups(of: changes) {
            for (series, change) in zip(group.series, group.changes) {
                var change = change
                change.index = group.index
                result[series].append(change)
            }
        }
        return result.map { $0.sorted { $0.index < $1.index } }
    }

    /// The place that most of the evidence is for: a change counts where it is, and less the further away.
    private static func heaviest(_ changes: [[ChangePoint]]) -> Int? {
        var weights: [Int: Double] = [:]
        for change in changes.joined() {
            for place in (change.index - reach)...(change.index + reach) {
                weights[place, default: 0] += change.strength / Double(1 + abs(change.index - place))
            }
        }
        let candidates = Set(changes.joined().map(\.index))
        return weights.filter { candidates.contains($0.key) }
            .max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
    }

    private static func distance(_ change: ChangePoint, _ index: Int) -> Int { abs(change.index - index) }
}
