internal import MessageLog
internal import Runtime
internal import SQLite

extension Tables {
    /// The most records that are given up at once; a page holds fewer.
    private static let mostPassedOver: Int64 = 10_000

    /// Puts tombstones where reading cannot go on, and says what was there; nil where nothing is wrong. Inside a transaction.
    func passOver(_ position: RecordPosition, at now: Timestamp) throws(Failure) -> [DamagedRecord]? {
        let (topic, partition) = (try topic(of: position.partition), position.partition.partition)
        let isAccountWrong = try sealProblem(position.partition) != nil
        let offsets = try damagedOffsets(from: position)
        guard isAccountWrong || !offsets.isEmpty else { return nil }
        var damaged: [DamagedRecord] = []
        for offset in offsets {
            damaged.append(try replace(topic.position(partition, offset), topic, position.partition, now))
        }
        if topic.configuration.cleanup == .compact {
            try renewSeal(of: topic, partition)
        }
        for offset in offsets { try checkReplaced(offset, position.partition) }
        return damaged
    }

    /// The offsets from `position` on that cannot be read; none where a record is sound, or may be missing.
    private func damagedOffsets(from position: RecordPosition) throws(Failure) -> Range<Int64> {
        let step = try step(position.partition, from: position.offset)
        guard case .problem(let problem) = step.finding else { return position.offset..<position.offset }
        guard let next = step.next, next - position.offset <= Tables.mostPassedOver else {
            throw .refused(
                MessageLogError(
                    .corrupt,
                    "pass over \(position): nothing, or not enough, behind it can be read; \(problem.message)",
                    at: position))
        }
        return position.offset..<next
    }

    /// Puts a tombstone into one place.
    private func replace(
        _ position: PackedPosition, _ topic: Topic, _ partition: TopicPartition, _ now: Timestamp
    ) throws(Failure) -> DamagedRecord {
        let (content, time) = try content(at: position, topic)
        let (before, after) = try timesAround(position)
        // Between its neighbours', for whoever merges partitions by time.
        let latest = after ?? now.milliseconds
        let likely = min(max(time ?? before ?? latest, before ?? 0), latest)
        let tombstone = NewRecord(
            topic: topic.name, key: content?.key ?? "", headers: ["skipped": "damaged"], value: nil)
        let (first, last) = (topic.position(partition.partition, 0), position.last)
        let taken = try takenByAll(partition)
        return try attempt { () throws(SQLiteError) in
            let isOverwritten =
                try database.first(
                    "SELECT 1 FROM record WHERE position > ? AND position <= ? AND key = ? LIMIT 1",
                    position.number, last.number, tombstone.key
                ) { $0.integer(0) } != nil
            try database.run("DELETE FROM record WHERE position = ?", position.number)
            _ = try insert(tombstone, topic, position, Timestamp(milliseconds: likely))
            // Who waits before it can go on.
            written.insert(News.place(topic: topic.seed, partition.partition))
            ends[first] = nil
            let isState = topic.configuration.cleanup == .compact
            return DamagedRecord(
                position: RecordPosition(partition: partition, offset: position.offset), content: content,
                isMissed: isState ? !isOverwritten : taken.map { $0 <= position.offset } ?? false)
        }
    }

    /// What is in a place, and the time that it claims.
    private func content(
        at position: PackedPosition, _ topic: Topic
    ) throws(Failure) -> (DamagedRecord.Content?, Int64?) {
        let row = try attempt { () throws(SQLiteError) in
            try database.first(
                "SELECT time, CAST(key AS BLOB), value FROM record WHERE position = ?", position.number
            ) {
                (
                    $0.integer(0), Array($0.unsafeBytes(1)),
                    $0.isNull(2) ? nil : Array($0.unsafeBytes(2))
                )
            }
        }
        guard let (time, key, value) = row else { return (nil, nil) }
        let text = String(validating: key, as: UTF8.self).flatMap { text in
            let count = topic.configuration.partitions
            return Partitioner.partition(of: text, among: count) == position.partition ? text : nil
        }
        return (DamagedRecord.Content(key: text, value: value), time)
    }

    /// The times of the records before and behind a place.
    private func timesAround(_ position: PackedPosition) throws(Failure) -> (before: Int64?, after: Int64?) {
        try attempt { () throws(SQLiteError) in
            let before = try database.first(
                "SELECT time FROM record WHERE position < ? AND position >= ? ORDER BY position DESC LIMIT 1",
                position.number, position.first.number
            ) { $0.integer(0) }
            let after = try database.first(
                "SELECT time FROM record WHERE position > ? AND position <= ? ORDER BY position LIMIT 1",
                position.number, position.last.number
            ) { $0.integer(0) }
            return (before, after)
        }
    }

    /// Fails, and so undoes everything, where what was put there does not come back: the tree that leads there is damaged too.
    private func checkReplaced(_ offset: Int64, _ partition: TopicPartition) throws(Failure) {
        let there = try records(of: partition, from: offset, limit: ReadLimit(records: 1)).first
        if there?.offset == offset { return }
        throw .failed(
            SQLiteError(
                .corrupt, message: "nothing can be put in the place of \(partition)@\(offset)",
                path: database.path))
    }
}
