internal import MessageLog
internal import Runtime
internal import SQLite

/// A read of one partition while it goes on: turns rows into records and checks each.
struct Reading {
    enum Damage: Equatable {
        case checksum
        /// Records are missing between two that are there.
        case hole
    }

    let topic: Tables.Topic
    let partition: TopicPartition
    let limit: ReadLimit
    /// Where compaction may have left holes: before this offset.
    let compactedBefore: Int64
    private(set) var records: [LogRecord] = []
    /// The offset that was asked for.
    let asked: Int64
    /// Where the next record is expected.
    private(set) var next: PackedPosition
    private(set) var damage: Damage?
    /// Whether the first record has a later offset than was asked for, which only retention may cause.
    private(set) var beganBehindAHole = false
    private var bytes = 0

    init(
        topic: Tables.Topic, partition: TopicPartition, start: PackedPosition, limit: ReadLimit,
        compactedBefore: Int64
    ) {
        self.topic = topic
        self.compactedBefore = compactedBefore
        self.partition = partition
        self.limit = limit
        asked = start.offset
        next = start
    }

    /// Takes a row; false when that is enough.
    mutating func take(_ row: borrowing Row) -> Bool {
        let position = PackedPosition(number: row.integer(0))
        guard records.count < limit.records, bytes < limit.bytes || records.isEmpty else { return false }
        guard position.number >= next.number else {
            // The tree that leads to the records is out of order.
            damage = .hole
            return false
        }
        if position != next, position.offset > compactedBefore {
            // Retention takes only from the beginning: behind a record that is there, nothing may be missing.
            guard records.isEmpty, topic.configuration.cleanup != .compact else {
                damage = .hole
                return false
            }
            beganBehindAHole = true
        }
        next = position
        guard let record = record(row, position) else {
            damage = .checksum
            return false
        }
        bytes += record.value?.count ?? 0
        records.append(record)
        next = PackedPosition(number: position.number + 1)
        return true
    }

    /// The record in `row`, if it is what was written.
    private func record(_ row: borrowing Row, _ position: PackedPosition) -> LogRecord? {
        let (time, checksum) = (row.integer(1), row.integer(2))
        let (key, headers) = (row.unsafeBytes(3), row.unsafeBytes(4))
        let value = row.isNull(5) ? nil : row.unsafeBytes(5)
        let actual = RecordCoding.checksum(
            topic: topic.seed, position, time: time, key: key, headers: headers, value: value)
        guard actual == checksum, let headers = RecordCoding.decodeHeaders(headers) else { return nil }
        return LogRecord(
            position: RecordPosition(partition: partition, offset: position.offset),
            key: String(decoding: key, as: UTF8.self), headers: headers, value: value.map { Array($0) },
            time: Timestamp(milliseconds: time))
    }
}
