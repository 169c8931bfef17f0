internal import CSQLite
internal import Dispatch

/// One connection to a SQLite database.
///
///     let database = try Database("store.db")
///     try database.execute("CREATE TABLE IF NOT EXISTS run (id TEXT PRIMARY KEY, status TEXT) STRICT")
///     try database.transaction { () throws(SQLiteError) in
///         try database.run("INSERT INTO run VALUES (?, ?)", id, "SUBMITTED")
///     }
///     let ids: [String] = try database.query("SELECT id FROM run WHERE status = ?", "SUBMITTED") { $0[0] }
///
/// Not Sendable, and opened without SQLite's own lock: it belongs to one actor (with an executor of its own, for its calls block) or to one
/// thread. Statements are prepared once and kept, by their text; values always travel as parameters.
package final class Database {
    /// What may be done with the file.
    package enum Access: Sendable {
        case readOnly, readWrite, create
        /// The file alone, which nobody changes: no lock is taken and nothing is made beside it. A write-ahead log is not looked at.
        case immutable
    }

    /// When a transaction takes the write lock: at the first write, or at once. Whoever reads and then writes wants it at once, since a
    /// transaction that has read cannot wait for the lock any more.
    package enum TransactionKind: String, Sendable { case deferred, immediate }

    /// What a checkpoint may wait for: nobody; a pause between transactions, which it makes last until everything is copied; or writers and readers
    /// until the WAL can be emptied.
    package enum CheckpointMode: Sendable { case passive, full, truncate }

    /// What a checkpoint found and did, in pages of the WAL.
    package struct Checkpoint: Equatable, Sendable {
        package var logged: Int
        package var checkpointed: Int

        package init(logged: Int = 0, checkpointed: Int = 0) {
            self.logged = logged
            self.checkpointed = checkpointed
        }
    }

    /// More distinct texts than any of our programs has; beyond it statements are prepared anew.
    private static let keptStatements = 128

    package let path: String
    private let connection: Connection
    private var kept: [String: Statement] = [:]

    /// Opens a database.
    ///
    /// - Parameters:
    ///   - busyTimeout: how long a call waits for another connection's lock before it throws `busy`.
    ///   - gathersLog: whether each transaction is written to the write-ahead log with one call, and that file made longer ahead of need. Only for
    ///     connections with `synchronous=FULL`.
    package init(
        _ path: String, access: Access = .create, busyTimeout: Duration = .seconds(5),
        gathersLog: Bool = false
    ) throws(SQLiteError) {
        let flags =
            switch access {
            case .readOnly: SQLITE_OPEN_READONLY
            case .immutable: SQLITE_OPEN_READONLY | SQLITE_OPEN_URI
            case .readWrite: SQLITE_OPEN_READWRITE
            case .create: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
            }
        self.path = path
        connection = try Connection(
            path: access == .immutable ? Database.immutableURI(path) : path,
            flags: flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
            files: gathersLog ? GatheredLog.name : nil, busyTimeout: busyTimeout)
        // A misspelt column in double quotes is an error, not a string.
        csqlite_db_config_int(connection.handle, SQLITE_DBCONFIG_DQS_DML, 0, nil)
        csqlite_db_config_int(connection.handle, SQLITE_DBCONFIG_DQS_DDL, 0, nil)
    }

    private static func immutableURI(_ path: String) -> String {
        let escaped = path.utf8.map { byte in
            let isPlain = UInt8(ascii: "/") == byte || UInt8(ascii: ".") == byte || byte >= 0x80
            let isWord = Unicode.Scalar(byte).properties.isAlphabetic || (48...57).contains(byte)
            return isPlain || isWord
                ? [byte] : Array("%\(byte < 16 ? "0" : "")\(String(byte, radix: 16))".utf8)
        }
        return "file:" + String(decoding: escaped.joined(), as: UTF8.self) + "?immutable=1"
    }

    /// Runs one or more statements without parameters: a schema, a pragma.
    package func execute(_ sql: String) throws(SQLiteError) {
        try connection.check(sqlite3_exec(connection.handle, sql, nil, nil, nil))
    }

    /// A statement of the caller's own, for a loop that should not look it up each time.
    package func prepare(_ sql: String) throws(SQLiteError) -> Statement {
        try Statement(sql, on: connection)
    }

    /// Runs a statement that gives no rows, or whose rows do not matter, and says how many rows it changed.
    @discardableResult
    package func run<each Value: SQLiteValue>(
        _ sql: String, _ values: repeat each Value
    ) throws(SQLiteError) -> Int {
        let statement = try take(sql)
        defer { keep(statement, sql) }
        let before = sqlite3_total_changes64(connection.handle)
        try statement.run(repeat each values)
        return Int(sqlite3_total_changes64(connection.handle) - before)
    }

    /// What `body` makes of each row.
    package func query<each Value: SQLiteValue, Result>(
        _ sql: String, _ values: repeat each Value,
        row body: (borrowing Row) throws(SQLiteError) -> Result
    ) throws(SQLiteError) -> [Result] {
        let statement = try take(sql)
        defer { keep(statement, sql) }
        return try statement.query(repeat each values, row: body)
    }

    /// What `body` makes of the first row, or nil when there is none.
    package func first<each Value: SQLiteValue, Result>(
        _ sql: String, _ values: repeat each Value,
        row body: (borrowing Row) throws(SQLiteError) -> Result
    ) throws(SQLiteError) -> Result? {
        let statement = try take(sql)
        defer { keep(statement, sql) }
        return try statement.first(repeat each values, row: body)
    }

    /// Runs `body` in a transaction that commits when it returns and rolls back when it throws. Transactions do not nest.
    package func transaction<Result>(
        _ kind: TransactionKind = .immediate, _ body: () throws(SQLiteError) -> Result
    ) throws(SQLiteError) -> Result {
        try transaction(kind, mapError: { $0 }, body)
    }

    /// The same for a `body` that throws errors of its own; `mapError` makes SQLite's into such.
    package func transaction<Result, Failure: Error>(
        _ kind: TransactionKind = .immediate, mapError: (SQLiteError) -> Failure,
        _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        func runMapped(_ sql: String) throws(Failure) {
            do throws(SQLiteError) { try run(sql) } catch { throw mapError(error) }
        }
        try runMapped("BEGIN \(kind.rawValue)")
        do throws(Failure) {
            let result = try body()
            try runMapped("COMMIT")
            return result
        } catch {
            // Some errors have rolled back already; a rollback that fails leaves nothing that could be committed either.
            if !connection.isIdle { try? execute("ROLLBACK") }
            throw error
        }
    }

    /// Runs `body`, whose queries all see the same state of the database.
    package func snapshot<Result, Failure: Error>(
        mapError: (SQLiteError) -> Failure, _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        do throws(SQLiteError) { try run("BEGIN deferred") } catch { throw mapError(error) }
        // There is nothing to commit; and a commit would fail where a query has met a damaged page, though others went well.
        defer { if !connection.isIdle { try? execute("ROLLBACK") } }
        return try body()
    }

    /// Runs `body`, whose statements end with the error `interrupted` when `deadline` passes first; without one it just runs it.
    package func interrupting<Result>(
        at deadline: ContinuousClock.Instant?, _ body: () throws(SQLiteError) -> Result
    ) throws(SQLiteError) -> Result {
        guard let deadline else { return try body() }
        let watchdog = connection.interrupter()
        let wait = max(deadline - .now, .zero).components
        DispatchQueue.global().asyncAfter(
            deadline: .now() + .seconds(Int(wait.seconds))
                + .nanoseconds(Int(wait.attoseconds / 1_000_000_000)),
            execute: watchdog)
        defer { watchdog.cancel() }
        return try body()
    }

    /// Whether a transaction is open.
    package var isInTransaction: Bool { !connection.isIdle }

    /// The row id of the last insert.
    package var lastInsertedID: Int64 { sqlite3_last_insert_rowid(connection.handle) }

    /// Waits by `wait` while another connection has a lock, instead of sleeping a little: it returns when trying again may help, soon in any case, and
    /// false where that is not wanted any more, whereupon the call throws `busy`.
    package func waitForOthers(_ wait: @escaping () -> Bool) { connection.waitForOthers = wait }

    /// A number that is another one after every transaction, of whichever connection, that changed something. Only comparable with itself.
    package var dataVersion: UInt32 {
        var version: UInt32 = 0
        sqlite3_file_control(connection.handle, "main", SQLITE_FCNTL_DATA_VERSION, &version)
        return version
    }

    /// Turns off the checkpoints that SQLite makes inside commits (a pause of many milliseconds, now and then): from now on somebody has to call
    /// `checkpoint`, on another connection, when `pagesInWAL` has grown.
    package func leaveCheckpointsToOthers() { connection.watchWAL() }

    /// How many pages the WAL had after this connection's last commit; 0 before the first, and unless checkpoints are left to others.
    package var pagesInWAL: Int { connection.pagesInWAL }

    /// Copies pages from the WAL into the database.
    @discardableResult
    package func checkpoint(_ mode: CheckpointMode = .passive) throws(SQLiteError) -> Checkpoint {
        var logged: Int32 = 0
        var checkpointed: Int32 = 0
        let mode =
            switch mode {
            case .passive: SQLITE_CHECKPOINT_PASSIVE
            case .full: SQLITE_CHECKPOINT_FULL
            case .truncate: SQLITE_CHECKPOINT_TRUNCATE
            }
        try connection.check(
            sqlite3_wal_checkpoint_v2(connection.handle, nil, mode, &logged, &checkpointed))
        return Checkpoint(logged: Int(logged), checkpointed: Int(checkpointed))
    }

    /// Taken out while it is in use, so that a body may use the same text again: that gets a statement of its own.
    private func take(_ sql: String) throws(SQLiteError) -> Statement {
        if let statement = kept.removeValue(forKey: sql) { return statement }
        return try prepare(sql)
    }

    private func keep(_ statement: Statement, _ sql: String) {
        if kept.count < Database.keptStatements { kept[sql] = statement }
    }
}
