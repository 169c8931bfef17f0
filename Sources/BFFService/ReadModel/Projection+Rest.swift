internal import API
internal import Events
internal import JSON
internal import MessageLog
internal import Runtime
internal import SQLite

extension Projection {
    mutating func resultComputed(_ event: TypedEvent<ResultComputed>, _ record: LogRecord) throws(Failure) {
        let result = event.payload
        let series = result.series
        if try isDeleted(result.run) { return }
        let known = try first(
            "SELECT 1 FROM results WHERE run = ? AND series = ?", result.run, series.id, row: { _ in true })
        try run(
            "INSERT OR REPLACE INTO results VALUES (?, ?, ?, ?, ?, ?, ?, ?)", result.run, series.id,
            series.benchmark, series.metric, result.finished.milliseconds, record.partition, record.offset,
            text(result))
        try refreshSeries(series.id)
        note(result.run)
        if known == true { return }
        let unit = series.unit.map { $0.isEmpty ? "" : " \($0)" } ?? ""
        try tell(
            ToldEvent(
                run: result.run, time: event.time, kind: .result,
                message: "\(series.metric) is \(result.median)\(unit)\(result.isValid ? "" : ", not valid")",
                series: series.id),
            from: record)
    }

    /// Makes the row of a series what its results say.
    private func refreshSeries(_ id: String) throws(Failure) {
        try run("DELETE FROM series WHERE id = ?", id)
        try run(
            """
            INSERT INTO series
            SELECT series, benchmark, metric, (SELECT count(*) FROM results WHERE series = ?1), finished, run
            FROM results WHERE series = ?1 ORDER BY finished DESC, run DESC LIMIT 1
            """, id)
    }

    mutating func alarmChanged(_ event: TypedEvent<AlarmChanged>, _ record: LogRecord) throws(Failure) {
        let alarm = event.payload.alarm
        let value = try text(alarm)
        if try first("SELECT value FROM alarms WHERE id = ?", alarm.id, row: { $0.text(0) }) == value {
            return
        }
        try run(
            "INSERT OR REPLACE INTO alarms VALUES (?, ?, ?, ?, ?, ?)", alarm.id, alarm.state.rawValue,
            alarm.run, alarm.series.id, alarm.opened.milliseconds, value)
        if try isDeleted(alarm.run) { return }
        // Whom it concerns: the run that raised it, and the one that resolved it.
        try tell(
            ToldEvent(
                run: alarm.resolvedBy ?? alarm.run, time: event.time, kind: .alarm,
                message: "\(alarm.state.rawValue): \(alarm.message)", series: alarm.series.id,
                alarm: alarm.id),
            from: record)
    }

    mutating func command(_ event: TypedEvent<Command>, _ record: LogRecord) throws(Failure) {
        switch event.payload.kind {
        case .cancel: try cancelRequested(event, record)
        case .delete: try delete(event.actionID)
        }
    }

    private mutating func cancelRequested(
        _ event: TypedEvent<Command>, _ record: LogRecord
    ) throws(Failure) {
        let (id, command) = (event.actionID, event.payload)
        if try isDeleted(id) { return }
        let known = try first("SELECT force FROM cancels WHERE run = ?", id, row: { row -> Bool in row[0] })
        // Only a first one, and force after grace, is news.
        if known == true || known == false && command.isGraceful { return }
        try run("INSERT OR REPLACE INTO cancels VALUES (?, ?)", id, !command.isGraceful)
        let how = command.isGraceful ? "cancel requested" : "cancel by force requested"
        try tell(
            ToldEvent(
                run: id, time: event.time, kind: .cancelRequested,
                message: command.reason.map { "\(how): \($0)" } ?? how),
            from: record)
    }

    /// Takes everything of a run away. Its alarms stay: their life is the analyzer's.
    private mutating func delete(_ id: String) throws(Failure) {
        let series = try seriesOf(id)
        machines[id] = nil
        try run("INSERT OR IGNORE INTO deleted VALUES (?)", id)
        try run("DELETE FROM runs WHERE id = ?", id)
        for table in [
            "labels", "submissions", "history", "jobs", "attempts", "contents", "problems", "results",
            "events",
            "cancels",
        ] {
            try run("DELETE FROM \(table) WHERE run = ?", id)
        }
        for series in series { try refreshSeries(series) }
        note(id)
    }

    private func seriesOf(_ run: String) throws(Failure) -> [String] {
        do {
            return try database.query("SELECT series FROM results WHERE run = ?", run) { $0.text(0) }
        } catch {
            throw .database(error)
        }
    }

    mutating func deadLetter(_ event: TypedEvent<DeadLetter>, _ record: LogRecord) throws(Failure) {
        // A mark that it was replayed may be there already.
        try run(
            """
            INSERT INTO dead_letters (partition, offset, time, value) VALUES (?, ?, ?, ?)
            ON CONFLICT (partition, offset) DO UPDATE SET time = excluded.time, value = excluded.value
            """, record.partition, record.offset, event.time.milliseconds, text(event.payload))
    }

    mutating func replayed(_ event: TypedEvent<DeadLetterReplayed>) throws(Failure) {
        let letter = event.payload
        try run(
            """
            INSERT INTO dead_letters (partition, offset, time, replayed) VALUES (?1, ?2, ?3, ?3)
            ON CONFLICT (partition, offset) DO UPDATE SET replayed = excluded.replayed
            """, letter.partition, letter.offset, event.time.milliseconds)
    }
}
