internal import MessageLog
internal import Runtime
internal import SQLite

/// A connection that only reads: it sees every commit at once, waits for no writer, and works while the disk is full.
actor Reader {
    private let executor = QueueExecutor(label: "bai.log.reader")
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private let file: LogFile
    private let statistics: Locked<SQLiteLog.Statistics>
    private var tables: Tables?

    init(_ file: LogFile, _ statistics: Locked<SQLiteLog.Statistics>) {
        self.file = file
        self.statistics = statistics
    }

    /// - Parameter access: how; `immutable` for a file that nobody can write.
    func open(_ access: Database.Access = .readOnly) throws(MessageLogError) {
        let database = try file.connect(access)
        do throws(SQLiteError) { tables = try Tables(database) } catch {
            throw MessageLogError(error, "open log \(file.path)")
        }
    }

    func close() { tables = nil }

    /// Runs `body` on one state of the log.
    func perform<Result: Sendable>(
        _ what: String, _ body: @Sendable (Tables) throws(Failure) -> Result
    ) throws(MessageLogError) -> Result {
        guard let tables else { throw .logClosed }
        statistics.withLock { $0.reads += 1 }
        do throws(Failure) {
            return try tables.database.snapshot(mapError: { .failed($0) }) {
                () throws(Failure) in try body(tables)
            }
        } catch {
            throw error.error(what)
        }
    }
}

extension Tables {
    /// Where the partitions end; nil if one has a record at or behind its offset.
    func ends(ifNoneIsBehind positions: [TopicPartition: Int64]) throws(Failure) -> [TopicPartition: Int64]? {
        var ends: [TopicPartition: Int64] = [:]
        for (partition, offset) in positions {
            let end = try end(of: topic(of: partition).position(partition.partition, 0))
            if end > offset { return nil }
            ends[partition] = end
        }
        return ends
    }

    /// What a member of the group sees.
    func view(
        of group: String, _ positions: [TopicPartition: Int64], _ limit: ReadLimit
    ) throws(Failure) -> GroupView {
        let version = try attempt { () throws(SQLiteError) in try self.version(of: group) }
        var view = GroupView(version: version, records: [:])
        for (partition, offset) in positions {
            do throws(Failure) {
                let records = try read(partition, from: offset, limit: limit)
                if !records.isEmpty { view.records[partition] = records }
            } catch {
                // Whoever cannot read one partition goes on with the others.
                guard case .refused(let reason) = error, reason.position?.partition == partition else {
                    throw error
                }
                view.damage[partition] = reason
            }
        }
        return view
    }
}
