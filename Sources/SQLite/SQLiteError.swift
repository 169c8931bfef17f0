internal import CSQLite

/// Why SQLite could not do what it was asked.
package struct SQLiteError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The kinds of failure that a caller may want to tell apart.
    package enum Code: String, Sendable, CaseIterable {
        /// Another connection holds the lock, for longer than the busy timeout.
        case busy
        /// No space is left on the disk.
        case full
        /// The file is damaged.
        case corrupt
        /// The file is something else than a database.
        case notADatabase = "not_a_database"
        case cannotOpen = "cannot_open"
        case readOnly = "read_only"
        case constraint
        /// The operating system failed to read, write or sync.
        case inputOutput = "io_error"
        case tooBig = "too_big"
        case interrupted
        /// The statement is wrong, or anything else: our own mistake.
        case other
    }

    package var code: Code
    /// SQLite's extended result code: https://www.sqlite.org/rescode.html
    package var extendedCode: Int32
    /// SQLite's own words.
    package var message: String
    /// The database's file.
    package var path: String

    package init(_ code: Code, extendedCode: Int32 = 1, message: String, path: String) {
        self.code = code
        self.extendedCode = extendedCode
        self.message = message
        self.path = path
    }

    /// The error that result code `extendedCode` stands for.
    init(extendedCode: Int32, message: String, path: String) {
        self.init(Code(resultCode: extendedCode), extendedCode: extendedCode, message: message, path: path)
    }

    package var isBusy: Bool { code == .busy }
    package var isFull: Bool { code == .full }
    /// Whether the system failed to read, write or sync, also for want of space: what was being written may be on the disk in part.
    package var isInputOutput: Bool { extendedCode & 0xff == SQLITE_IOERR }
    /// Whether the file cannot be trusted: damaged, or no database at all.
    package var isCorrupt: Bool { code == .corrupt || code == .notADatabase }

    package var description: String { "\(path): \(message) (SQLite \(code.rawValue), \(extendedCode))" }
}

extension SQLiteError.Code {
    init(resultCode: Int32) {
        switch resultCode & 0xff {
        case SQLITE_BUSY, SQLITE_LOCKED: self = .busy
        case SQLITE_FULL: self = .full
        case SQLITE_CORRUPT: self = .corrupt
        case SQLITE_NOTADB: self = .notADatabase
        case SQLITE_CANTOPEN: self = .cannotOpen
        case SQLITE_READONLY, SQLITE_PERM, SQLITE_AUTH: self = .readOnly
        case SQLITE_CONSTRAINT: self = .constraint
        case SQLITE_IOERR: self = .inputOutput
        case SQLITE_TOOBIG: self = .tooBig
        case SQLITE_INTERRUPT: self = .interrupted
        default: self = .other
        }
    }
}
