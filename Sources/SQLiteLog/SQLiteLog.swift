package import MessageLog
package import Runtime

/// A message log in one SQLite file, for all processes of one machine.
///
/// Beside `log.db` and SQLite's own `-wal` and `-shm` there are `log.db-bell`, which wakes waiting processes, and `log.db-members`, where group
/// members show that they live; both hold nothing that would be missed.
///
///     let log = try await SQLiteLog.open("log.db")
///     try await log.create([TopicConfiguration(name: "runs", partitions: 8, cleanup: .delete(after: nil))])
///     let positions = try await log.publish([NewRecord(topic: "runs", key: "r1", value: Array("{}".utf8))])
package final class SQLiteLog: MessageLog {
    /// How long a waiting task trusts the bell alone: whoever published may have died before ringing it.
    static let longestTrust = Duration.seconds(1)

    /// What this object has done since it was opened.
    package struct Statistics: Equatable, Sendable {
        /// Pieces of work that wanted to write: publishes, commits, changes of groups.
        package var writes = 0
        /// The transactions that they shared, each with one sync.
        package var transactions = 0
        package var reads = 0
        /// How often the write-ahead log was copied whole into the database.
        package var checkpoints = 0
    }

    package let path: String
    let time: any TimeSource
    let ids: any IDSource
    let file: LogFile
    let members: MembersFile
    let attendant: Attendant
    let writer: Writer
    let reader: Reader
    let counters = Locked(Statistics())
    private let checkpointer: Checkpointer
    private let isClosed = Locked(false)
    /// The members that have joined through this object.
    let joined = Locked<[MemberIdentity: Joined]>([:])
    /// Up to where compacted partitions were found to have nothing to remove.
    let compacted = Locked<[TopicPartition: Int64]>([:])

    /// What was found to have nothing new.
    let quiet = Locked(Quiet())

    private init(
        _ path: String, _ time: any TimeSource, _ ids: any IDSource, checkpointPages: Int,
        _ failPoints: FailPoints
    ) throws(SystemError) {
        self.path = path
        self.time = time
        self.ids = ids
        file = LogFile(path: path)
        members = try MembersFile(besides: path)
        attendant = try Attendant(besides: path, members)
        checkpointer = Checkpointer(file, pages: checkpointPages, members.turns, counters)
        writer = Writer(
            WriterThread.Parts(
                file: file, members: members, attendant: attendant, checkpointer: checkpointer,
                statistics: counters, time: time, failPoints: failPoints))
        reader = Reader(file, counters)
    }

    deinit { attendant.stop() }

    /// Opens the log at `path`; makes it where there is no file.
    ///
    /// - Parameter checkpointPages: how long the write-ahead log becomes before it is copied into the file, in pages of 4 KiB.
    /// - Throws: `corrupt` when the file is something else or damaged, `unsupportedVersion` when a newer program wrote it. Neither is touched.
    package static func open(
        _ path: String, time: any TimeSource = SystemTime(), ids: any IDSource = RandomIDs(),
        checkpointPages: Int = Checkpointer.usualPages, failPoints: FailPoints = .none
    ) async throws(MessageLogError) -> SQLiteLog {
        let log: SQLiteLog
        do throws(SystemError) {
            log = try SQLiteLog(path, time, ids, checkpointPages: checkpointPages, failPoints)
        } catch {
            throw MessageLogError(.unavailable, "open log \(path): \(error)")
        }
        try await log.writer.open()
        try await log.reader.open()
        return log
    }

    package var statistics: Statistics { counters.withLock { $0 } }

    package func create(_ topics: [TopicConfiguration]) async throws(MessageLogError) {
        try await writer.perform("create topics") { (tables) throws(Failure) in try tables.create(topics) }
    }

    package func topics() async throws(MessageLogError) -> [TopicConfiguration] {
        try await reader.perform("list topics") { (tables) throws(Failure) in try tables.topics }
    }

    package func publish(_ records: [NewRecord]) async throws(MessageLogError) -> [RecordPosition] {
        try await writer.publish(records, time)
    }

    package func read(
        _ partition: TopicPartition, from offset: Int64, limit: ReadLimit
    ) async throws(MessageLogError) -> [LogRecord] {
        guard let mark = loud([partition: offset])[partition]?.mark else { return [] }
        let records = try await reader.perform("read \(partition)") { (tables) throws(Failure) in
            try tables.read(partition, from: offset, limit: limit)
        }
        if records.isEmpty, limit.records > 0 { remember(partition, endsAt: offset, mark) }
        return records
    }

    package func range(of partition: TopicPartition) async throws(MessageLogError) -> Range<Int64> {
        try await reader.perform("read \(partition)") { (tables) throws(Failure) in
            try tables.range(of: partition)
        }
    }

    package func wait(
        for positions: [TopicPartition: Int64], timeout: Duration
    ) async throws(MessageLogError) -> Bool {
        attendant.start()
        let ear = attendant.listen(for: Set(positions.keys.map { News.place(topic: $0.topic, $0.partition) }))
        defer { attendant.forget(ear) }
        let deadline = ContinuousClock.now + timeout
        while true {
            let heard = ear.signal.count
            let isThere = try await isThere(positions)
            let remaining = deadline - .now
            if isThere || remaining <= .zero || Task.isCancelled { return isThere }
            await ear.signal.wait(beyond: heard, timeout: min(remaining, SQLiteLog.longestTrust))
        }
    }

    /// Whether some partition has a record at or behind its offset.
    private func isThere(_ positions: [TopicPartition: Int64]) async throws(MessageLogError) -> Bool {
        let loud = loud(positions)
        if loud.isEmpty { return false }
        let ends = try await reader.perform("wait for records") { (tables) throws(Failure) in
            try tables.ends(ifNoneIsBehind: loud.mapValues(\.offset))
        }
        guard let ends else { return true }
        for (partition, end) in ends { remember(partition, endsAt: end, loud[partition]?.mark) }
        return false
    }

    package func close() async {
        let isFirst = isClosed.withLock { isClosed in
            defer { isClosed = true }
            return !isClosed
        }
        guard isFirst else { return }
        for member in joined.withLock({ $0.keys }) { await remove(member) }
        attendant.stop()
        await reader.close()
        await checkpointer.close()
        // Last: with the last connection SQLite empties the WAL, and only this one may write.
        await writer.close()
        attendant.ringAll()
    }

    /// Those of the positions at which there may be something, each with the mark of the news from before anybody looks.
    func loud(_ positions: [TopicPartition: Int64]) -> [TopicPartition: (offset: Int64, mark: News.Mark)] {
        // Whoever asks a log that is closed is to be told that.
        let isClosed = isClosed.withLock { $0 }
        return quiet.withLock { quiet in
            var loud: [TopicPartition: (offset: Int64, mark: News.Mark)] = [:]
            for (partition, offset) in positions {
                let mark = members.news.mark(News.place(topic: partition.topic, partition.partition))
                if isClosed || !quiet.isEnd(offset, of: partition, mark) { loud[partition] = (offset, mark) }
            }
            return loud
        }
    }

    /// Remembers that nothing is in a partition behind an offset, as was seen after the mark was taken.
    func remember(_ partition: TopicPartition, endsAt offset: Int64, _ mark: News.Mark?) {
        if let mark { quiet.withLock { $0.ends(partition, at: offset, mark) } }
    }
}
