internal import Events
package import MessageLog
package import Runtime
internal import SQLite

/// Keeps the read model up with the log. The only one that writes it.
///
/// What records tell and the offsets behind them are written in one transaction, so that each record is told exactly once however often this
/// program is killed. A model that is missing, damaged, of another version, or of another log is built anew.
package actor Projector {
    /// So many records share a transaction at most: enough to make building anew quick, few enough for a reader to see it grow.
    private static let batch = 2000
    /// How long to wait for records before looking whether to go on.
    private static let patience = Duration.seconds(1)

    private let executor = QueueExecutor(label: "bai.bff.projector")
    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private let log: any MessageLog
    private let file: ReadModelFile
    private let changes: Changes
    private let output: StructuredLog
    private let failPoints: FailPoints
    private let backoff = Backoff(first: .milliseconds(50), most: .seconds(5))
    package nonisolated let progress = ProjectionProgress()

    private var database: Database?
    /// The next offset to take, of every partition there is.
    private var positions: [TopicPartition: Int64] = [:]
    private var partitionCount = 1

    package init(
        log: any MessageLog, file: ReadModelFile, changes: Changes, output: StructuredLog,
        failPoints: FailPoints = .none
    ) {
        self.failPoints = failPoints
        self.log = log
        self.file = file
        self.changes = changes
        self.output = output
    }

    /// Makes the file ready to be read. Call it before `run()`.
    ///
    /// - Throws: `SQLiteError` when the file can neither be used nor made, `MessageLogError` when the log cannot be read.
    package func open() async throws {
        let topics = Set(Projection.topics.map(\.rawValue))
        partitionCount = try await log.topics().first { topics.contains($0.name) }?.partitions ?? 1
        try load(file.openForWriting(output))
        if try await isOfAnotherLog() {
            try rebuild(because: "it is ahead of the log, so it was made from another one")
        }
    }

    /// Works until the task is cancelled.
    ///
    /// - Throws: what makes going on impossible: a log that is corrupt or closed, a file that cannot be written.
    package func run() async throws {
        var failures = 0
        while !Task.isCancelled {
            do {
                try await follow { failures = 0 }
            } catch let error where isTransient(error) {
                failures += 1
                output.warning("the read model waits", ["error": String(describing: error)])
                progress.isHeldUp(
                    by: .init(
                        message: String(describing: error), isFull: (error as? SQLiteError)?.isFull == true))
                try? await Task.sleep(for: backoff.delay(after: failures))
            } catch let error as SQLiteError where error.isCorrupt {
                try rebuild(because: error.message)
            } catch is Overtaken {
                output.warning("another process writes the read model too", ["file": file.path])
                try load(file.openForWriting(output))
                changes.tellAll()
            }
        }
    }

    /// Reads from where the model is and writes, until the task is cancelled or something fails.
    private func follow(_ progressed: () -> Void) async throws {
        var feed = LogFeed(topics: Projection.topics, positions: positions)
        while !Task.isCancelled {
            if let reason = progress.takeDistrust() {
                throw SQLiteError(.corrupt, message: reason, path: file.path)
            }
            try failPoints.pass("bff.before-take")
            let records = try await feed.next(Projector.batch, from: log)
            tell(feed.damage)
            if records.isEmpty {
                let sound = positions.filter { feed.damage[$0.key] == nil }
                _ = try await log.wait(for: sound, timeout: Projector.patience)
            } else {
                try failPoints.pass("bff.after-take")
                try write(records)
                progressed()
            }
        }
    }

    /// Says what of the log cannot be read; all else is shown.
    private func tell(_ damage: [TopicPartition: MessageLogError]) {
        let known = progress.damage
        for (partition, error) in damage where known[partition] != error {
            output.error("cannot be read, goes on with the rest", ["error": error.message])
        }
        progress.isDamaged(damage)
    }

    /// The model was moved on by somebody else.
    private struct Overtaken: Error {}

    private func write(_ records: [LogRecord]) throws {
        guard let database else { preconditionFailure("run() was called before open()") }
        var projection = Projection(database: database)
        var next = positions
        var bad: [(RecordPosition, String)] = []
        try database.transaction(mapError: { $0 as any Error }) {
            for record in records {
                if let reason = try projection.apply(record) { bad.append((record.position, reason)) }
                next[record.position.partition] = record.offset + 1
            }
            try projection.finish()
            for (partition, offset) in next where positions[partition] != offset {
                try save(partition, offset, in: database)
            }
            try failPoints.pass("bff.before-commit")
        }
        try failPoints.pass("bff.after-commit")
        positions = next
        for (position, reason) in bad {
            output.warning("a record cannot be read", ["record": position.description, "error": reason])
            progress.skipped(position, because: reason)
        }
        progress.advance(to: positions)
        changes.tell(projection.changed)
    }

    private func save(_ partition: TopicPartition, _ next: Int64, in database: Database) throws {
        let stored = try database.first(
            "SELECT next FROM positions WHERE topic = ? AND partition = ?", partition.topic,
            partition.partition
        ) { $0.integer(0) }
        if stored ?? 0 != positions[partition] { throw Overtaken() }
        try database.run(
            "INSERT OR REPLACE INTO positions VALUES (?, ?, ?)", partition.topic, partition.partition, next)
    }

    private func load(_ database: Database) throws(SQLiteError) {
        self.database = database
        positions = [:]
        for topic in Projection.topics {
            for number in 0..<partitionCount {
                positions[TopicPartition(topic: topic.rawValue, partition: number)] = 0
            }
        }
        let rows = try database.query("SELECT topic, partition, next FROM positions") { row in
            (TopicPartition(topic: row[0], partition: row[1]), row.integer(2))
        }
        for (partition, next) in rows { positions[partition] = next }
        progress.advance(to: positions)
    }

    private func rebuild(because reason: String) throws(SQLiteError) {
        output.warning("building the read model anew", ["file": file.path, "because": reason])
        database = nil
        file.remove()
        try load(file.openForWriting(output))
        progress.isBuiltAnew()
        changes.tellAll()
    }

    private func isOfAnotherLog() async throws(MessageLogError) -> Bool {
        for (partition, next) in positions {
            do {
                if try await log.range(of: partition).upperBound < next { return true }
            } catch {
                // What is damaged is said when it is read.
                guard error.position != nil else { throw error }
            }
        }
        return false
    }

    private func isTransient(_ error: any Error) -> Bool {
        if let error = error as? SQLiteError { return error.isBusy || error.isFull }
        return (error as? any Retryable)?.isTransient == true
    }
}
