internal import CSQLite

/// A prepared statement. Every use binds all of its parameters, steps, and leaves it reset, whatever is thrown on the way.
///
/// Not Sendable: it belongs to the thread of its database, as that does.
package final class Statement {
    let handle: OpaquePointer
    private let connection: Connection

    init(_ sql: String, on connection: Connection) throws(SQLiteError) {
        var prepared: OpaquePointer?
        let code = sqlite3_prepare_v3(
            connection.handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &prepared, nil)
        try connection.check(code)
        // Text that holds no statement (only blanks or a comment) prepares to nothing.
        guard let prepared else {
            throw SQLiteError(.other, message: "no statement in \"\(sql)\"", path: connection.path)
        }
        handle = prepared
        self.connection = connection
    }

    deinit { sqlite3_finalize(handle) }

    /// Runs a statement that gives no rows, or whose rows do not matter.
    package func run<each Value: SQLiteValue>(_ values: repeat each Value) throws(SQLiteError) {
        defer { rewind() }
        try bind(repeat each values)
        while try step() {}
    }

    /// Calls `body` with each row, until it returns false.
    package func forEach<each Value: SQLiteValue, Failure: Error>(
        _ values: repeat each Value, mapError: (SQLiteError) -> Failure,
        _ body: (borrowing Row) throws(Failure) -> Bool
    ) throws(Failure) {
        defer { rewind() }
        do throws(SQLiteError) { try bind(repeat each values) } catch { throw mapError(error) }
        while true {
            let hasRow: Bool
            do throws(SQLiteError) { hasRow = try step() } catch { throw mapError(error) }
            guard hasRow, try body(Row(self)) else { return }
        }
    }

    /// What `body` makes of each row.
    package func query<each Value: SQLiteValue, Result>(
        _ values: repeat each Value, row body: (borrowing Row) throws(SQLiteError) -> Result
    ) throws(SQLiteError) -> [Result] {
        var results: [Result] = []
        try forEach(repeat each values, mapError: { $0 }) { (row: borrowing Row) throws(SQLiteError) in
            results.append(try body(row))
            return true
        }
        return results
    }

    /// What `body` makes of the first row, or nil when there is none.
    package func first<each Value: SQLiteValue, Result>(
        _ values: repeat each Value, row body: (borrowing Row) throws(SQLiteError) -> Result
    ) throws(SQLiteError) -> Result? {
        defer { rewind() }
        try bind(repeat each values)
        return try step() ? try body(Row(self)) : nil
    }

    private func bind<each Value: SQLiteValue>(_ values: repeat each Value) throws(SQLiteError) {
        var index: Int32 = 0
        for value in repeat each values {
            index += 1
            try connection.check(value.bind(Parameter(statement: handle, index: index)))
        }
        // A parameter that was forgotten would silently be null.
        let expected = sqlite3_bind_parameter_count(handle)
        guard index == expected else {
            throw SQLiteError(
                .other, message: "\(index) values for \(expected) parameters of \"\(sql)\"",
                path: connection.path)
        }
    }

    private func step() throws(SQLiteError) -> Bool {
        let code = sqlite3_step(handle)
        if code == SQLITE_ROW { return true }
        try connection.check(code)
        return false
    }

    /// Frees the rows, the locks and the bound values. Reset repeats the error of the last step, which was thrown already.
    private func rewind() {
        sqlite3_reset(handle)
        sqlite3_clear_bindings(handle)
    }

    private var sql: String { sqlite3_sql(handle).map { String(cString: $0) } ?? "" }
}
