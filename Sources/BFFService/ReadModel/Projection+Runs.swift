internal import API
internal import Events
internal import JSON
internal import MessageLog
internal import Runs
internal import Runtime
internal import SQLite

extension Projection {
    /// A run was submitted. One with an id that is known is the same submission, published again.
    mutating func submitted(
        _ event: TypedEvent<SubmittedOutline>, _ record: LogRecord, _ value: [UInt8]
    ) throws(Failure) {
        let (id, payload) = (event.actionID, event.payload)
        try rememberKey(event)
        if try isDeleted(id) { return }
        if try first("SELECT 1 FROM runs WHERE id = ? AND submitted IS NOT NULL", id, row: { _ in true })
            != nil
        {
            return
        }
        if try machine(of: id) == nil { try insert(id, RunMachine(submitted: payload.submitted)) }
        let labels = payload.descriptor.info.labels ?? [:]
        try run(
            """
            UPDATE runs SET name = ?, description = ?, username = ?, sweep = ?, submitted = ?, rank = ?, labels = ?,
                parameters = ? WHERE id = ?
            """, payload.name, payload.descriptor.info.description, event.username, payload.sweep?.id,
            payload.submitted.milliseconds, -(payload.sweep?.index ?? 0), text(labels),
            text(payload.parameters), id)
        for (name, label) in labels {
            try run("INSERT OR REPLACE INTO labels VALUES (?, ?, ?)", name, label, id)
        }
        try run("INSERT OR REPLACE INTO submissions VALUES (?, ?)", id, value)
        try tell(
            ToldEvent(
                run: id, name: payload.name, time: payload.submitted, kind: .status, status: .submitted,
                message: "submitted"),
            from: record)
    }

    private func rememberKey(_ event: TypedEvent<SubmittedOutline>) throws(Failure) {
        let payload = event.payload
        guard let key = payload.idempotencyKey else { return }
        try run(
            "INSERT OR IGNORE INTO keys VALUES (?, ?, ?, ?, ?, ?, ?, ?)", event.clientID, key,
            payload.sweep?.index ?? 0, payload.requestDigest, event.actionID, payload.name,
            text(payload.parameters), payload.sweep?.id)
    }

    /// A status: folded by the one machine that says which move is possible; what is stale changes nothing and is not told.
    mutating func statusChanged(_ event: TypedEvent<StatusChanged>, _ record: LogRecord) throws(Failure) {
        let (id, change) = (event.actionID, event.payload)
        if try isDeleted(id) { return }
        let known = try machine(of: id)
        var machine = known ?? RunMachine(submitted: event.time)
        if known == nil { try insert(id, machine) }
        let steps = machine.history.count
        guard machine.handle(change, at: event.time) else { return }
        machines[id] = CachedMachine(machine: machine, hasMoved: true)
        let step = machine.history.count - 1
        if machine.history.count > steps {
            try run(
                "INSERT OR REPLACE INTO history VALUES (?, ?, ?, ?, ?, ?, ?)", id, step,
                machine.status.rawValue, machine.reason?.rawValue, machine.message, machine.attempt,
                machine.since.milliseconds)
        } else {
            try run(
                "UPDATE history SET reason = ?, message = ? WHERE run = ? AND step = ?",
                machine.reason?.rawValue, machine.message, id, step)
        }
        try tell(
            ToldEvent(
                run: id, name: change.name ?? "", time: event.time, kind: .status, status: change.status,
                reason: change.reason, message: change.message, attempt: machine.attempt,
                position: change.position),
            from: record)
    }

    mutating func attemptFinished(_ event: TypedEvent<AttemptFinished>, _ record: LogRecord) throws(Failure) {
        let (id, finished) = (event.actionID, event.payload)
        if try isDeleted(id) { return }
        let number = finished.attempt.number
        let isKnown = try first("SELECT 1 FROM attempts WHERE run = ? AND attempt = ?", id, number) { _ in
            true
        }
        try run("INSERT OR REPLACE INTO attempts VALUES (?, ?, ?)", id, number, text(finished))
        note(id)
        // An attempt ends once; who says so again adds nothing.
        if isKnown == true { return }
        try tell(
            ToldEvent(
                run: id, time: event.time, kind: .attemptFinished, status: finished.outcome.status,
                reason: finished.outcome.reason, message: finished.outcome.message, attempt: number),
            from: record)
    }

    mutating func collectionRequested(_ event: TypedEvent<CollectionRequested>) throws(Failure) {
        try setProblems(event.payload.problems, of: event.actionID, source: "executor")
    }

    mutating func collected(_ event: TypedEvent<RunCollected>) throws(Failure) {
        try setProblems(
            event.payload.problems, warnings: event.payload.warnings, of: event.actionID,
            source: "metrics-pusher")
    }

    private mutating func setProblems(
        _ problems: [String], warnings: [String] = [], of id: String, source: String
    ) throws(Failure) {
        if try isDeleted(id) { return }
        try run(
            "INSERT OR REPLACE INTO problems VALUES (?, ?, ?, ?)", id, source, text(problems), text(warnings))
        note(id)
    }

    mutating func fetched(_ event: TypedEvent<FetchedOutline>) throws(Failure) {
        if try isDeleted(event.actionID) { return }
        try run(
            "INSERT OR REPLACE INTO contents VALUES (?, ?)", event.actionID, text(event.payload.contents))
        note(event.actionID)
    }

    mutating func jobCreated(_ event: TypedEvent<JobOutline>) throws(Failure) {
        let (id, job) = (event.actionID, event.payload)
        if try isDeleted(id) { return }
        let entry = RunDetail.JobEntry(
            attempt: job.attempt, runner: job.runner, reference: job.reference, created: event.time)
        try run("INSERT OR IGNORE INTO jobs VALUES (?, ?, ?)", id, job.attempt.number, text(entry))
        note(id)
    }

    /// Where a run is; nil when nothing was told of it yet.
    private mutating func machine(of id: String) throws(Failure) -> RunMachine? {
        if let known = machines[id] { return known.machine }
        guard let text = try first("SELECT machine FROM runs WHERE id = ?", id, row: { $0.text(0) }) else {
            return nil
        }
        do {
            let machine = try JSONCoding.decode(RunMachine.self, from: text.utf8)
            machines[id] = CachedMachine(machine: machine)
            return machine
        } catch {
            throw .bad(error)
        }
    }

    private mutating func insert(_ id: String, _ machine: RunMachine) throws(Failure) {
        try run(
            "INSERT INTO runs (id, status, reason, message, attempt, since, machine) VALUES (?, ?, ?, ?, ?, ?, ?)",
            id, machine.status.rawValue, machine.reason?.rawValue, machine.message, machine.attempt,
            machine.since.milliseconds, text(machine))
        machines[id] = CachedMachine(machine: machine)
    }

    func update(_ id: String, _ machine: RunMachine) throws(Failure) {
        try run(
            "UPDATE runs SET status = ?, reason = ?, message = ?, attempt = ?, since = ?, machine = ? WHERE id = ?",
            machine.status.rawValue, machine.reason?.rawValue, machine.message, machine.attempt,
            machine.since.milliseconds, text(machine), id)
    }
}

/// A run's machine in memory: a run that moves several times in one transaction is read once and written once.
struct CachedMachine {
    var machine: RunMachine
    var hasMoved = false
}

/// `RunFetched` without the run that it repeats.
struct FetchedOutline: EventPayload {
    static let kind = RunFetched.kind
    static let topic = RunFetched.topic
    static let version = RunFetched.version
    var contents: [FetchedContent]
}

/// `JobCreated` without the run that it repeats.
struct JobOutline: EventPayload {
    static let kind = JobCreated.kind
    static let topic = JobCreated.topic
    static let version = JobCreated.version
    var attempt: Attempt
    var runner: String
    var reference: String
}
