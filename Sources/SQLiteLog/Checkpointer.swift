internal import MessageLog
internal import Runtime
internal import SQLite

/// Copies the write-ahead log into the database in the background, so that no commit has to.
actor Checkpointer {
    /// When it begins unless told otherwise: 4 MiB of pages.
    static let usualPages = 1000
    /// When the background has fallen so many times as far behind, the last bit is copied between two commits, lest the WAL grow for ever.
    private static let patience = 8
    /// How often the background tries to make that bit small.
    private static let passes = 3
    /// How much of the WAL's file stays for the next round.
    static let keptBytes = 4 * usualPages * 4096

    private let executor = QueueExecutor(label: "bai.log.checkpoint")
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private let file: LogFile
    private let pages: Int
    private let isBusy = Locked(false)
    private var database: Database?
    private var isClosed = false

    /// - Parameter pages: the length of the WAL at which it begins.
    init(_ file: LogFile, pages: Int) {
        self.file = file
        self.pages = pages
    }

    /// Begins a round, unless one is under way or the WAL is short.
    nonisolated func noticed(pagesInWAL: Int, _ writer: Writer) {
        guard pagesInWAL >= pages else { return }
        let mayBegin = isBusy.withLock { isBusy in
            defer { isBusy = true }
            return !isBusy
        }
        // Not awaited by anybody: the commit that noticed must not wait. `close` comes after it on this actor.
        if mayBegin { Task { await self.run(writer) } }
    }

    func close() {
        isClosed = true
        database = nil
    }

    private func run(_ writer: Writer) async {
        defer { isBusy.withLock { $0 = false } }
        // What cannot be done now (another process is at it, the disk is full) is done after one of the next commits.
        for _ in 0..<Checkpointer.passes {
            guard !isClosed, let done = try? checkpoint() else { return }
            if done.logged < Checkpointer.patience * pages { return }
            if done.logged - done.checkpointed < pages { break }
        }
        await writer.finishCheckpoint()
    }

    private func checkpoint() throws -> Database.Checkpoint {
        if database == nil { database = try file.connect(.readWrite) }
        return try database?.checkpoint(.passive) ?? .init()
    }
}
