internal import API
internal import Events
internal import JSON
internal import MessageLog
internal import Runtime
internal import Runs
internal import SQLite

/// Writes what records tell into the tables of the read model.
///
/// Records of one topic and partition come in order; those of different ones may come in any: what a status says of a run is kept even when the
/// run's submission is still to come. So a model that is built anew is the same as one that grew.
struct Projection {
    let database: Database
    /// The runs that something was written about.
    private(set) var changed: Set<String> = []
    /// The machines of the runs that were looked at; those that moved are written by `finish()`.
    var machines: [String: CachedMachine] = [:]

    /// The topics that the model is made of, causes before effects.
    static let topics: [Topic] = [
        .runs, .commands, .fetched, .jobs, .status, .results, .alarms, .deadletter,
    ]

    /// Why a record was left out: it cannot be read.
    struct BadRecord: Error {
        var reason: String
    }

    /// What can go wrong while a record is written.
    enum Failure: Error {
        case bad(JSONError)
        case database(SQLiteError)
    }

    init(database: Database) {
        self.database = database
    }

    /// Writes what `record` tells.
    ///
    /// - Returns: why the record was passed over, if it was: it cannot be read.
    mutating func apply(_ record: LogRecord) throws(SQLiteError) -> String? {
        guard let value = record.value else { return nil }
        do throws(Failure) {
            try dispatch(record, value)
            return nil
        } catch {
            switch error {
            case .bad(let reason): return reason.description
            case .database(let error): throw error
            }
        }
    }

    /// Writes what was kept until now. To be called once, at the end of the transaction.
    mutating func finish() throws(SQLiteError) {
        for (id, machine) in machines where machine.hasMoved {
            do throws(Failure) {
                try update(id, machine.machine)
            } catch {
                switch error {
                // A machine is made of values that were decoded: it always has a JSON form.
                case .bad(let reason):
                    throw SQLiteError(.other, message: reason.description, path: database.path)
                case .database(let error): throw error
                }
            }
        }
        machines = [:]
    }

    private mutating func dispatch(_ record: LogRecord, _ value: [UInt8]) throws(Failure) {
        switch try type(of: record, value) {
        case RunSubmitted.type: try submitted(decode(value), record, value)
        case StatusChanged.type: try statusChanged(decode(value), record)
        case AttemptFinished.type: try attemptFinished(decode(value), record)
        case CollectionRequested.type: try collectionRequested(decode(value))
        case RunCollected.type: try collected(decode(value))
        case RunFetched.type: try fetched(decode(value))
        case JobCreated.type: try jobCreated(decode(value))
        case ResultComputed.type: try resultComputed(decode(value), record)
        case AlarmChanged.type: try alarmChanged(decode(value), record)
        case Command.type: try command(decode(value), record)
        case DeadLetter.type: try deadLetter(decode(value), record)
        case DeadLetterReplayed.type: try replayed(decode(value))
        default: break  // An event of a later version of the product.
        }
    }

    private func type(of record: LogRecord, _ value: [UInt8]) throws(Failure) -> String {
        if let type = record.headers["type"] { return type }
        do { return try JSONCoding.decode(EventType.self, from: value).type } catch { throw .bad(error) }
    }

    private func decode<Payload: EventPayload>(_ value: [UInt8]) throws(Failure) -> TypedEvent<Payload> {
        do { return try JSONCoding.decode(TypedEvent<Payload>.self, from: value) } catch { throw .bad(error) }
    }

    /// JSON for a `value` column.
    func text(_ value: some Encodable) throws(Failure) -> String {
        do { return try JSONCoding.text(value) } catch { throw .bad(error) }
    }

    /// Writes rows.
    func run<each Value: SQLiteValue>(_ sql: String, _ values: repeat each Value) throws(Failure) {
        do { try database.run(sql, repeat each values) } catch { throw .database(error) }
    }

    /// Reads one row.
    func first<each Value: SQLiteValue, Result>(
        _ sql: String, _ values: repeat each Value, row body: (borrowing Row) -> Result
    ) throws(Failure) -> Result? {
        do { return try database.first(sql, repeat each values, row: body) } catch { throw .database(error) }
    }

    /// Whether a user has deleted the run: nothing more is told of it.
    func isDeleted(_ run: String) throws(Failure) -> Bool {
        try first("SELECT 1 FROM deleted WHERE run = ?", run) { _ in true } ?? false
    }

    mutating func note(_ run: String) { changed.insert(run) }

    /// Adds what streams tell.
    mutating func tell(_ event: ToldEvent, from record: LogRecord) throws(Failure) {
        note(event.run)
        try run(
            """
            INSERT INTO events (record, run, name, time, logged, kind, status, reason, message, attempt, position, series, alarm)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """, record.position.description, event.run, event.name, event.time.milliseconds,
            record.time.milliseconds, event.kind.rawValue, event.status?.rawValue, event.reason?.rawValue,
            event.message, event.attempt, event.position, event.series, event.alarm)
    }
}
