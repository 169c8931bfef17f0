internal import API
internal import Events
internal import JSON
internal import Runtime
internal import SQLite

/// What a user's word for a run may mean.
enum RunLookup: Equatable {
    case found(String)
    case missing
    /// Several runs begin so; at most `Reading.mostCandidates` of them.
    case ambiguous([String])
}

extension Reading {
    /// How many candidates an ambiguous prefix names.
    static let mostCandidates = 10
    /// Shorter prefixes are refused: they would mean another run tomorrow.
    static let shortestPrefix = 4

    /// The run that `reference` means: an id, the beginning of one, or `latest`.
    func lookUp(_ reference: String) throws(SQLiteError) -> RunLookup {
        if reference == "latest" {
            let newest = try database.first(
                "SELECT id FROM runs WHERE submitted IS NOT NULL ORDER BY submitted DESC, rank DESC, id DESC LIMIT 1"
            ) { $0.text(0) }
            return newest.map(RunLookup.found) ?? .missing
        }
        let exact = try database.first(
            "SELECT id FROM runs WHERE id = ? AND submitted IS NOT NULL", reference, row: { $0.text(0) })
        if let exact { return .found(exact) }
        if reference.count < Reading.shortestPrefix { return .missing }
        // No text that begins so sorts behind this: U+10FFFF is no character of an id.
        let candidates = try database.query(
            "SELECT id FROM runs WHERE id >= ? AND id < ? AND submitted IS NOT NULL ORDER BY id LIMIT ?",
            reference,
            reference + "\u{10FFFF}", Reading.mostCandidates
        ) { $0.text(0) }
        if let first = candidates.first, candidates.count == 1 { return .found(first) }
        return candidates.isEmpty ? .missing : .ambiguous(candidates)
    }

    /// A page of the runs that fit, newest first.
    func runs(_ query: RunQuery) throws -> Page<RunSummary> {
        let after = try query.cursor.map { try Cursor($0, count: 3) }
        let words = query.text?.split(separator: " ").map { $0.lowercased() } ?? []
        let rows: [(RunSummary, Int64)] = try database.query(
            RunListStatement.text(for: query), text(query.statuses.map(\.rawValue)), text(query.labels),
            text(Array(query.labels.keys)), query.name, query.sweep, query.username,
            query.since?.milliseconds, query.until?.milliseconds, text(words), after?.integer(0),
            after?.integer(1), after?.parts[2], query.limit + 1
        ) { row throws(SQLiteError) in (try summary(row), row[12]) }
        return Page(
            items: try withPositions(rows.prefix(query.limit).map(\.0)), next: next(rows, query.limit))
    }

    private func next(_ rows: [(run: RunSummary, rank: Int64)], _ limit: Int) -> String? {
        guard rows.count > limit, let last = rows.prefix(limit).last else { return nil }
        return Cursor(last.run.submitted.milliseconds, last.rank, last.run.id).description
    }

    /// One run; nil when it is not there.
    func summary(of id: String) throws(SQLiteError) -> RunSummary? {
        let run = try database.first(
            "SELECT \(RunListStatement.columns) FROM runs WHERE id = ? AND submitted IS NOT NULL", id
        ) { row throws(SQLiteError) in try summary(row) }
        return try withPositions(run.map { [$0] } ?? []).first
    }

    private func summary(_ row: borrowing Row) throws(SQLiteError) -> RunSummary {
        let status = try status(row.text(2))
        let since = Timestamp(milliseconds: row[10])
        let (labels, parameters) = (row.text(6), row.text(7))
        return RunSummary(
            id: row[0], name: row[1], status: status, reason: reason(row[3]), message: row[4],
            attempt: row[5],
            labels: labels == "{}" ? [:] : try decode(labels),
            parameters: parameters == "{}" ? [:] : try decode(parameters), sweep: row[8],
            submitted: Timestamp(milliseconds: row[9]), finished: status.isFinal ? since : nil,
            username: row[11])
    }

    /// Fills in how many go first, for those that are queued: as of now, whatever the position was when they came.
    private func withPositions(_ runs: [RunSummary]) throws(SQLiteError) -> [RunSummary] {
        guard runs.contains(where: { $0.status == .queued }) else { return runs }
        let queue = try database.query(
            "SELECT id FROM runs INDEXED BY runs_in_queue WHERE status = 'QUEUED' ORDER BY since, id"
        ) { $0.text(0) }
        let positions = Dictionary(uniqueKeysWithValues: queue.enumerated().map { ($1, $0) })
        return runs.map { run in
            var run = run
            if run.status == .queued { run.position = positions[run.id] }
            return run
        }
    }

    /// How many runs have each status that any has.
    func countsByStatus() throws(SQLiteError) -> [(status: RunStatus, count: Int)] {
        try database.query(
            "SELECT status, count(*) FROM runs WHERE submitted IS NOT NULL GROUP BY status ORDER BY status"
        ) { row throws(SQLiteError) in (try status(row.text(0)), row[1]) }
    }

    func status(_ text: String) throws(SQLiteError) -> RunStatus {
        guard let status = RunStatus(rawValue: text) else {
            throw SQLiteError(.corrupt, message: "'\(text)' is no status", path: database.path)
        }
        return status
    }

    func reason(_ text: String?) -> Reason? { text.map { Reason($0) } }
}
