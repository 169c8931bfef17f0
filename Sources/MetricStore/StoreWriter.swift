internal import Events
internal import JSON
internal import Runtime
internal import SQLite

/// The one connection that writes.
actor StoreWriter {
    private let executor = QueueExecutor(label: "store.writer")
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// nil once closed.
    private var database: Database?
    private var words = WordNumbers()

    init(path: String) throws(MetricStoreError) {
        database = try StoreFile.openForWriting(path)
    }

    func close() {
        database = nil
    }

    func write(_ changes: StoreChanges) throws(MetricStoreError) {
        try inTransaction { (database) throws(MetricStoreError) in
            for points in changes.points { try write(points, to: database) }
            for lines in changes.lines { try write(lines, to: database) }
            for end in changes.ends { try write(end, to: database) }
            for attempt in changes.attempts { try write(attempt, to: database) }
            for accepted in changes.accepted { try write(accepted, to: database) }
            for result in changes.results { try write(result, to: database) }
        }
    }

    func delete(run id: String) throws(MetricStoreError) {
        try inTransaction { (database) throws(MetricStoreError) in
            try StoreFile.mapping { () throws(SQLiteError) in
                try database.run(
                    """
                    INSERT INTO run (id, is_deleted) VALUES (?, 1)
                    ON CONFLICT DO UPDATE SET is_deleted = 1
                    """, id)
                let run = try database.first("SELECT number FROM run WHERE id = ?", id) { $0.integer(0) } ?? 0
                for table in ["point", "line", "stream", "attempt", "accepted", "result"] {
                    try database.run("DELETE FROM \(table) WHERE run = ?", run)
                }
            }
        }
    }

    private func inTransaction(
        _ body: (Database) throws(MetricStoreError) -> Void
    ) throws(MetricStoreError) {
        guard let database else { throw MetricStoreError(.closed, "the metric store is closed") }
        do {
            try database.transaction(.immediate, mapError: { MetricStoreError($0) }) {
                () throws(MetricStoreError) in try body(database)
            }
        } catch {
            // Words that were new in it are gone with the transaction.
            words = WordNumbers()
            throw error
        }
    }

    /// The number of a run; nil when it was deleted.
    private func number(ofRun id: String, in database: Database) throws(SQLiteError) -> Int64? {
        let known = try database.first("SELECT number, is_deleted FROM run WHERE id = ?", id) {
            (number: $0.integer(0), isDeleted: $0.integer(1) != 0)
        }
        if let known { return known.isDeleted ? nil : known.number }
        try database.run("INSERT INTO run (id) VALUES (?)", id)
        return database.lastInsertedID
    }

    private func write(
        _ points: StoreChanges.Points, to database: Database
    ) throws(MetricStoreError) {
        try StoreFile.mapping { () throws(SQLiteError) in
            guard let run = try number(ofRun: points.run, in: database) else { return }
            let batch = points.batch
            var added = 0
            for point in batch.points {
                let metric = try words.number(of: point.name, in: database)
                let unit: Int64? =
                    if let unit = point.unit { try words.number(of: unit, in: database) } else { nil }
                let labels = try words.number(of: point.labels, in: database)
                added += try database.run(
                    "INSERT INTO point VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                    run, batch.attempt, batch.rank, point.sequence, metric, point.value, unit, point.step,
                    point.time.milliseconds, labels)
            }
            try count(
                added, last: batch.points.map(\.sequence).max() ?? 0, of: .metrics, run: run,
                attempt: batch.attempt, rank: batch.rank, host: batch.host, in: database)
        }
    }

    private func write(_ lines: StoreChanges.Lines, to database: Database) throws(MetricStoreError) {
        try StoreFile.mapping { () throws(SQLiteError) in
            guard let run = try number(ofRun: lines.run, in: database) else { return }
            let batch = lines.batch
            var added = 0
            for line in batch.lines {
                added += try database.run(
                    "INSERT INTO line VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                    run, batch.attempt, batch.rank, line.sequence, line.time.milliseconds,
                    line.stream.rawValue, line.text)
            }
            try count(
                added, last: batch.lines.map(\.sequence).max() ?? 0, of: .lines, run: run,
                attempt: batch.attempt, rank: batch.rank, host: nil, in: database)
        }
    }

    /// Counts as it writes, so that nobody has to count a million rows to know that none is missing.
    private func count(
        _ added: Int, last: Int64, of kind: StreamKind, run: Int64, attempt: Int, rank: Int, host: String?,
        in database: Database
    ) throws(SQLiteError) {
        try database.run(
            """
            INSERT INTO stream (run, attempt, rank, kind, host, count, last) VALUES (?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET host = coalesce(excluded.host, host), count = count + excluded.count,
                last = max(last, excluded.last)
            """, run, attempt, rank, kind.rawValue, host, added, last)
    }

    private func write(_ end: StoreChanges.End, to database: Database) throws(MetricStoreError) {
        try StoreFile.mapping { () throws(SQLiteError) in
            guard let run = try number(ofRun: end.run, in: database) else { return }
            try database.run(
                """
                INSERT INTO stream (run, attempt, rank, kind, count, last, announced, dropped)
                VALUES (?, ?, ?, ?, 0, 0, ?, ?)
                ON CONFLICT DO UPDATE SET announced = excluded.announced, dropped = excluded.dropped
                """, run, end.end.attempt, end.end.rank, end.kind.rawValue, end.end.count, end.end.dropped)
        }
    }

    private func write(_ ended: StoreChanges.Ended, to database: Database) throws(MetricStoreError) {
        let body = try StoreJSON.text(ended.attempt)
        try StoreFile.mapping { () throws(SQLiteError) in
            guard let run = try number(ofRun: ended.run, in: database) else { return }
            try database.run(
                "INSERT INTO attempt VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET body = excluded.body",
                run, ended.attempt.attempt.number, body)
        }
    }

    private func write(_ accepted: StoreChanges.Accepted, to database: Database) throws(MetricStoreError) {
        try StoreFile.mapping { () throws(SQLiteError) in
            guard let run = try number(ofRun: accepted.run, in: database) else { return }
            try database.run("DELETE FROM accepted WHERE run = ?", run)
            for attempt in Set(accepted.attempts) {
                try database.run("INSERT INTO accepted VALUES (?, ?)", run, attempt)
            }
        }
    }

    private func write(_ result: ResultComputed, to database: Database) throws(MetricStoreError) {
        let body = try StoreJSON.text(result)
        let key = try StoreJSON.text(result.series)
        try StoreFile.mapping { () throws(SQLiteError) in
            guard let run = try number(ofRun: result.run, in: database) else { return }
            try database.run(
                """
                INSERT INTO series (id, benchmark, metric, body) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING
                """, result.series.id, result.series.benchmark, result.series.metric, key)
            try database.run(
                """
                INSERT INTO result (run, series, finished, body)
                VALUES (?, (SELECT number FROM series WHERE id = ?), ?, ?)
                ON CONFLICT DO UPDATE SET finished = excluded.finished, body = excluded.body
                """, run, result.series.id, result.finished.milliseconds, body)
        }
    }
}
