internal import API
internal import Events
internal import JSON
internal import Runtime
internal import SQLite

/// What `RunSubmitted` says of the descriptor.
struct SubmittedDescriptor: EventPayload {
    static let kind = RunSubmitted.kind
    static let topic = RunSubmitted.topic
    static let version = RunSubmitted.version
    var source: RunSubmitted.DescriptorSource
    var descriptor: JSONValue
}

extension Reading {
    /// Everything about a run but whether it is analyzed; nil when it is not there.
    func detail(of id: String) throws(SQLiteError) -> RunDetail? {
        guard let summary = try summary(of: id), let submission = try submission(of: id) else { return nil }
        return RunDetail(
            summary: summary, history: try history(of: summary),
            jobs: try values("SELECT value FROM jobs WHERE run = ? ORDER BY attempt", id),
            attempts: try values("SELECT value FROM attempts WHERE run = ? ORDER BY attempt", id),
            contents: try contents(of: id), results: try results(of: id),
            alarms: try values("SELECT value FROM alarms WHERE run = ? ORDER BY opened, id", id),
            problems: try problems(of: id), warnings: try warnings(of: id), source: submission.source,
            descriptor: submission.descriptor)
    }

    /// What a run was made from.
    func submission(of id: String) throws(SQLiteError) -> SubmittedDescriptor? {
        let found = try database.first("SELECT value FROM submissions WHERE run = ?", id) { $0.bytes(0) }
        guard let found else { return nil }
        do {
            return try JSONCoding.decode(TypedEvent<SubmittedDescriptor>.self, from: found).payload
        } catch {
            throw SQLiteError(.corrupt, message: "a submission cannot be read: \(error)", path: database.path)
        }
    }

    private func history(of run: RunSummary) throws(SQLiteError) -> [RunDetail.HistoryStep] {
        let submitted = RunDetail.HistoryStep(
            status: .submitted, message: "submitted", attempt: 0, time: run.submitted)
        let steps = try database.query(
            "SELECT status, reason, message, attempt, time FROM history WHERE run = ? ORDER BY step", run.id
        ) { row throws(SQLiteError) in
            RunDetail.HistoryStep(
                status: try status(row.text(0)), reason: reason(row[1]), message: row[2], attempt: row[3],
                time: Timestamp(milliseconds: row[4]))
        }
        return [submitted] + steps
    }

    private func contents(of id: String) throws(SQLiteError) -> [FetchedContent] {
        let lists: [[FetchedContent]] = try values("SELECT value FROM contents WHERE run = ?", id)
        return lists.first ?? []
    }

    /// The results of a run, by metric.
    func results(of id: String) throws(SQLiteError) -> [ResultComputed] {
        try values("SELECT value FROM results WHERE run = ? ORDER BY metric, series", id)
    }

    /// Why the results of a run are not valid.
    func problems(of id: String) throws(SQLiteError) -> [String] {
        distinct(try values("SELECT problems FROM problems WHERE run = ? ORDER BY source", id))
    }

    /// Why to look twice at the results of a run.
    func warnings(of id: String) throws(SQLiteError) -> [String] {
        distinct(try values("SELECT warnings FROM problems WHERE run = ? ORDER BY source", id))
    }

    private func distinct(_ lists: [[String]]) -> [String] {
        var seen: Set<String> = []
        return lists.joined().filter { seen.insert($0).inserted }
    }

    /// The records of topic `results` that a run's results came from: the last offset in each partition.
    func resultOffsets(of id: String) throws(SQLiteError) -> [Int: Int64] {
        let rows = try database.query(
            "SELECT topic_partition, max(topic_offset) FROM results WHERE run = ? GROUP BY topic_partition",
            id
        ) { (row: borrowing Row) -> (Int, Int64) in (row[0], row[1]) }
        return Dictionary(uniqueKeysWithValues: rows)
    }

    /// Whether a cancel was asked for, and whether by force; nil when none was.
    func cancelForce(of id: String) throws(SQLiteError) -> Bool? {
        try database.first("SELECT force FROM cancels WHERE run = ?", id) { (row: borrowing Row) -> Bool in
            row[0]
        }
    }

    /// What an idempotency key made: nil when it made nothing yet.
    func submissions(client: String, key: String) throws(SQLiteError) -> KeyedSubmission? {
        let rows = try database.query(
            "SELECT digest, run, name, parameters, sweep FROM keys WHERE client = ? AND key = ? ORDER BY ordinal",
            client, key
        ) { row throws(SQLiteError) in
            (
                row.text(0),
                SubmitResponse.Submitted(id: row[1], name: row[2], parameters: try decode(row.text(3))),
                row[4] as String?
            )
        }
        guard let (digest, _, sweep) = rows.first else { return nil }
        return KeyedSubmission(
            requestDigest: digest,
            response: SubmitResponse(runs: rows.map(\.1), sweep: sweep, isRepeated: true))
    }
}

/// What an idempotency key has made.
struct KeyedSubmission: Equatable, Sendable {
    /// Of the request that made it.
    var requestDigest: String
    var response: SubmitResponse
}
