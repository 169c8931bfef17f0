internal import MessageLog
internal import Runtime
internal import SQLite

/// What the writer's thread does. Everything in here belongs to that thread.
final class WriterThread {
    /// What it works with.
    struct Parts: Sendable {
        let file: LogFile
        let members: MembersFile
        let attendant: Attendant
        let checkpointer: Checkpointer
        let statistics: Locked<SQLiteLog.Statistics>
        let time: any TimeSource
        let failPoints: FailPoints
    }

    /// What became of jobs.
    private enum End {
        /// Committed by this process.
        case here
        /// By another one.
        case elsewhere
        case failed
    }

    /// A limit on what one transaction can become.
    private static let mostJobs = 64
    /// How long the thread stays awake for the next piece of work, which mostly comes from whom it has just served.
    private static let attention = Duration.microseconds(50)
    /// How long a transaction may be put off until those come back who shared the last one: this part of what that took.
    private static let courtesy = 3
    /// How long to trust that whoever writes tells the others when it is done.
    private static let trust = Duration.milliseconds(5)

    private let parts: Parts
    private let turn: Turns.Candidate
    private let passenger: Passenger
    private var tables: Tables?
    /// Whether a write or a sync has failed since the file was last known to be good.
    private var isInDoubt = false
    /// How many may come for the next transaction: those who shared the last one, and those who came while it ran.
    private var company = 1
    private var lastTime = Duration.zero

    private init(_ parts: Parts) {
        self.parts = parts
        turn = Turns.Candidate(parts.members.turns, trust: WriterThread.trust)
        passenger = Passenger(parts.members.seats, parts.time, parts.failPoints)
    }

    /// Does what comes, until it is asked to close, and gives whom to tell that: nothing is open any more then.
    static func serve(_ inbox: Inbox<Writer.Request>) -> CheckedContinuation<Void, Never>? {
        var thread: WriterThread?
        while true {
            thread?.waitForCompany(inbox)
            var jobs: [any WriteJob] = []
            for request in inbox.take(atMost: mostJobs, attention: thread?.attention ?? .zero) {
                switch request {
                case .open(let parts, let continuation):
                    let new = WriterThread(parts)
                    thread = new
                    continuation.resume(returning: new.open())
                case .write(let job): jobs.append(job)
                case .close(let continuation):
                    // Nothing is behind it in the inbox.
                    thread?.perform(jobs, inbox)
                    return continuation
                }
            }
            thread?.perform(jobs, inbox)
        }
    }

    /// How long to stay awake. Where other processes take turns with this one, who comes next must wait for them in any case.
    private var attention: Duration { turn.hasWaited ? .zero : WriterThread.attention }

    /// Those who shared the last transaction were told of it just now; without a moment's wait they would share every other one.
    private func waitForCompany(_ inbox: Inbox<Writer.Request>) {
        if company > 1 {
            inbox.await(min(company, WriterThread.mostJobs), atMost: lastTime / WriterThread.courtesy)
        }
    }

    private func open() -> MessageLogError? {
        do throws(MessageLogError) {
            try parts.file.prepare(parts.members)
            tables = try connect()
            return nil
        } catch {
            return error
        }
    }

    private func perform(_ jobs: [any WriteJob], _ inbox: Inbox<Writer.Request>) {
        if jobs.isEmpty { return }
        let began = ContinuousClock.now
        let end = commit(jobs)
        lastTime = began.duration(to: .now)
        company = jobs.count + inbox.count
        // First: they wait for nothing else.
        for job in jobs { job.tell() }
        guard end == .here else { return }
        parts.attendant.ring()
        if let pages = tables?.database.pagesInWAL { parts.checkpointer.noticed(pagesInWAL: pages) }
    }

    /// Runs the jobs in one transaction, or in one for each where that fails.
    ///
    /// - Parameter withOthers: whether to write for others too, and to let others write for this process.
    private func commit(_ jobs: [any WriteJob], withOthers: Bool = true) -> End {
        let tables: Tables
        do throws(MessageLogError) { tables = try connected() } catch {
            for job in jobs { job.fail(.refused(error)) }
            return .failed
        }
        var passengers = Passengers(parts.members.seats, parts.failPoints)
        do throws(SQLiteError) {
            let end = try transact(jobs, tables, &passengers, withOthers)
            if end == .here { parts.statistics.withLock { $0.transactions += 1 } }
            return end
        } catch {
            return undone(jobs, error, isShared: jobs.count > 1 || !passengers.isEmpty)
        }
    }

    private func transact(
        _ jobs: [any WriteJob], _ tables: Tables, _ passengers: inout Passengers, _ withOthers: Bool
    ) throws(SQLiteError) -> End {
        turn.begin()
        passenger.begin(withOthers ? jobs : [])
        var answer: Seats.Answer?
        var isCommitted = false
        // Also where it was undone: SQLite's lock is free then too.
        defer {
            passengers.answer(isCommitted: isCommitted)
            parts.members.turns.end(served: passengers.bells)
        }
        do throws(SQLiteError) {
            try tables.database.transaction { () throws(SQLiteError) in
                tables.begin()
                try passengers.settle(tables)
                answer = passenger.settle()
                if answer != nil { return }
                for job in jobs { try job.run(tables) }
                if withOthers { try passengers.board(tables) }
            }
        } catch {
            if error.isBusy, passenger.isDeclined {
                return try transact(jobs, tables, &passengers, false)
            }
            guard let answer = answer ?? passenger.settle() else { throw error }
            if error.isInputOutput { doubt() }
            passenger.tell(answer, jobs)
            return .elsewhere
        }
        isCommitted = true
        tables.committed()
        if passengers.hasFoundUntold { parts.members.news.tellOfEverything() }
        parts.members.news.tell(tables.written)
        if let answer { passenger.tell(answer, jobs) }
        return .here
    }

    private func undone(_ jobs: [any WriteJob], _ error: SQLiteError, isShared: Bool) -> End {
        tables?.forgetTopics()
        // A write or a sync that failed leaves nobody knowing what is on the disk: nothing is acknowledged until that has been found out.
        if error.isInputOutput { doubt() }
        // A WAL that was copied is begun anew: that may be all the space that the next transaction needs, one of retention's for instance.
        if error.isFull { _ = try? tables?.database.checkpoint(.passive) }
        // One of them may be to blame alone: it meets a damaged page, or is too large for what space is left.
        if isShared, !error.isBusy {
            return jobs.map { commit([$0], withOthers: false) }.contains(.here) ? .here : .failed
        }
        for job in jobs { job.fail(.failed(error)) }
        return .failed
    }

    private func doubt() {
        tables = nil
        isInDoubt = true
    }

    private func connected() throws(MessageLogError) -> Tables {
        if let tables { return tables }
        let new = try connect()
        if isInDoubt { try prove(new) }
        tables = new
        return new
    }

    private func prove(_ new: Tables) throws(MessageLogError) {
        turn.begin()
        defer { parts.members.turns.end() }
        try parts.file.prove(new.database)
        isInDoubt = false
    }

    private func connect() throws(MessageLogError) -> Tables {
        let database = try parts.file.connect(.readWrite, gathersLog: true)
        do throws(SQLiteError) {
            try database.execute(
                "PRAGMA synchronous = FULL; PRAGMA journal_size_limit = \(Checkpointer.keptBytes)")
            database.leaveCheckpointsToOthers()
            database.waitForOthers { [turn, passenger] in
                passenger.offer()
                turn.wait(with: passenger)
                return !passenger.isAnswered
            }
            return try Tables(database)
        } catch {
            throw MessageLogError(error, "open log \(parts.file.path)")
        }
    }
}
