internal import Runtime

/// Offsets of records that changed nothing: they wait a moment for a commit that is made anyway.
struct LazyOffsets {
    /// The next offset to take, by partition and topic.
    private(set) var offsets: [Int: [String: Int64]] = [:]
    /// When they are committed at the latest; nil when none wait.
    private(set) var due: Timestamp?

    mutating func add(_ more: [Int: [String: Int64]], due time: Timestamp) {
        if more.isEmpty { return }
        for (partition, topics) in more { offsets[partition, default: [:]].merge(topics) { max($0, $1) } }
        due = due ?? time
    }

    mutating func clear() {
        self = LazyOffsets()
    }

    mutating func drop(_ partitions: Set<Int>) {
        for partition in partitions { offsets[partition] = nil }
        if offsets.isEmpty { due = nil }
    }
}
