internal import SQLite

/// The store's file: how it is opened and what is in it.
enum StoreFile {
    /// `PRAGMA application_id`: "BAIs". Tells the file from any other database.
    static let applicationID: Int64 = 0x4241_4973
    static let version: Int64 = 1

    /// Opens the file for one writer, making it if it is not there.
    static func openForWriting(_ path: String) throws(MetricStoreError) -> Database {
        let database = try mapping { () throws(SQLiteError) in try Database(path) }
        let isNew = try isEmpty(database)
        try mapping { () throws(SQLiteError) in
            try database.execute("PRAGMA journal_mode = WAL")
            // The log's offset is committed after this, and synced: what a power cut takes from the store would never come again.
            try database.execute("PRAGMA synchronous = FULL")
            if isNew { try createTables(database) }
        }
        return database
    }

    /// Opens the file, which is there, for reading beside a writer.
    static func openForReading(_ path: String) throws(MetricStoreError) -> Database {
        let database = try mapping { () throws(SQLiteError) in
            // Not read-only: the first reader of a WAL makes the index that all share.
            let database = try Database(path, access: .readWrite)
            try database.execute("PRAGMA query_only = 1")
            return database
        }
        _ = try isEmpty(database)
        return database
    }

    /// Runs `body` and says what SQLite has to say in the store's words.
    static func mapping<Result>(
        _ body: () throws(SQLiteError) -> Result
    ) throws(MetricStoreError) -> Result {
        do { return try body() } catch { throw MetricStoreError(error) }
    }

    /// Whether nothing is in the file yet. Refuses a file that is something else, or newer than this program, before anything in it is touched.
    private static func isEmpty(_ database: Database) throws(MetricStoreError) -> Bool {
        let (id, version, tables) = try mapping { () throws(SQLiteError) in
            (
                try number("PRAGMA application_id", database), try number("PRAGMA user_version", database),
                try number("SELECT count(*) FROM sqlite_schema", database)
            )
        }
        if tables == 0 { return true }
        guard id == applicationID else {
            throw MetricStoreError(
                .corrupt,
                "\(database.path) is a database, but no metric store: move it away, or name another file")
        }
        guard version <= self.version else {
            throw MetricStoreError(
                .unsupportedVersion,
                "\(database.path) has format \(version), this program knows up to \(self.version): upgrade it"
            )
        }
        return false
    }

    private static func number(_ sql: String, _ database: Database) throws(SQLiteError) -> Int64 {
        try database.first(sql) { $0.integer(0) } ?? 0
    }

    private static func createTables(_ database: Database) throws(SQLiteError) {
        try database.transaction { () throws(SQLiteError) in
            try database.execute(schema)
            try database.execute("PRAGMA application_id = \(applicationID)")
            try database.execute("PRAGMA user_version = \(version)")
        }
    }

    /// Names, units and sets of labels are long and few, points are many: a point holds their numbers.
    private static let schema = """
        CREATE TABLE IF NOT EXISTS run (
            number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, is_deleted INTEGER NOT NULL DEFAULT 0
        ) STRICT;
        CREATE TABLE IF NOT EXISTS word (number INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;
        CREATE TABLE IF NOT EXISTS point (
            run INTEGER NOT NULL, attempt INTEGER NOT NULL, rank INTEGER NOT NULL, sequence INTEGER NOT NULL,
            metric INTEGER NOT NULL, value REAL, unit INTEGER, step INTEGER, time INTEGER NOT NULL,
            labels INTEGER,
            PRIMARY KEY (run, attempt, rank, sequence)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS line (
            run INTEGER NOT NULL, attempt INTEGER NOT NULL, rank INTEGER NOT NULL, sequence INTEGER NOT NULL,
            time INTEGER NOT NULL, stream TEXT NOT NULL, text TEXT NOT NULL,
            PRIMARY KEY (run, attempt, rank, sequence)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS stream (
            run INTEGER NOT NULL, attempt INTEGER NOT NULL, rank INTEGER NOT NULL, kind TEXT NOT NULL,
            host TEXT, count INTEGER NOT NULL, last INTEGER NOT NULL, announced INTEGER,
            dropped INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (run, attempt, rank, kind)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS attempt (
            run INTEGER NOT NULL, number INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (run, number)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS accepted (
            run INTEGER NOT NULL, attempt INTEGER NOT NULL, PRIMARY KEY (run, attempt)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS series (
            number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, benchmark TEXT NOT NULL,
            metric TEXT NOT NULL, body TEXT NOT NULL
        ) STRICT;
        CREATE INDEX IF NOT EXISTS series_by_name ON series (benchmark, metric, id);
        CREATE TABLE IF NOT EXISTS result (
            number INTEGER PRIMARY KEY, run INTEGER NOT NULL, series INTEGER NOT NULL,
            finished INTEGER NOT NULL, body TEXT NOT NULL, UNIQUE (run, series)
        ) STRICT;
        CREATE INDEX IF NOT EXISTS result_by_series ON result (series, finished, number);
        """
}

extension MetricStoreError {
    /// What SQLite's error means to who uses the store.
    init(_ error: SQLiteError) {
        switch error.code {
        case .busy, .interrupted, .inputOutput, .cannotOpen, .readOnly:
            self.init(.unavailable, "the metric store cannot be used now: \(error)")
        case .full:
            self.init(.full, "no space is left for the metric store: \(error)")
        case .corrupt, .notADatabase:
            self.init(
                .corrupt,
                "the metric store is damaged: \(error). Move the file away and restore a copy of it")
        case .constraint, .tooBig, .other:
            self.init(.refused, "the metric store refused: \(error)")
        }
    }
}
