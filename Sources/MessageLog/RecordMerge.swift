internal import Runtime

/// Records that were read and not handed out yet, by topic partition; hands them out merged by time.
struct RecordMerge {
    private var waiting: [TopicPartition: ArraySlice<LogRecord>] = [:]

    /// Whether nothing of `partition` is waiting.
    func isEmpty(_ partition: TopicPartition) -> Bool { waiting[partition] == nil }

    mutating func add(_ records: [LogRecord], of partition: TopicPartition) {
        if !records.isEmpty { waiting[partition] = records[...] }
    }

    mutating func drop(_ partition: TopicPartition) { waiting[partition] = nil }

    /// The next records: in order within each topic partition, otherwise by time, ties in the order of the names.
    mutating func take(_ limit: ReadLimit) -> [LogRecord] {
        var sources = waiting.sorted { ($0.key.topic, $0.key.partition) < ($1.key.topic, $1.key.partition) }
            .map(\.value)
        var heads = sources.map { RecordMerge.time(of: $0) }
        var taken: [LogRecord] = []
        var bytes = 0
        while taken.count < limit.records, bytes < limit.bytes || taken.isEmpty {
            var next = 0
            for index in heads.indices where heads[index] < heads[next] { next = index }
            guard next < sources.count, let record = sources[next].popFirst() else { break }
            heads[next] = RecordMerge.time(of: sources[next])
            bytes += record.value?.count ?? 0
            taken.append(record)
        }
        waiting = [:]
        for rest in sources { if let first = rest.first { waiting[first.position.partition] = rest } }
        return taken
    }

    /// The time of the first record; the end of time when there is none.
    private static func time(of records: ArraySlice<LogRecord>) -> Int64 {
        records.first?.time.milliseconds ?? .max
    }
}
