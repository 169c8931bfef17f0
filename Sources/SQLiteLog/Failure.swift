internal import MessageLog
internal import SQLite

/// Why a piece of work on the tables did not go through.
enum Failure: Error {
    /// Seen before anything was written: only this piece of work is refused.
    case refused(MessageLogError)
    /// SQLite failed: the whole transaction is undone.
    case failed(SQLiteError)

    /// Whether what is stored is to blame, rather than the machine or the caller.
    var isDamage: Bool {
        switch self {
        case .refused(let error): error.code == .corrupt
        case .failed(let error): MessageLogError(error, "").code == .corrupt
        }
    }

    /// The same for callers. `what` says what was tried.
    func error(_ what: String) -> MessageLogError {
        switch self {
        case .refused(let error): error
        case .failed(let error): MessageLogError(error, what)
        }
    }
}

extension MessageLogError {
    /// What to do about a damaged file.
    static let cure =
        "`baictl log check` lists all that is damaged, `baictl log export` saves the rest; restore the file from a backup"

    /// What to do about records that are damaged at one place.
    static func cure(_ position: RecordPosition) -> String {
        "\(cure), or go on without: `baictl log skip \(position)`"
    }

    init(_ error: SQLiteError, _ what: String) {
        switch error.code {
        case .full:
            self.init(
                .full,
                "\(what): no space is left for \(error.path); nothing of it was written, reading still works; free some space"
            )
        case .corrupt, .notADatabase:
            self.init(
                .corrupt, "\(what): \(error.path) is damaged (\(error.message)); \(MessageLogError.cure)")
        case .busy:
            self.init(.unavailable, "\(what): another process has held \(error.path) for too long; try again")
        case .constraint, .other:
            // The statements are constants and tests run all of them: where one does not fit the tables, the tables have changed.
            self.init(
                .corrupt,
                "\(what): \(error.path) does not hold what this program wrote (\(error.message)); \(MessageLogError.cure)"
            )
        case .cannotOpen, .readOnly, .inputOutput, .tooBig, .interrupted:
            self.init(.unavailable, "\(what): \(error)")
        }
    }
}

/// Runs SQLite calls where `Failure`s are thrown.
func attempt<Result>(_ body: () throws(SQLiteError) -> Result) throws(Failure) -> Result {
    do throws(SQLiteError) { return try body() } catch { throw .failed(error) }
}
