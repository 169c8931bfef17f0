internal import Events
internal import MessageLog
internal import Runtime

/// Records of several topics in the order of their times, read in pieces: so that a model that is built anew sees what happened in the order in
/// which it happened.
struct LogFeed {
    /// So much of each partition is held at once: with eight topics of four partitions that is 32 MiB at the very most.
    private static let piece = ReadLimit(records: 500, bytes: 1 << 20)

    private struct Source {
        let partition: TopicPartition
        /// Decides between records of the same millisecond.
        let rank: Int
        /// The next offset to read.
        var next: Int64
        var records: ArraySlice<LogRecord> = []
        /// Whether reading on may give something.
        var mayHaveMore = true
    }

    private var sources: [Source]
    /// Why partitions cannot be read on. The others go on.
    private(set) var damage: [TopicPartition: MessageLogError] = [:]

    /// - Parameter topics: causes before effects, which decides between records of the same time.
    init(topics: [Topic], positions: [TopicPartition: Int64]) {
        let ranks = Dictionary(uniqueKeysWithValues: topics.enumerated().map { ($1.rawValue, $0) })
        sources = positions.map { partition, next in
            Source(partition: partition, rank: ranks[partition.topic] ?? topics.count, next: next)
        }
        sources.sort { ($0.rank, $0.partition.partition) < ($1.rank, $1.partition.partition) }
    }

    /// The next records, at most `limit`; none when the end of the log is reached.
    mutating func next(_ limit: Int, from log: any MessageLog) async throws(MessageLogError) -> [LogRecord] {
        for index in sources.indices { sources[index].mayHaveMore = true }
        var taken: [LogRecord] = []
        while taken.count < limit {
            try await fill(from: log)
            guard let earliest = earliest, let record = sources[earliest].records.popFirst() else { break }
            taken.append(record)
        }
        return taken
    }

    /// Reads on where nothing is left of what was read before. Effects first: what caused a record that is read here was published before it, so
    /// it is found when its own topic is read after this.
    private mutating func fill(from log: any MessageLog) async throws(MessageLogError) {
        for index in sources.indices.reversed()
        where sources[index].records.isEmpty && sources[index].mayHaveMore {
            let source = sources[index]
            let records = try await read(source, from: log)
            sources[index].records = records[...]
            sources[index].mayHaveMore = !records.isEmpty
            if let last = records.last { sources[index].next = last.offset + 1 }
        }
    }

    /// What comes next in a source; nothing where it is damaged.
    private mutating func read(
        _ source: Source, from log: any MessageLog
    ) async throws(MessageLogError) -> [LogRecord] {
        do throws(MessageLogError) {
            let records = try await log.read(source.partition, from: source.next, limit: LogFeed.piece)
            damage[source.partition] = nil
            return records
        } catch {
            guard error.position != nil else { throw error }
            damage[source.partition] = error
            return []
        }
    }

    private var earliest: Int? {
        var best: Int?
        for index in sources.indices {
            guard let record = sources[index].records.first else { continue }
            guard let current = best, let other = sources[current].records.first else {
                best = index
                continue
            }
            if (record.time, sources[index].rank, record.partition)
                < (other.time, sources[current].rank, other.partition)
            {
                best = index
            }
        }
        return best
    }
}
