internal import MessageLog
internal import Runtime
internal import SQLite

extension Tables {
    /// Checks everything about `records` that can be refused, and gives the topic and the partition of each.
    func places(of records: [NewRecord]) throws(Failure) -> [(Topic, Int)] {
        var places: [(Topic, Int)] = []
        places.reserveCapacity(records.count)
        for record in records {
            do throws(MessageLogError) { try record.checkSize() } catch { throw .refused(error) }
            let topic = try topic(record.topic)
            places.append(
                (topic, Partitioner.partition(of: record.key, among: topic.configuration.partitions)))
        }
        return places
    }

    /// Appends `records`, to places that were checked. Inside a transaction.
    func append(
        _ records: [NewRecord], to places: [(Topic, Int)], at time: Timestamp
    ) throws(Failure) -> [RecordPosition] {
        var positions: [RecordPosition] = []
        positions.reserveCapacity(records.count)
        for (record, (topic, partition)) in zip(records, places) {
            let first = topic.position(partition, 0)
            let offset: Int64
            if let next = ends[first] { offset = next } else { offset = try end(of: first) }
            ends[first] = offset + 1
            try attempt { () throws(SQLiteError) in
                try insert(record, topic, topic.position(partition, offset), time)
            }
            positions.append(
                RecordPosition(partition: .init(topic: topic.name, partition: partition), offset: offset))
        }
        return positions
    }

    private func insert(
        _ record: NewRecord, _ topic: Topic, _ position: PackedPosition, _ time: Timestamp
    ) throws(SQLiteError) {
        let headers = RecordCoding.encode(record.headers)
        var key = record.key
        let checksum = key.withUTF8 { key in
            (headers ?? []).withUnsafeBytes { headers in
                func checksum(_ value: UnsafeRawBufferPointer?) -> Int64 {
                    RecordCoding.checksum(
                        topic: topic.seed, position, time: time.milliseconds,
                        key: UnsafeRawBufferPointer(key),
                        headers: headers, value: value)
                }
                return record.value?.withUnsafeBytes { checksum($0) } ?? checksum(nil)
            }
        }
        try insertRecord.run(position.number, time.milliseconds, checksum, key, headers, record.value)
    }

    /// The offset that the next record of the partition at `first` gets.
    func end(of first: PackedPosition) throws(Failure) -> Int64 {
        let newest = try attempt { () throws(SQLiteError) in
            try database.first(
                "SELECT position FROM record WHERE position BETWEEN ? AND ? ORDER BY position DESC LIMIT 1",
                first.number, first.last.number
            ) { $0.integer(0) }
        }
        return newest.map { PackedPosition(number: $0).offset + 1 } ?? 0
    }

    /// The first offset that is there, and the end.
    func range(of partition: TopicPartition) throws(Failure) -> Range<Int64> {
        let first = try topic(of: partition).position(partition.partition, 0)
        let end = try end(of: first)
        return (try start(of: first) ?? end)..<end
    }

    private func start(of first: PackedPosition) throws(Failure) -> Int64? {
        let oldest = try attempt { () throws(SQLiteError) in
            try database.first(
                "SELECT position FROM record WHERE position BETWEEN ? AND ? ORDER BY position LIMIT 1",
                first.number, first.last.number
            ) { $0.integer(0) }
        }
        return oldest.map { PackedPosition(number: $0).offset }
    }

    /// Reads from `offset` on. Every record is checked; one that is not what was written ends the reading, and is thrown when it would be the
    /// first.
    func read(
        _ partition: TopicPartition, from offset: Int64, limit: ReadLimit
    ) throws(Failure) -> [LogRecord] {
        let topic = try topic(of: partition)
        let start = topic.position(partition.partition, max(offset, 0))
        var reading = Reading(topic: topic, partition: partition, start: start, limit: limit)
        // The record before is asked for too: where it is there, nothing is missing between it and the first one.
        let from = start.offset == 0 ? start.number : start.number - 1
        let most = limit.records == .max ? limit.records : limit.records + 1
        do throws(SQLiteError) {
            try selectRecords.forEach(from, start.last.number, most, mapError: { $0 }) {
                (row: borrowing Row) throws(SQLiteError) in reading.take(row)
            }
        } catch {
            guard reading.records.isEmpty else { return reading.records }
            throw error.isCorrupt ? .refused(unreadable(reading.next, error)) : .failed(error)
        }
        try check(reading, from: start)
        return reading.records
    }

    /// Throws when a reading that got no records met damage, or began beyond the end, or when it passed over a hole.
    private func check(_ reading: Reading, from start: PackedPosition) throws(Failure) {
        if reading.records.isEmpty {
            if !reading.sawPrevious || reading.damage != nil { try explain(reading) }
        } else if reading.beganBehindAHole, let oldest = try self.start(of: start.first),
            oldest < start.offset
        {
            // Not the work of retention, which takes everything before.
            throw .refused(missing(RecordPosition(partition: reading.partition, offset: start.offset)))
        }
    }

    /// Decides why nothing came: the end, beyond the end, or damage.
    private func explain(_ reading: Reading) throws(Failure) {
        let position = RecordPosition(partition: reading.partition, offset: reading.next.offset)
        switch reading.damage {
        case .checksum:
            throw .refused(
                MessageLogError(
                    .corrupt,
                    "\(database.path): \(position) is not what was written (its checksum does not match); "
                        + MessageLogError.cure))
        case .hole:
            throw .refused(missing(position))
        case nil:
            let end = try end(of: reading.next.first)
            guard reading.next.offset > end else { return }
            throw .refused(
                MessageLogError(
                    .offsetOutOfRange,
                    "read \(position.partition) from \(position.offset): it ends at \(end)"))
        }
    }

    private func missing(_ position: RecordPosition) -> MessageLogError {
        MessageLogError(
            .corrupt,
            "\(database.path): \(position) is missing, though records before and after it are there; "
                + MessageLogError.cure)
    }

    private func unreadable(_ next: PackedPosition, _ error: SQLiteError) -> MessageLogError {
        let topic = topicsByID.first { $0.id == next.topic }?.name ?? "topic \(next.topic)"
        return MessageLogError(
            .corrupt,
            "\(database.path): \(topic)/\(next.partition) cannot be read from offset \(next.offset) on "
                + "(\(error.message)); \(MessageLogError.cure)")
    }
}
