package import MessageLog
package import Runtime
internal import SQLite

extension SQLiteLog {
    /// What is read at once and removed in one transaction: small enough for publishers not to notice.
    private static let batch = ReadLimit(records: 200, bytes: 1 << 20)

    package func maintain(now: Timestamp) async throws(MessageLogError) -> MaintenanceReport {
        // A connection of its own, so that nobody waits for its long scans.
        let scanner = Reader(file, counters)
        try await scanner.open()
        var report = MaintenanceReport()
        var firstError: MessageLogError?
        for topic in try await topics() {
            for number in 0..<topic.partitions {
                let partition = TopicPartition(topic: topic.name, partition: number)
                do throws(MessageLogError) {
                    try await maintain(partition, topic.cleanup, now, scanner, &report)
                } catch {
                    // A damaged partition does not keep the others from being cleaned.
                    firstError = firstError ?? error
                }
            }
        }
        await scanner.close()
        if let firstError { throw firstError }
        return report
    }

    private func maintain(
        _ partition: TopicPartition, _ cleanup: TopicConfiguration.Cleanup, _ now: Timestamp,
        _ scanner: Reader, _ report: inout MaintenanceReport
    ) async throws(MessageLogError) {
        switch cleanup {
        case .delete(after: nil): break
        case .delete(after: let age?):
            report.expired += try await expire(partition, upTo: now + (.zero - age), scanner)
        case .compact:
            report.compacted += try await compact(partition, now, scanner)
            return
        }
        try await seal(partition)
    }

    /// Takes down that what is there now must be there, in steps that publishers do not notice.
    private func seal(_ partition: TopicPartition) async throws(MessageLogError) {
        var isDone = false
        while !isDone {
            isDone = try await writer.perform("seal \(partition)") { (tables) throws(Failure) in
                try tables.extendSeal(of: partition, by: SQLiteLog.batch.records)
            }
        }
    }

    /// Removes records from the beginning on, up to the first that is young enough. What is left has no holes, so that a hole is always damage.
    private func expire(
        _ partition: TopicPartition, upTo limit: Timestamp, _ scanner: Reader
    ) async throws(MessageLogError) -> Int {
        var count = 0
        while true {
            let old = try await scanner.perform("expire \(partition)") { (tables) throws(Failure) in
                try tables.records(of: partition, notAfter: limit, SQLiteLog.batch)
            }
            guard let last = old.last else { return count }
            try await writer.perform("expire \(partition)") { (tables) throws(Failure) in
                try tables.remove(partition, through: last.offset)
            }
            count += old.count
        }
    }

    /// Removes all but the newest record of each key, and tombstones that have been there for long enough.
    private func compact(
        _ partition: TopicPartition, _ now: Timestamp, _ scanner: Reader
    ) async throws(MessageLogError) -> Int {
        let range = try await range(of: partition)
        if compacted.withLock({ $0[partition] }) == range.upperBound { return 0 }
        try await seal(partition)
        var compaction = Compaction(now: now)
        var next = range.lowerBound
        while next < range.upperBound {
            let from = next
            let records = try await scanner.perform("compact \(partition)") { (tables) throws(Failure) in
                try tables.read(partition, from: from, limit: SQLiteLog.batch)
            }
            guard let last = records.last else { break }
            for record in records { compaction.see(record) }
            next = last.offset + 1
        }
        let (superseded, isFinal) = compaction.finish()
        for start in stride(from: 0, to: superseded.count, by: SQLiteLog.batch.records) {
            let offsets = Array(superseded[start..<min(start + SQLiteLog.batch.records, superseded.count)])
            try await writer.perform("compact \(partition)") { (tables) throws(Failure) in
                try tables.remove(offsets, of: partition)
            }
        }
        if isFinal { compacted.withLock { $0[partition] = next } }
        return superseded.count
    }
}

/// Finds out what of a keyed partition nobody needs any more.
private struct Compaction {
    private let now: Timestamp
    private var newest: [String: Int64] = [:]
    private var tombstones: [String: Timestamp] = [:]
    private var superseded: [Int64] = []
    private var last: Int64?

    init(now: Timestamp) { self.now = now }

    mutating func see(_ record: LogRecord) {
        if let older = newest.updateValue(record.offset, forKey: record.key) { superseded.append(older) }
        tombstones[record.key] = record.value == nil ? record.time : nil
        last = record.offset
    }

    /// The offsets that can go, and whether looking again without new records would find nothing.
    func finish() -> (superseded: [Int64], isFinal: Bool) {
        // The newest record of all stays, tombstone or not: the next offset follows from it.
        let removable = tombstones.filter { newest[$0.key] != last }
        let over = removable.filter { $0.value + Cleaner.tombstoneStays <= now }.compactMap { newest[$0.key] }
        return (superseded + over, over.count == removable.count)
    }
}

extension Tables {
    /// The oldest records, as far as they are not after `limit` and every group that consumes them has taken them; never the newest of all.
    func records(
        of partition: TopicPartition, notAfter limit: Timestamp, _ most: ReadLimit
    ) throws(Failure) -> [LogRecord] {
        let range = try range(of: partition)
        if range.isEmpty { return [] }
        let oldest = try read(partition, from: range.lowerBound, limit: most)
        let taken = try min(takenByAll(partition) ?? .max, range.upperBound - 1)
        return Array(oldest.prefix { $0.time <= limit && $0.offset < taken })
    }
}
