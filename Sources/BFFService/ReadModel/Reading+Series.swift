internal import API
internal import Events
internal import JSON
internal import Runtime
internal import SQLite

extension Reading {
    /// A page of the alarms that fit, newest first.
    func alarms(_ query: AlarmQuery) throws -> Page<Alarm> {
        let after = try query.cursor.map { try Cursor($0, count: 2) }
        let conditions = [
            query.states.isEmpty ? "?1 IS NOT NULL" : "state IN (SELECT value FROM json_each(?1))",
            query.run == nil ? "?2 IS NULL" : "run = ?2",
            query.series == nil ? "?3 IS NULL" : "series = ?3",
            after == nil ? "?4 IS NULL AND ?5 IS NULL" : "(opened, id) < (?4, ?5)",
        ]
        let alarms: [Alarm] = try values(
            """
            SELECT value FROM alarms WHERE \(conditions.joined(separator: " AND "))
            ORDER BY opened DESC, id DESC LIMIT ?6
            """, text(query.states.map(\.rawValue)), query.run, query.series, after?.integer(0),
            after?.parts[1], query.limit + 1)
        return page(alarms, query.limit) { Cursor($0.opened.milliseconds, $0.id) }
    }

    /// One alarm.
    func alarm(_ id: String) throws(SQLiteError) -> Alarm? {
        let alarms: [Alarm] = try values("SELECT value FROM alarms WHERE id = ?", id)
        return alarms.first
    }

    /// A page of the series that fit, those with the newest results first.
    func series(_ query: SeriesQuery) throws -> Page<SeriesSummary> {
        let after = try query.cursor.map { try Cursor($0, count: 2) }
        let conditions = [
            query.benchmark == nil ? "?1 IS NULL" : "s.benchmark = ?1",
            query.metric == nil ? "?2 IS NULL" : "s.metric = ?2",
            after == nil ? "?3 IS NULL AND ?4 IS NULL" : "(s.finished, s.id) < (?3, ?4)",
        ]
        let series = try database.query(
            """
            SELECT s.count, r.value FROM series AS s JOIN results AS r ON r.series = s.id AND r.run = s.run
            WHERE \(conditions.joined(separator: " AND ")) ORDER BY s.finished DESC, s.id DESC LIMIT ?5
            """, query.benchmark, query.metric, after?.integer(0), after?.parts[1], query.limit + 1
        ) { row throws(SQLiteError) in
            let last: ResultComputed = try decode(row.text(1))
            return SeriesSummary(series: last.series, count: row[0], last: last)
        }
        return page(series, query.limit) { Cursor($0.last.finished.milliseconds, $0.series.id) }
    }

    /// A series with a page of its results, newest first; nil when there is no such series.
    func series(_ id: String, limit: Int, cursor: String?) throws -> SeriesDetail? {
        let after = try cursor.map { try Cursor($0, count: 2) }
        let results: [ResultComputed] = try values(
            """
            SELECT value FROM results
            WHERE series = ?1 AND \(after == nil ? "?2 IS NULL AND ?3 IS NULL" : "(finished, run) < (?2, ?3)")
            ORDER BY finished DESC, run DESC LIMIT ?4
            """, id, after?.integer(0), after?.parts[1], limit + 1)
        let newest: [ResultComputed] = try values(
            "SELECT value FROM results WHERE series = ? ORDER BY finished DESC, run DESC LIMIT 1", id)
        guard let key = newest.first?.series else { return nil }
        let alarms: [Alarm] = try values(
            "SELECT value FROM alarms WHERE series = ? AND state <> 'RESOLVED' ORDER BY opened DESC, id", id)
        let page = page(results, limit) { Cursor($0.finished.milliseconds, $0.run) }
        return SeriesDetail(series: key, results: page.items, alarms: alarms, next: page.next)
    }

    /// A page of the dead letters, newest first.
    func deadLetters(limit: Int, cursor: String?) throws -> Page<DeadLetterEntry> {
        let after = try cursor.map { try Cursor($0, count: 3) }
        let letters = try database.query(
            """
            SELECT partition, offset, time, value, replayed FROM dead_letters
            WHERE value IS NOT NULL
                AND \(after == nil ? "?1 IS NULL AND ?2 IS NULL AND ?3 IS NULL" : "(time, partition, offset) < (?1, ?2, ?3)")
            ORDER BY time DESC, partition DESC, offset DESC LIMIT ?4
            """, after?.integer(0), after?.integer(1), after?.integer(2), limit + 1
        ) { row throws(SQLiteError) in try deadLetter(row) }
        return page(letters, limit) { letter in
            let parts = letter.id.split(separator: "-").map(String.init)
            return Cursor(letter.time.milliseconds, parts[0], parts[1])
        }
    }

    /// One dead letter.
    func deadLetter(partition: Int, offset: Int64) throws(SQLiteError) -> DeadLetterEntry? {
        try database.first(
            """
            SELECT partition, offset, time, value, replayed FROM dead_letters
            WHERE partition = ? AND offset = ? AND value IS NOT NULL
            """, partition, offset
        ) { row throws(SQLiteError) in try deadLetter(row) }
    }

    private func deadLetter(_ row: borrowing Row) throws(SQLiteError) -> DeadLetterEntry {
        let replayed: Int64? = row[4]
        return DeadLetterEntry(
            id: "\(row.integer(0))-\(row.integer(1))", time: Timestamp(milliseconds: row[2]),
            letter: try decode(row.text(3)), replayed: replayed.map { Timestamp(milliseconds: $0) })
    }

    /// One page of `rows`, of which one more than `limit` was asked for.
    private func page<Item>(_ rows: [Item], _ limit: Int, cursor: (Item) -> Cursor) -> Page<Item> {
        let items = Array(rows.prefix(limit))
        return Page(items: items, next: rows.count > limit ? items.last.map { cursor($0).description } : nil)
    }
}
