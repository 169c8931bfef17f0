internal import Glibc
internal import MessageLog
internal import Runtime
internal import SQLite

/// The log's file: making it, and connecting to it once it has been found to be one.
struct LogFile: Sendable {
    /// How long a call waits for another process's transaction, which takes less than a millisecond where nothing is wrong.
    private static let patience = Duration.seconds(10)

    let path: String

    /// Makes the file where there is none, and looks at what an earlier run has left where nobody else has it open. From then on this process counts
    /// as one that has it open.
    func prepare(_ members: MembersFile) throws(MessageLogError) {
        let deadline = ContinuousClock.now + LogFile.patience
        while !members.tryOpenAlone() {
            if members.tryShareOpen() { return }
            guard ContinuousClock.now < deadline else {
                throw MessageLogError(
                    .unavailable, "open \(path): another process has been opening it for too long")
            }
            // Somebody makes or checks the file, which is a matter of milliseconds.
            usleep(2000)
        }
        members.turns.reset()
        members.seats.reset()
        if isThere { try takeUp() } else { try make() }
        _ = members.tryShareOpen()
    }

    /// Connects, and refuses what is no log or a newer one.
    ///
    /// - Parameters:
    ///   - gathersLog: for the connection that writes, which must sync each transaction.
    ///   - patience: how long a call waits for another connection's.
    func connect(
        _ access: Database.Access, gathersLog: Bool = false, patience: Duration = patience
    ) throws(MessageLogError) -> Database {
        let database: Database
        let (id, version): (Int64?, Int64?)
        do throws(SQLiteError) {
            database = try Database(
                path, access: access, busyTimeout: patience, gathersLog: gathersLog)
            id = try database.first("PRAGMA application_id") { $0.integer(0) }
            version = try database.first("PRAGMA user_version") { $0.integer(0) }
            // Debian's SQLite overwrites what is deleted with zeros: everything that retention removes would be written once more.
            try database.execute(
                "PRAGMA secure_delete = OFF; PRAGMA cell_size_check = ON; PRAGMA cache_size = -1024")
        } catch {
            guard error.code == .notADatabase else { throw MessageLogError(error, "open log \(path)") }
            throw MessageLogError(
                .corrupt,
                "open log \(path): this is no message log, or its first page is damaged; \(MessageLogError.cure)"
            )
        }
        guard id == Schema.applicationID else {
            throw MessageLogError(
                .corrupt,
                "open log \(path): this is a database, but not a message log; move it away or name another file"
            )
        }
        guard version == Schema.version else {
            throw MessageLogError(
                .unsupportedVersion,
                "open log \(path): it has version \(version ?? 0) and this program knows \(Schema.version); "
                    + "use the program that wrote it")
        }
        return database
    }

    /// Looks at what an earlier run has left, and makes it durable before anything is written behind it: what a killed process wrote and could not
    /// sync is in the system's memory, looks whole, and may never have reached the disk.
    private func takeUp() throws(MessageLogError) {
        try WALCheck(path: path).run()
        let database = try connect(.readWrite)
        do throws(SQLiteError) { try database.checkpoint(.truncate) } catch {
            // A disk that is full keeps nobody from reading; whoever writes is refused.
            guard error.isFull || error.isBusy else { throw MessageLogError(error, "open log \(path)") }
        }
    }

    /// Finds out, after a write or a sync has failed, whether the file can be trusted with more: what was acknowledged can be read back from the disk,
    /// and the disk takes a transaction. That transaction stands where the one that failed stood, so that nobody finds the rest of it.
    func prove(_ database: Database) throws(MessageLogError) {
        do throws(Failure) {
            try database.transaction(mapError: { Failure.failed($0) }) { () throws(Failure) in
                do throws(MessageLogError) { try WALCheck(path: path).runAfterFailure() } catch {
                    throw .refused(error)
                }
                // Writes the first page, with what is there already.
                try attempt { () throws(SQLiteError) in
                    try database.execute("PRAGMA user_version = \(Schema.version)")
                }
            }
        } catch {
            throw error.error("check log \(path) after a write that failed")
        }
    }

    private var isThere: Bool { access(path, F_OK) == 0 }

    /// Makes an empty log beside its place and moves it there, so that a log is either whole or not there.
    private func make() throws(MessageLogError) {
        let what = "make log \(path)"
        if let left = LogFile.size("\(path)-wal"), left > 0 {
            throw MessageLogError(
                .corrupt,
                "\(what): the file is missing, but \(path)-wal with records of it is there; restore both, or move that away too"
            )
        }
        let new = "\(path)-new"
        unlink(new)
        do throws(SQLiteError) {
            let database = try Database(new)
            try database.execute(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; BEGIN; \(Schema.create) COMMIT")
            // Closing would do it too, and tell nobody that it failed.
            try database.checkpoint(.truncate)
        } catch {
            throw MessageLogError(error, what)
        }
        chmod(new, 0o600)
        guard rename(new, path) == 0, LogFile.sync(folderOf: path) else {
            throw MessageLogError(.unavailable, "\(what): \(SystemError("rename \(new)"))")
        }
    }

    static func size(_ path: String) -> Int64? {
        var status = stat()
        return stat(path, &status) == 0 ? Int64(status.st_size) : nil
    }

    private static func sync(folderOf path: String) -> Bool {
        let folder = path.lastIndex(of: "/").map { path[...$0] } ?? "./"
        let descriptor = open(String(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return fsync(descriptor) == 0
    }
}
