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
        zip(places, try place(records, in: places, at: time)).map { place, written in
            RecordPosition(
                partition: .init(topic: place.0.name, partition: place.1),
                offset: PackedPosition(number: written.position).offset)
        }
    }

    /// The same, and says by what each record can be known.
    func place(
        _ records: [NewRecord], in places: [(Topic, Int)], at time: Timestamp
    ) throws(Failure) -> [Seats.Place] {
        // First, for a damaged partition refuses them: nothing of them may be written then.
        for (topic, partition) in places {
            let first = topic.position(partition, 0)
            if ends[first] == nil { ends[first] = try end(of: first) }
            written.insert(News.place(topic: topic.seed, partition))
        }
        var placed: [Seats.Place] = []
        placed.reserveCapacity(records.count)
        for (record, (topic, partition)) in zip(records, places) {
            let first = topic.position(partition, 0)
            let offset = ends[first] ?? 0
            ends[first] = offset + 1
            placed.append(
                try attempt { () throws(SQLiteError) in
                    try insert(record, topic, topic.position(partition, offset), time)
                })
        }
        return placed
    }

    /// Writes a record to its place, which is empty.
    func insert(
        _ record: NewRecord, _ topic: Topic, _ position: PackedPosition, _ time: Timestamp
    ) throws(SQLiteError) -> Seats.Place {
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
        return Seats.Place(position: position.number, checksum: checksum)
    }

    /// The offset that the next record of the partition at `first` gets. It never goes back: not behind the seal, nor behind what this connection
    /// has seen.
    func end(of first: PackedPosition) throws(Failure) -> Int64 {
        let newest = try attempt { () throws(SQLiteError) in
            try database.first(
                "SELECT position FROM record WHERE position BETWEEN ? AND ? ORDER BY position DESC LIMIT 1",
                first.number, first.last.number
            ) { $0.integer(0) }
        }
        let end = newest.map { PackedPosition(number: $0).offset + 1 } ?? 0
        let least: Int64
        if let seen = leastEnds[first] { least = seen } else { least = try sealedEnd(of: first) }
        guard end >= least else {
            let name = topicsByID.first { $0.id == first.topic }?.name ?? "topic \(first.topic)"
            throw .refused(
                missing(
                    RecordPosition(
                        partition: TopicPartition(topic: name, partition: first.partition), offset: end)))
        }
        leastEnds[first] = end
        return end
    }

    private func sealedEnd(of first: PackedPosition) throws(Failure) -> Int64 {
        guard let topic = topicsByID.first(where: { $0.id == first.topic }) else { return 0 }
        return try seal(of: topic, first.partition).next
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
    /// first. Whoever reads a compacted partition from its beginning gets all of what compaction has left, or an error.
    func read(
        _ partition: TopicPartition, from offset: Int64, limit: ReadLimit
    ) throws(Failure) -> [LogRecord] {
        let topic = try topic(of: partition)
        if topic.configuration.cleanup == .compact {
            let first = topic.position(partition.partition, 0)
            if try start(of: first) ?? 0 >= offset { try checkSeal(of: topic, partition.partition) }
            try checkWay(to: topic.position(partition.partition, max(offset, 0)), partition)
        }
        return try records(of: partition, from: offset, limit: limit)
    }

    /// Throws when the tree leads past records: then the one before `position` is none before it. Where holes are allowed nothing else would tell.
    private func checkWay(to position: PackedPosition, _ partition: TopicPartition) throws(Failure) {
        let before = try attempt { () throws(SQLiteError) in
            try database.first(
                "SELECT position FROM record WHERE position < ? ORDER BY position DESC LIMIT 1",
                position.number
            ) { $0.integer(0) }
        }
        guard let before, before >= position.number else { return }
        throw .refused(missing(RecordPosition(partition: partition, offset: position.offset)))
    }

    /// The same, for whoever wants what is there though more should be.
    func records(
        of partition: TopicPartition, from offset: Int64, limit: ReadLimit
    ) throws(Failure) -> [LogRecord] {
        let topic = try topic(of: partition)
        let start = topic.position(partition.partition, max(offset, 0))
        var reading = Reading(
            topic: topic, partition: partition, start: start, limit: limit,
            compactedBefore: topic.configuration.cleanup == .compact
                ? try seal(of: topic, partition.partition).next : 0)
        do throws(SQLiteError) {
            try selectRecords.forEach(start.number, start.last.number, limit.records, mapError: { $0 }) {
                (row: borrowing Row) throws(SQLiteError) in reading.take(row)
            }
        } catch {
            guard reading.records.isEmpty else { return reading.records }
            throw error.isCorrupt ? .refused(unreadable(reading.next, error)) : .failed(error)
        }
        try check(reading)
        return reading.records
    }

    /// Throws when a reading that got no records met damage, or began beyond the end, or when it passed over a hole.
    private func check(_ reading: Reading) throws(Failure) {
        if reading.records.isEmpty { return try explain(reading) }
        guard reading.beganBehindAHole, let first = reading.records.first else { return }
        let seal = try seal(of: reading.topic, reading.partition.partition)
        if first.offset <= seal.start { return }
        throw .refused(
            missing(RecordPosition(partition: reading.partition, offset: max(reading.asked, seal.start))))
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
                        + MessageLogError.cure(position), at: position))
        case .hole:
            throw .refused(missing(position))
        case nil:
            let end = try end(of: reading.next.first)
            if reading.next.offset == end || reading.limit.records == 0 { return }
            // The newest record always stays: whoever is before the end gets one, unless the way to it is damaged.
            if reading.next.offset < end { throw .refused(missing(position)) }
            throw .refused(
                MessageLogError(
                    .offsetOutOfRange,
                    "read \(position.partition) from \(position.offset): it ends at \(end)"))
        }
    }

    func missing(_ position: RecordPosition) -> MessageLogError {
        MessageLogError(
            .corrupt,
            "\(database.path): \(position) is missing, though nothing has removed it; "
                + MessageLogError.cure(position), at: position)
    }

    func unreadable(_ next: PackedPosition, _ error: SQLiteError) -> MessageLogError {
        let topic = topicsByID.first { $0.id == next.topic }?.name ?? "topic \(next.topic)"
        let position = RecordPosition(
            partition: TopicPartition(topic: topic, partition: next.partition), offset: next.offset)
        return MessageLogError(
            .corrupt,
            "\(database.path): \(topic)/\(next.partition) cannot be read from offset \(next.offset) on "
                + "(\(error.message)); \(MessageLogError.cure(position))", at: position)
    }
}
