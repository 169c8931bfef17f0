internal import API
internal import Events
internal import Runtime
internal import SQLite

extension Reading {
    /// How far the order of events may differ between two buildings of the model. After one, a stream begins again so much earlier, and the
    /// client knows what comes twice by its id.
    static let rebuildSlack = Duration.seconds(10)

    /// The number of the last event before `cursor`; 0 without one. nil when the model is being built anew and has not come so far.
    func place(_ cursor: EventCursor?) throws(SQLiteError) -> Int64? {
        guard let cursor else { return 0 }
        if cursor.incarnation == incarnation { return cursor.sequence }
        let first = try database.first(
            "SELECT min(seq) FROM events WHERE logged >= ?",
            cursor.logged.milliseconds - Reading.rebuildSlack.wholeMilliseconds
        ) { (row: borrowing Row) -> Int64? in row[0] }
        return (first ?? nil).map { $0 - 1 }
    }

    /// The number of the newest event.
    func lastPlace() throws(SQLiteError) -> Int64 {
        try database.first("SELECT coalesce(max(seq), 0) FROM events") { $0.integer(0) } ?? 0
    }

    /// What happened to `run`, or to any (nil), behind `place`.
    func events(of run: String?, after place: Int64, limit: Int) throws(SQLiteError) -> [RunEvent] {
        try database.query(
            """
            SELECT e.seq, e.record, e.run, coalesce(nullif(r.name, ''), e.name), e.time, e.kind, e.status, e.reason,
                e.message, e.attempt, e.position, e.series, e.alarm, e.logged
            FROM events AS e LEFT JOIN runs AS r ON r.id = e.run
            WHERE e.seq > ?1 AND \(run == nil ? "?2 IS NULL" : "e.run = ?2") ORDER BY e.seq LIMIT ?3
            """, place, run, limit
        ) { row throws(SQLiteError) in try event(row) }
    }

    private func event(_ row: borrowing Row) throws(SQLiteError) -> RunEvent {
        guard let kind = RunEvent.Kind(rawValue: row[5]) else {
            throw SQLiteError(.corrupt, message: "'\(row.text(5))' is no kind of event", path: database.path)
        }
        let cursor = EventCursor(
            incarnation: incarnation, sequence: row[0], logged: Timestamp(milliseconds: row[13]))
        let status: String? = row[6]
        return RunEvent(
            cursor: cursor.text, id: row[1], run: row[2], name: row[3], time: Timestamp(milliseconds: row[4]),
            kind: kind, status: status == nil ? nil : try self.status(status ?? ""), reason: reason(row[7]),
            message: row[8], attempt: row[9], position: row[10], series: row[11], alarm: row[12])
    }
}
