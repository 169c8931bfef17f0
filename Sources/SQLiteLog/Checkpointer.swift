internal import MessageLog
internal import Runtime
internal import SQLite

/// Copies the write-ahead log into the database in the background, so that no commit has to.
///
/// The log is begun anew, at the start of its file, by the first transaction that finds all of it copied. Where transactions come without a pause, the
/// background never gets there: the last bit is copied in a pause that it makes between two of them, once that bit is small.
actor Checkpointer {
    /// When it begins unless told otherwise: 8 MiB of pages.
    static let usualPages = 2000
    /// What may be left for the pause, which takes about as long as a few transactions then.
    private static let fewPages = 64
    /// How often the background tries to make it so little.
    private static let passes = 6
    /// How much of the WAL's file stays for the next round: to write where something was costs less than to make a file longer.
    static let keptBytes = 64 << 20
    /// How long the pause may wait for a transaction to end, or a reader of old pages.
    private static let patience = Duration.milliseconds(10)

    private let executor = QueueExecutor(label: "bai.log.checkpoint")
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private let file: LogFile
    private let pages: Int
    private let turns: Turns
    private let statistics: Locked<SQLiteLog.Statistics>
    private let turn: Turns.Candidate
    /// How long the WAL is when the next round begins; nil during one.
    private let next: Locked<Int?>
    private var database: Database?
    private var isClosed = false

    /// - Parameter pages: the length of the WAL at which it begins.
    init(_ file: LogFile, pages: Int, _ turns: Turns, _ statistics: Locked<SQLiteLog.Statistics>) {
        self.file = file
        self.pages = pages
        self.turns = turns
        self.statistics = statistics
        turn = Turns.Candidate(turns, trust: .microseconds(300))
        next = Locked(pages)
    }

    /// Begins a round, unless one is under way or the WAL is short.
    nonisolated func noticed(pagesInWAL: Int) {
        let mayBegin = next.withLock { next in
            guard let due = next else { return false }
            if pagesInWAL < pages { next = pages }
            guard pagesInWAL >= due else { return false }
            next = nil
            return true
        }
        // Not awaited by anybody: the commit that noticed must not wait. `close` comes after it on this actor.
        if mayBegin { Task { await self.run() } }
    }

    func close() {
        isClosed = true
        database = nil
    }

    private func run() {
        // What cannot be done now (another process is at it, a reader needs old pages, the disk is full) is done after some more commits.
        let logged = isClosed ? nil : try? checkpoint()
        next.withLock { $0 = max(logged ?? 0, pages) + pages / 8 }
    }

    /// Copies everything, if nobody is in the way, and says how many pages the WAL had.
    private func checkpoint() throws -> Int {
        if database == nil { database = try connect() }
        guard let database else { return 0 }
        var before = 0
        for _ in 0..<Checkpointer.passes {
            let done = try database.checkpoint(.passive)
            if done.checkpointed < done.logged { return done.logged }
            if done.checkpointed - before <= Checkpointer.fewPages { break }
            before = done.checkpointed
        }
        turn.begin()
        defer { turns.end() }
        let done = try database.checkpoint(.full)
        if done.checkpointed == done.logged { statistics.withLock { $0.checkpoints += 1 } }
        return done.logged
    }

    private func connect() throws(MessageLogError) -> Database {
        let database = try file.connect(.readWrite, patience: Checkpointer.patience)
        database.waitForOthers { [turn] in
            turn.wait()
            return true
        }
        return database
    }
}
