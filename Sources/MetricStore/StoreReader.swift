internal import Events
internal import Runtime
internal import SQLite

/// A connection that reads, beside whoever writes.
actor StoreReader {
    private let executor = QueueExecutor(label: "store.reader")
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// nil once closed.
    private var database: Database?
    private var words = WordTexts()

    init(path: String) throws(MetricStoreError) {
        database = try StoreFile.openForReading(path)
    }

    func close() {
        database = nil
    }

    func points(of id: String, _ query: PointQuery) throws(MetricStoreError) -> StorePage<StoredPoint> {
        try read(run: id, or: StorePage(items: [])) { database, run throws(SQLiteError) in
            var metric: Int64?
            if let name = query.metric {
                metric = try database.first("SELECT number FROM word WHERE text = ?", name) { $0.integer(0) }
                if metric == nil { return StorePage(items: []) }
            }
            let start = StoreCursor.start(after: query.after, attempt: query.attempt, rank: nil)
            let limit = query.limit.boundedPage
            let rows = try database.query(
                """
                SELECT attempt, rank, sequence, metric, value, unit, step, time, labels,
                    attempt IN (SELECT attempt FROM accepted WHERE run = ?1) AS is_accepted
                FROM point
                WHERE run = ?1 AND (attempt, rank, sequence) > (?2, ?3, ?4) AND attempt <= ?5
                    AND (?6 IS NULL OR metric = ?6) AND (NOT ?7 OR is_accepted)
                ORDER BY attempt, rank, sequence LIMIT ?8
                """, run, start.attempt, start.rank, start.sequence, query.attempt ?? Int.max, metric,
                query.onlyAccepted, limit + 1
            ) { row throws(SQLiteError) in try point(row, in: database) }
            return StorePage(rows, limit: limit, cursor: \.cursor)
        }
    }

    private func point(_ row: borrowing Row, in database: Database) throws(SQLiteError) -> StoredPoint {
        let unit: Int64? = row[5]
        let labels: Int64? = row[8]
        let point = MetricPoint(
            sequence: row[2], name: try words.text(of: row[3], in: database),
            // SQLite has no NaN: it keeps null in its place.
            value: row.isNull(4) ? .nan : row[4],
            unit: try unit.map { number throws(SQLiteError) in try words.text(of: number, in: database) },
            step: row[6], time: Timestamp(milliseconds: row[7]),
            labels: try labels.map { number throws(SQLiteError) in
                try words.labels(of: number, in: database)
            } ?? [:])
        return StoredPoint(attempt: row[0], rank: row[1], point: point, isAccepted: row[9])
    }

    func lines(of id: String, _ query: LineQuery) throws(MetricStoreError) -> StorePage<StoredLine> {
        try read(run: id, or: StorePage(items: [])) { database, run throws(SQLiteError) in
            let start = StoreCursor.start(after: query.after, attempt: query.attempt, rank: query.rank)
            let limit = (query.tail ?? query.limit).boundedPage
            let order = query.tail == nil ? "ASC" : "DESC"
            var rows = try database.query(
                """
                SELECT attempt, rank, sequence, time, stream, text FROM line
                WHERE run = ?1 AND (attempt, rank, sequence) > (?2, ?3, ?4) AND attempt <= ?5
                    AND (?6 IS NULL OR rank = ?6) AND (?7 IS NULL OR stream = ?7)
                    AND (?8 IS NULL OR time >= ?8) AND (?9 IS NULL OR instr(text, ?9) > 0)
                ORDER BY attempt \(order), rank \(order), sequence \(order) LIMIT ?10
                """, run, start.attempt, start.rank, start.sequence, query.attempt ?? Int.max, query.rank,
                query.stream?.rawValue, query.since?.milliseconds, query.containing, limit + 1,
                row: StoreReader.line)
            if query.tail == nil { return StorePage(rows, limit: limit, cursor: \.cursor) }
            // One more than asked for was read; the tail has no next page.
            rows = Array(rows.prefix(limit).reversed())
            return StorePage(items: rows)
        }
    }

    private static func line(_ row: borrowing Row) -> StoredLine {
        let stream: String = row[4]
        let line = LogLine(
            sequence: row[2], time: Timestamp(milliseconds: row[3]),
            // Written from the same type; a later version's stream is the agent's to this one.
            stream: LogLine.Stream(rawValue: stream) ?? .agent, text: row[5])
        return StoredLine(attempt: row[0], rank: row[1], line: line)
    }

    func attempts(of id: String) throws(MetricStoreError) -> [StoredAttempt] {
        let rows = try read(run: id, or: []) { database, run throws(SQLiteError) in
            try database.query(
                """
                SELECT body, number IN (SELECT attempt FROM accepted WHERE run = ?1) FROM attempt
                WHERE run = ?1 ORDER BY number
                """, run
            ) { (body: $0.text(0), isAccepted: $0.integer(1) != 0) }
        }
        var attempts: [StoredAttempt] = []
        for row in rows {
            attempts.append(
                StoredAttempt(
                    finished: try StoreJSON.value(AttemptFinished.self, from: row.body),
                    isAccepted: row.isAccepted))
        }
        return attempts
    }

    func streams(of id: String) throws(MetricStoreError) -> [StreamStatistics] {
        try read(run: id, or: []) { database, run throws(SQLiteError) in
            try database.query(
                """
                SELECT attempt, rank, kind, host, count, last, announced, dropped FROM stream WHERE run = ?
                ORDER BY attempt, rank, kind DESC
                """, run
            ) {
                StreamStatistics(
                    attempt: $0[0], rank: $0[1], kind: StreamKind(rawValue: $0.text(2)) ?? .metrics,
                    host: $0[3], count: $0[4], last: $0[5], announced: $0[6], dropped: $0[7])
            }
        }
    }

    func results(of id: String) throws(MetricStoreError) -> [ResultComputed] {
        let bodies = try read(run: id, or: []) { database, run throws(SQLiteError) in
            try database.query(
                """
                SELECT result.body FROM result JOIN series ON series.number = result.series
                WHERE result.run = ? ORDER BY series.metric, series.id
                """, run
            ) { $0.text(0) }
        }
        return try StoreReader.results(bodies)
    }

    func history(of series: String, last: Int) throws(MetricStoreError) -> [ResultComputed] {
        let bodies = try read { database throws(SQLiteError) in
            try database.query(
                """
                SELECT body FROM result WHERE series = (SELECT number FROM series WHERE id = ?)
                ORDER BY finished DESC, number DESC LIMIT ?
                """, series, last.boundedPage
            ) { $0.text(0) }
        }
        return try StoreReader.results(bodies.reversed())
    }

    func series(_ query: SeriesQuery) throws(MetricStoreError) -> SeriesPage {
        let limit = query.limit.boundedPage
        let rows = try read { database throws(SQLiteError) in
            // A series whose runs were all deleted is no longer one.
            try database.query(
                """
                SELECT body, (SELECT count(*) FROM result WHERE series = series.number),
                    (SELECT body FROM result WHERE series = series.number
                        ORDER BY finished DESC, number DESC LIMIT 1)
                FROM series
                WHERE (?1 IS NULL OR benchmark = ?1) AND (?2 IS NULL OR metric = ?2)
                    AND (?3 IS NULL OR (benchmark, metric, id)
                        > (SELECT benchmark, metric, id FROM series WHERE id = ?3))
                    AND EXISTS (SELECT 1 FROM result WHERE series = series.number)
                ORDER BY benchmark, metric, id LIMIT ?4
                """, query.benchmark, query.metric, query.after, limit + 1
            ) { (key: $0.text(0), count: Int($0.integer(1)), latest: $0.text(2)) }
        }
        var items: [SeriesSummary] = []
        for row in rows.prefix(limit) {
            items.append(
                SeriesSummary(
                    key: try StoreJSON.value(SeriesKey.self, from: row.key), resultCount: row.count,
                    latest: try StoreJSON.value(ResultComputed.self, from: row.latest)))
        }
        return SeriesPage(items: items, next: rows.count > limit ? items.last?.key.id : nil)
    }

    private static func results(
        _ bodies: some Sequence<String>
    ) throws(MetricStoreError) -> [ResultComputed] {
        var results: [ResultComputed] = []
        for body in bodies { results.append(try StoreJSON.value(ResultComputed.self, from: body)) }
        return results
    }

    private func read<Result>(
        _ body: (Database) throws(SQLiteError) -> Result
    ) throws(MetricStoreError) -> Result {
        guard let database else { throw MetricStoreError(.closed, "the metric store is closed") }
        return try StoreFile.mapping { () throws(SQLiteError) in try body(database) }
    }

    /// What `body` makes of the run with this id, or `nothing` when there is none or it was deleted.
    private func read<Result>(
        run id: String, or nothing: Result, _ body: (Database, Int64) throws(SQLiteError) -> Result
    ) throws(MetricStoreError) -> Result {
        try read { database throws(SQLiteError) in
            let run = try database.first("SELECT number FROM run WHERE id = ? AND NOT is_deleted", id) {
                $0.integer(0)
            }
            guard let run else { return nothing }
            return try body(database, run)
        }
    }
}

extension StoreCursor {
    /// Where to begin: after the place that was asked for, and not before the attempt (and rank) that is asked for.
    static func start(after: StoreCursor?, attempt: Int?, rank: Int?) -> StoreCursor {
        let first = StoreCursor(
            attempt: attempt ?? Int.min, rank: attempt == nil ? Int.min : rank ?? Int.min,
            sequence: Int64.min)
        return max(after ?? first, first)
    }
}

extension StorePage {
    /// A page of `rows`, of which one more than `limit` was asked for to know whether there are more.
    init(_ rows: [Item], limit: Int, cursor: (Item) -> StoreCursor) {
        let items = Array(rows.prefix(limit))
        self.init(items: items, next: rows.count > limit ? items.last.map(cursor) : nil)
    }
}

extension Int {
    /// Between one item and the most that a page may have.
    var boundedPage: Int { Swift.min(Swift.max(self, 1), largestStorePage) }
}
