internal import MessageLog
internal import SQLite

/// What must be there of a partition: maintenance, which alone removes records, keeps account of it. Without it a record that a damaged page
/// hides at an end, or anywhere in a compacted partition, would look as if it had been removed.
///
/// Records behind the seal were appended since. They cost no account: nothing has been removed there, so that every hole is damage.
struct Seal: Equatable {
    /// Retention has removed what was before this offset, and nothing else.
    var start: Int64 = 0
    /// The seal covers the records before this offset; the partition does not end before it.
    var next: Int64 = 0
    /// How many records a compacted partition has before `next`, and the sum of their checksums; 0 for others, which have no holes.
    var live: Int64 = 0
    var sum: Int64 = 0

    /// Counts a record in.
    mutating func add(_ checksum: Int64) {
        live += 1
        sum &+= checksum
    }

    /// Counts a removed record out.
    mutating func remove(_ checksum: Int64) {
        live -= 1
        sum &-= checksum
    }
}

extension Tables {
    /// The seal of a partition; one that says nothing where there was no maintenance yet.
    func seal(of topic: Topic, _ partition: Int) throws(Failure) -> Seal {
        let found = try attempt { () throws(SQLiteError) in
            try database.first(
                "SELECT start, next, live, sum, checksum FROM seal WHERE topic = ? AND partition = ?",
                topic.id,
                partition
            ) {
                (
                    Seal(start: $0.integer(0), next: $0.integer(1), live: $0.integer(2), sum: $0.integer(3)),
                    $0.integer(4)
                )
            }
        }
        guard let (seal, checksum) = found else { return Seal() }
        guard checksum == Tables.checksum(of: seal, topic, partition) else {
            throw .refused(
                MessageLogError(
                    .corrupt,
                    "\(database.path): the account of \(topic.name)/\(partition) is not what was written "
                        + "(its checksum does not match); \(MessageLogError.cure)"))
        }
        return seal
    }

    private func write(_ seal: Seal, of topic: Topic, _ partition: Int) throws(Failure) {
        try attempt { () throws(SQLiteError) in
            _ = try database.run(
                """
                INSERT OR REPLACE INTO seal (topic, partition, start, next, live, sum, checksum)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """, topic.id, partition, seal.start, seal.next, seal.live, seal.sum,
                Tables.checksum(of: seal, topic, partition))
        }
    }

    private static func checksum(of seal: Seal, _ topic: Topic, _ partition: Int) -> Int64 {
        RowChecksum.of(topic.name, Int64(partition), seal.start, seal.next, seal.live, seal.sum)
    }

    /// Throws when a compacted partition has not the records that its seal says.
    func checkSeal(of topic: Topic, _ partition: Int) throws(Failure) {
        guard topic.configuration.cleanup == .compact else { return }
        let seal = try seal(of: topic, partition)
        let found = try account(seal, of: topic, partition)
        if found == seal { return }
        let beginning = RecordPosition(
            partition: TopicPartition(topic: topic.name, partition: partition), offset: seal.start)
        throw .refused(
            MessageLogError(
                .corrupt,
                "\(database.path): of \(topic.name)/\(partition) \(found.live) records are there before offset "
                    + "\(seal.next), but \(seal.live) and maybe others were left by compaction; "
                    + MessageLogError.cure(beginning), at: beginning))
    }

    /// Takes what is there of a compacted partition for all that has to be.
    func renewSeal(of topic: Topic, _ partition: Int) throws(Failure) {
        let seal = try account(seal(of: topic, partition), of: topic, partition)
        try write(seal, of: topic, partition)
    }

    /// What a seal up to where `seal` goes would say of the records that are there.
    private func account(_ seal: Seal, of topic: Topic, _ partition: Int) throws(Failure) -> Seal {
        var found = Seal(start: seal.start, next: seal.next)
        var least = topic.position(partition, 0).number
        let end = topic.position(partition, seal.next).number
        do throws(SQLiteError) {
            try database.prepare(Tables.selectChecksums).forEach(
                least, end, Int.max, mapError: { $0 }
            ) { (row: borrowing Row) throws(SQLiteError) in
                let position = row.integer(0)
                // Where the tree is out of order, a row comes up that a reader who asks for its position does not get.
                guard position >= least, position < end else { return false }
                least = position + 1
                found.add(row.integer(1))
                return true
            }
        } catch {
            throw error.isCorrupt
                ? .refused(unreadable(PackedPosition(number: least), error)) : .failed(error)
        }
        return found
    }

    private static let selectChecksums =
        "SELECT position, checksum FROM record WHERE position >= ? AND position < ? ORDER BY position LIMIT ?"

    /// Seals up to `count` more records; whether that was all.
    func extendSeal(of partition: TopicPartition, by count: Int) throws(Failure) -> Bool {
        let topic = try topic(of: partition)
        var seal = try seal(of: topic, partition.partition)
        let end = try end(of: topic.position(partition.partition, 0))
        if seal.next == end { return true }
        if topic.configuration.cleanup == .compact {
            let more = try attempt { () throws(SQLiteError) in
                try database.query(
                    Tables.selectChecksums, topic.position(partition.partition, seal.next).number,
                    topic.position(partition.partition, end).number, count
                ) { (PackedPosition(number: $0.integer(0)).offset, $0.integer(1)) }
            }
            for (offset, checksum) in more {
                guard offset == seal.next else {
                    throw .refused(missing(RecordPosition(partition: partition, offset: seal.next)))
                }
                seal.add(checksum)
                seal.next += 1
            }
        } else {
            seal.next = end
        }
        try write(seal, of: topic, partition.partition)
        return seal.next == end
    }

    /// Removes everything up to `offset`, and says so in the seal.
    func remove(_ partition: TopicPartition, through offset: Int64) throws(Failure) {
        let topic = try topic(of: partition)
        var seal = try seal(of: topic, partition.partition)
        seal.start = max(seal.start, offset + 1)
        let (first, last) = (
            topic.position(partition.partition, 0), topic.position(partition.partition, offset)
        )
        try attempt { () throws(SQLiteError) in
            _ = try database.run(
                "DELETE FROM record WHERE position BETWEEN ? AND ?", first.number, last.number)
        }
        try write(seal, of: topic, partition.partition)
    }

    /// Removes single records that the seal covers, and counts them out of it.
    func remove(_ offsets: [Int64], of partition: TopicPartition) throws(Failure) {
        let topic = try topic(of: partition)
        var seal = try seal(of: topic, partition.partition)
        for offset in offsets where offset < seal.next {
            let position = topic.position(partition.partition, offset)
            let removed = try attempt { () throws(SQLiteError) in
                try database.query(
                    "DELETE FROM record WHERE position = ? RETURNING checksum", position.number
                ) { $0.integer(0) }
            }
            for checksum in removed { seal.remove(checksum) }
        }
        try write(seal, of: topic, partition.partition)
    }
}
