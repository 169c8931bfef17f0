internal import Glibc
internal import Runtime
internal import SQLite

/// The file of the read model. What is in it can always be had again from the log, so one that cannot be used is removed and begun anew.
package struct ReadModelFile: Sendable {
    package var path: String

    package init(path: String) { self.path = path }

    /// Opens the file for the one who writes it, with all tables there.
    ///
    /// - Parameter output: told when what was there could not be used.
    func openForWriting(_ output: StructuredLog) throws(SQLiteError) -> Database {
        do {
            let database = try connect()
            guard let trouble = try ReadModelFile.trouble(with: database) else { return database }
            output.warning("building the read model anew", ["file": path, "because": trouble])
        } catch {
            guard error.isCorrupt else { throw error }
            output.warning("building the read model anew", ["file": path, "because": error.message])
        }
        remove()
        let database = try connect()
        if let trouble = try ReadModelFile.trouble(with: database) {
            throw SQLiteError(.corrupt, message: "a new file cannot be used: \(trouble)", path: path)
        }
        return database
    }

    /// Opens the file for reading beside the one who writes.
    func openForReading() throws(SQLiteError) -> Database {
        try Database(path, access: .readOnly)
    }

    /// Removes the file and what SQLite keeps beside it. Who has it open goes on with what is no longer there.
    func remove() {
        for suffix in ["", "-wal", "-shm"] { unlink(path + suffix) }
    }

    private func connect() throws(SQLiteError) -> Database {
        // SQLite would make it readable by everybody; what it keeps beside it gets the same mode.
        close(Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600))
        let database = try Database(path)
        // NORMAL: a power cut may take the last commits, with their offsets; they are read again from the log.
        try database.execute(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY;"
                + "PRAGMA cache_size = -16000")
        try ReadModelFile.create(in: database)
        return database
    }

    /// Makes the tables where there is nothing yet. Two processes that start at once do it one after the other.
    private static func create(in database: Database) throws(SQLiteError) {
        try database.transaction { () throws(SQLiteError) in
            let tables = try database.first("SELECT count(*) FROM sqlite_schema") { $0.integer(0) }
            if tables != 0 { return }
            try database.execute(ReadModelSchema.sql)
            try database.run("INSERT INTO incarnation VALUES (?)", RandomIDs().next().prefix(8).description)
            try database.execute("PRAGMA user_version = \(ReadModelSchema.version)")
        }
    }

    /// Why the tables cannot be used; nil when they can.
    private static func trouble(with database: Database) throws(SQLiteError) -> String? {
        let version = try database.first("PRAGMA user_version") { $0.integer(0) } ?? 0
        if version != ReadModelSchema.version {
            return "it has version \(version) and this program makes \(ReadModelSchema.version)"
        }
        let verdict = try database.first("PRAGMA quick_check(1)") { $0.text(0) } ?? "no verdict"
        return verdict == "ok" ? nil : verdict
    }
}
