internal import Runtime

/// What retention and compaction may remove.
package enum Cleaner {
    /// A tombstone stays so long, for readers that are a little behind.
    package static let tombstoneStays = Duration.seconds(60)

    /// What stays of a partition's records. The newest one always does: the next offset follows from it.
    ///
    /// - Parameter takenByAll: the first offset that some group has yet to take: it and what follows stay; nil where nobody consumes them.
    static func kept(
        of records: [LogRecord], _ cleanup: TopicConfiguration.Cleanup, takenByAll: Int64?, now: Timestamp
    ) -> [LogRecord] {
        guard let newest = records.last else { return [] }
        switch cleanup {
        case .delete(after: nil): return records
        case .delete(after: let age?):
            // Only from the beginning: what is left has no holes, so that a hole is always damage.
            let end = min(takenByAll ?? .max, newest.offset)
            return Array(records.drop { $0.time + age <= now && $0.offset < end })
        case .compact:
            let last = Dictionary(records.map { ($0.key, $0.offset) }, uniquingKeysWith: max)
            return records.filter { record in
                let isOver = record.value == nil && record.time + tombstoneStays <= now
                return record.offset == newest.offset || (last[record.key] == record.offset && !isOver)
            }
        }
    }
}
