internal import MessageLog
internal import Runtime
internal import SQLite

/// Copies the write-ahead log into the database in the background, so that no commit has to.
actor Checkpointer {
    /// When it begins: 4 MiB of pages.
    private static let pages = 1000
    /// When the background has fallen so far behind that the last bit is copied between two commits, lest the WAL grow for ever.
    private static let mostPages = 8 * pages
    /// How much of the WAL's file stays for the next round.
    static let keptBytes = 4 * pages * 4096

    private let executor = QueueExecutor(label: "bai.log.checkpoint")
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private let file: LogFile
    private let isBusy = Locked(false)
    private var database: Database?
    private var isClosed = false

    init(_ file: LogFile) { self.file = file }

    /// Begins a round, unless one is under way or the WAL is short.
    nonisolated func noticed(pagesInWAL: Int, _ writer: Writer) {
        guard pagesInWAL >= Checkpointer.pages else { return }
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
        guard !isClosed, let done = try? checkpoint() else { return }
        // What cannot be done now (another process is at it, the disk is full) is done after one of the next commits.
        if done.logged >= Checkpointer.mostPages, done.logged - done.checkpointed < Checkpointer.pages {
            await writer.finishCheckpoint()
        }
    }

    private func checkpoint() throws -> Database.Checkpoint {
        if database == nil { database = try file.connect(.readWrite) }
        return try database?.checkpoint(.passive) ?? .init()
    }
}
