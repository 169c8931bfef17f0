internal import JSON
internal import Runtime
internal import SQLite

/// Answers questions from the read model, beside the one who writes it.
package actor ReadModel {
    private let executor = QueueExecutor(label: "bai.bff.read-model")
    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private let file: ReadModelFile
    private let progress: ProjectionProgress
    private var open: (database: Database, building: Int, incarnation: String)?

    package init(file: ReadModelFile, progress: ProjectionProgress) {
        self.file = file
        self.progress = progress
    }

    /// Reads with one view of the model: what is written meanwhile is not seen.
    func read<Result>(_ body: (Reading) throws -> Result) throws -> Result {
        let reading = try reading()
        do {
            try reading.database.execute("BEGIN")
            defer { try? reading.database.execute("COMMIT") }
            return try body(reading)
        } catch let error as SQLiteError where error.isCorrupt {
            progress.distrust(because: error.message)
            throw error
        }
    }

    private func reading() throws(SQLiteError) -> Reading {
        let building = progress.buildings
        if let open, open.building == building {
            return Reading(database: open.database, incarnation: open.incarnation)
        }
        let database = try file.openForReading()
        let incarnation = try database.first("SELECT name FROM incarnation") { $0.text(0) } ?? ""
        open = (database, building, incarnation)
        return Reading(database: database, incarnation: incarnation)
    }
}

/// The model as it is at one moment. Its questions are in the files beside this.
struct Reading {
    let database: Database
    /// The name of this building of the model.
    let incarnation: String

    /// The value of a column that holds JSON; what cannot be read was not written by this version, which makes the file unusable.
    func decode<Value: Decodable>(_ text: String, as type: Value.Type = Value.self) throws(SQLiteError)
        -> Value
    {
        do {
            return try JSONCoding.decode(Value.self, from: text.utf8)
        } catch {
            throw SQLiteError(.corrupt, message: "a value cannot be read: \(error)", path: database.path)
        }
    }

    /// The values of a query's only column, which holds JSON.
    func values<each Parameter: SQLiteValue, Value: Decodable>(
        _ sql: String, _ parameters: repeat each Parameter
    ) throws(SQLiteError) -> [Value] {
        try database.query(sql, repeat each parameters) { row throws(SQLiteError) in try decode(row.text(0)) }
    }

    /// JSON for a parameter.
    func text(_ value: some Encodable) throws(SQLiteError) -> String {
        do {
            return try JSONCoding.text(value)
        } catch {
            throw SQLiteError(.other, message: "a parameter cannot be written: \(error)", path: database.path)
        }
    }
}
