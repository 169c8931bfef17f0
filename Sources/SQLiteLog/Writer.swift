internal import MessageLog
internal import Runtime
internal import SQLite

/// The one connection of this process that writes. Whoever comes while a transaction runs waits in the inbox and shares the next one, and with it
/// the sync that makes it durable.
actor Writer {
    /// A limit on what one transaction can become.
    private static let mostJobs = 64

    private let executor = QueueExecutor(label: "bai.log.writer")
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private let file: LogFile
    private let attendant: Attendant
    private let checkpointer: Checkpointer
    private let inbox = Locked<[any WriteJob]>([])
    private let statistics: Locked<SQLiteLog.Statistics>
    private var tables: Tables?
    private var isClosed = false

    init(
        _ file: LogFile, _ attendant: Attendant, _ checkpointer: Checkpointer,
        _ statistics: Locked<SQLiteLog.Statistics>
    ) {
        self.file = file
        self.statistics = statistics
        self.attendant = attendant
        self.checkpointer = checkpointer
    }

    /// Makes the file where there is none, and connects.
    func open(_ members: MembersFile) throws(MessageLogError) {
        try file.prepare(members)
        tables = try connect()
    }

    func close() {
        isClosed = true
        tables = nil
    }

    /// Runs `body` in a transaction, together with others', and returns when that is durable. What `body` refuses it must refuse before it writes;
    /// it may run twice.
    nonisolated func perform<Result: Sendable>(
        _ what: String, _ body: @escaping @Sendable (Tables) throws(Failure) -> Result
    ) async throws(MessageLogError) -> Result {
        let job = Job(body)
        inbox.withLock { $0.append(job) }
        statistics.withLock { $0.writes += 1 }
        await commit(until: job)
        do throws(Failure) { return try job.result() } catch { throw error.error(what) }
    }

    /// Copies what is left for the checkpointer while no transaction of this process runs.
    func finishCheckpoint() {
        // It comes around again with the next commits.
        _ = try? tables?.database.checkpoint(.passive)
    }

    /// Most callers find that somebody before them has taken their job along.
    private func commit(until job: any WriteJob) {
        while !job.isDone {
            let jobs = inbox.withLock { inbox in
                defer { inbox.removeFirst(min(inbox.count, Writer.mostJobs)) }
                return Array(inbox.prefix(Writer.mostJobs))
            }
            commit(jobs)
        }
    }

    private func commit(_ jobs: [any WriteJob]) {
        let tables: Tables
        do throws(MessageLogError) { tables = try connected() } catch {
            for job in jobs { job.fail(.refused(error)) }
            return
        }
        do throws(SQLiteError) {
            try tables.database.transaction { () throws(SQLiteError) in
                tables.begin()
                for job in jobs { try job.run(tables) }
            }
            for job in jobs { job.succeed() }
            statistics.withLock { $0.transactions += 1 }
            attendant.ring()
            checkpointer.noticed(pagesInWAL: tables.database.pagesInWAL, self)
        } catch {
            undone(jobs, error)
        }
    }

    private func undone(_ jobs: [any WriteJob], _ error: SQLiteError) {
        tables?.forgetTopics()
        // A write or a sync that failed leaves nobody knowing what is on the disk: begin anew with what the file says.
        if error.code == .inputOutput { tables = nil }
        // A WAL that was copied is begun anew: that may be all the space that the next transaction needs, one of retention's for instance.
        if error.isFull { finishCheckpoint() }
        // One of them may be to blame alone: it meets a damaged page, or is too large for what space is left.
        if jobs.count > 1, !error.isBusy {
            for job in jobs { commit([job]) }
        } else {
            for job in jobs { job.fail(.failed(error)) }
        }
    }

    private func connected() throws(MessageLogError) -> Tables {
        if let tables { return tables }
        if isClosed { throw .logClosed }
        let new = try connect()
        tables = new
        return new
    }

    private func connect() throws(MessageLogError) -> Tables {
        let database = try file.connect(.readWrite)
        do throws(SQLiteError) {
            try database.execute(
                "PRAGMA synchronous = FULL; PRAGMA journal_size_limit = \(Checkpointer.keptBytes)")
            database.leaveCheckpointsToOthers()
            return try Tables(database)
        } catch {
            throw MessageLogError(error, "open log \(file.path)")
        }
    }
}

extension MessageLogError {
    static var logClosed: MessageLogError { MessageLogError(.closed, "the log is closed") }
}

/// A piece of work that waits for a transaction.
private protocol WriteJob: Sendable {
    var isDone: Bool { get }
    /// Does the work; throws when the whole transaction has failed.
    func run(_ tables: Tables) throws(SQLiteError)
    func succeed()
    func fail(_ failure: Failure)
}

private final class Job<Value: Sendable>: WriteJob {
    private enum State {
        case waiting
        /// It did its part; the commit is still to come.
        case ran(Result<Value, Failure>)
        case done(Result<Value, Failure>)
    }

    private let body: @Sendable (Tables) throws(Failure) -> Value
    private let state = Locked(State.waiting)

    init(_ body: @escaping @Sendable (Tables) throws(Failure) -> Value) { self.body = body }

    var isDone: Bool {
        state.withLock { if case .done = $0 { true } else { false } }
    }

    func run(_ tables: Tables) throws(SQLiteError) {
        do throws(Failure) {
            let value = try body(tables)
            state.withLock { $0 = .ran(.success(value)) }
        } catch {
            if case .failed(let cause) = error { throw cause }
            state.withLock { $0 = .ran(.failure(error)) }
        }
    }

    func succeed() {
        state.withLock { if case .ran(let result) = $0 { $0 = .done(result) } }
    }

    func fail(_ failure: Failure) {
        state.withLock { $0 = .done(.failure(failure)) }
    }

    func result() throws(Failure) -> Value {
        let state = state.withLock { $0 }
        guard case .done(let result) = state else { preconditionFailure("a job is asked before it is done") }
        return try result.get()
    }
}
