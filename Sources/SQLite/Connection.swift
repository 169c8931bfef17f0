internal import CSQLite

/// Owns the C handle. Statements keep it alive, so that a statement can never outlive its connection.
final class Connection {
    let handle: OpaquePointer
    let path: String

    init(path: String, flags: Int32) throws(SQLiteError) {
        var opened: OpaquePointer?
        let code = sqlite3_open_v2(path, &opened, flags, nil)
        guard code == SQLITE_OK, let handle = opened else {
            // Even a failed open may leave a handle behind, which carries the message.
            let message = opened.map { String(cString: sqlite3_errmsg($0)) } ?? "out of memory"
            let extended = opened.map { sqlite3_extended_errcode($0) } ?? code
            sqlite3_close_v2(opened)
            throw SQLiteError(extendedCode: extended, message: message, path: path)
        }
        self.handle = handle
        self.path = path
        sqlite3_extended_result_codes(handle, 1)
    }

    deinit { sqlite3_close_v2(handle) }

    /// Whether no transaction is open.
    var isIdle: Bool { sqlite3_get_autocommit(handle) != 0 }

    /// Throws the error that `code` stands for, unless it stands for success.
    func check(_ code: Int32) throws(SQLiteError) {
        guard code != SQLITE_OK && code != SQLITE_DONE && code != SQLITE_ROW else { return }
        throw SQLiteError(extendedCode: code, message: String(cString: sqlite3_errmsg(handle)), path: path)
    }
}
