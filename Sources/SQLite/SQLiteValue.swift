internal import CSQLite

/// What can be a parameter of a statement and a column of a row: `Int64`, `Int`, `Bool`, `Double`, `String`, `[UInt8]` and optionals of them.
package protocol SQLiteValue {
    /// Binds the value and gives SQLite's result code.
    func bind(_ parameter: Parameter) -> Int32

    /// The value of a column; SQLite converts (null is 0, "" or no bytes).
    static func read(_ row: borrowing Row, _ column: Int) -> Self
}

/// The place of one value in a prepared statement.
package struct Parameter {
    let statement: OpaquePointer
    let index: Int32
}

/// One row of a result, valid while the closure that it is handed to runs. Columns count from 0.
///
///     let name: String = row[0]
///     let parent: String? = row[1]
package struct Row: ~Copyable {
    private let statement: Statement

    init(_ statement: Statement) { self.statement = statement }

    package subscript<Value: SQLiteValue>(column: Int) -> Value { Value.read(self, column) }

    package func isNull(_ column: Int) -> Bool {
        sqlite3_column_type(statement.handle, Int32(column)) == SQLITE_NULL
    }

    package func integer(_ column: Int) -> Int64 { sqlite3_column_int64(statement.handle, Int32(column)) }

    package func double(_ column: Int) -> Double { sqlite3_column_double(statement.handle, Int32(column)) }

    package func text(_ column: Int) -> String {
        // Text first, then its length: the other way round SQLite may convert in between.
        guard let start = sqlite3_column_text(statement.handle, Int32(column)) else { return "" }
        let count = Int(sqlite3_column_bytes(statement.handle, Int32(column)))
        return String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    }

    package func bytes(_ column: Int) -> [UInt8] { Array(unsafeBytes(column)) }

    /// The column's bytes (a blob's, or a text's UTF-8) where SQLite has them: they are gone with the row. For loops in which a copy would count.
    package func unsafeBytes(_ column: Int) -> UnsafeRawBufferPointer {
        let start = sqlite3_column_blob(statement.handle, Int32(column))
        let count = Int(sqlite3_column_bytes(statement.handle, Int32(column)))
        return UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : count)
    }
}

extension Int64: SQLiteValue {
    package func bind(_ parameter: Parameter) -> Int32 {
        sqlite3_bind_int64(parameter.statement, parameter.index, self)
    }

    package static func read(_ row: borrowing Row, _ column: Int) -> Int64 { row.integer(column) }
}

extension Int: SQLiteValue {
    package func bind(_ parameter: Parameter) -> Int32 { Int64(self).bind(parameter) }
    package static func read(_ row: borrowing Row, _ column: Int) -> Int { Int(row.integer(column)) }
}

extension Bool: SQLiteValue {
    package func bind(_ parameter: Parameter) -> Int32 { Int64(self ? 1 : 0).bind(parameter) }
    package static func read(_ row: borrowing Row, _ column: Int) -> Bool { row.integer(column) != 0 }
}

extension Double: SQLiteValue {
    package func bind(_ parameter: Parameter) -> Int32 {
        sqlite3_bind_double(parameter.statement, parameter.index, self)
    }

    package static func read(_ row: borrowing Row, _ column: Int) -> Double { row.double(column) }
}

extension String: SQLiteValue {
    package func bind(_ parameter: Parameter) -> Int32 {
        var text = self
        return text.withUTF8 { bytes in
            guard let start = bytes.baseAddress else {
                return csqlite_bind_text(parameter.statement, parameter.index, "", 0)
            }
            return start.withMemoryRebound(to: CChar.self, capacity: bytes.count) {
                csqlite_bind_text(parameter.statement, parameter.index, $0, Int32(clamping: bytes.count))
            }
        }
    }

    package static func read(_ row: borrowing Row, _ column: Int) -> String { row.text(column) }
}

extension [UInt8]: SQLiteValue {
    package func bind(_ parameter: Parameter) -> Int32 {
        withUnsafeBytes { bytes in
            // A null pointer would bind null, which is something else than no bytes.
            guard let start = bytes.baseAddress, !bytes.isEmpty else {
                return sqlite3_bind_zeroblob(parameter.statement, parameter.index, 0)
            }
            return csqlite_bind_blob(
                parameter.statement, parameter.index, start, Int32(clamping: bytes.count))
        }
    }

    package static func read(_ row: borrowing Row, _ column: Int) -> [UInt8] { row.bytes(column) }
}

extension Optional: SQLiteValue where Wrapped: SQLiteValue {
    package func bind(_ parameter: Parameter) -> Int32 {
        self?.bind(parameter) ?? sqlite3_bind_null(parameter.statement, parameter.index)
    }

    package static func read(_ row: borrowing Row, _ column: Int) -> Wrapped? {
        row.isNull(column) ? nil : Wrapped.read(row, column)
    }
}
