internal import Events
package import JobRunner
internal import Runs
package import Runtime
package import ServiceLoop

/// What the watcher wants done.
package enum WatcherEffect: Equatable, Sendable {
    /// Observe this job, and no other of the run; each thing that happens to it is a signal.
    case observe(WatchedJob)
    /// Observe no job of the run any more.
    case stopObserving
}

/// What the watcher sees of an attempt.
package struct WatcherSignal: Equatable, Sendable {
    package var attempt: Int
    package var observation: JobObservation

    package init(attempt: Int, observation: JobObservation) {
        self.attempt = attempt
        self.observation = observation
    }
}

/// The watcher's rules: what happened to an attempt becomes a status, and a run that stays too long where it is, is ended. Pure.
package struct WatcherRules: Sendable {
    package typealias Outcome = Decision<WatcherState, WatcherEffect>

    /// How long a run that is over is remembered; longer than a service may stand still and then find old records.
    static let memory = Duration.seconds(7 * 86_400)
    /// How long an overdue run gets when news of it has just come, or the watcher has just started: the log may hold what has happened to it
    /// meanwhile, and reading that takes a moment.
    static let settling = Duration.seconds(10)

    package init() {}

    package func decide(
        _ input: Input<WatcherSignal>, key: String, state: WatcherState?, now: Timestamp
    ) throws -> Outcome {
        var outcome = try outcome(of: input, state: state, now: now)
        outcome.wake = wake(outcome.state, isSettled: input.isWake, now: now)
        return outcome
    }

    private func outcome(
        of input: Input<WatcherSignal>, state: WatcherState?, now: Timestamp
    ) throws -> Outcome {
        switch (input, state) {
        case (.event(let event), _): return try take(event, state: state, now: now)
        case (.signal(let signal), .active(let run)): return take(signal, run, now: now)
        case (.restored, .active(var run)):
            run.forgetFuture(now)
            return Outcome(state: .active(run), effects: run.job.map { [.observe($0)] } ?? [])
        case (.wake, .active(let run)): return wake(run, now: now)
        case (.wake, .ended(let forget)): return Outcome(state: forget <= now ? nil : state)
        case (.signal, .ended), (.restored, .ended), (_, nil): return Outcome(state: state)
        }
    }

    private func wake(_ state: WatcherState?, isSettled: Bool, now: Timestamp) -> Timestamp? {
        switch state {
        case nil: return nil
        case .ended(let forget): return forget
        case .active(let run):
            let due = run.due?.time ?? run.machine.since + WatcherRules.memory
            return isSettled ? due : max(due, now + WatcherRules.settling)
        }
    }

    private func wake(_ run: WatchedRun, now: Timestamp) -> Outcome {
        guard let due = run.due else {
            // Only statuses have come of it, and so long ago that the run itself will not come any more: nobody's run.
            let isForgotten = run.machine.since + WatcherRules.memory <= now
            return Outcome(state: isForgotten ? nil : .active(run))
        }
        if due.time > now { return Outcome(state: .active(run)) }
        let status = StatusChanged(
            status: due.status, reason: due.reason, message: due.message, attempt: run.machine.attempt,
            name: run.name)
        return end(now: now, events: [OutgoingEvent(status, name: "ended")])
    }

    func end(now: Timestamp, events: [OutgoingEvent] = []) -> Outcome {
        Outcome(
            state: .ended(forget: now + WatcherRules.memory), effects: [.stopObserving], events: events)
    }
}

// What comes from the log.
extension WatcherRules {
    private func take(_ event: Event, state: WatcherState?, now: Timestamp) throws -> Outcome {
        if event.type == Command.type {
            return obey(try event.payload(as: Command.self), state: state)
        }
        if case .ended = state { return Outcome(state: state) }
        // Nothing has happened later than now: where another machine's clock is ahead, a deadline counts from here.
        let time = min(event.tstamp, now)
        var run = WatchedRun(machine: RunMachine(submitted: time))
        if case .active(let known) = state { run = known }
        switch event.type {
        case RunSubmitted.type:
            run.learn(try event.payload(as: RunSubmitted.self), now: now)
        case JobCreated.type:
            return take(try event.payload(as: JobCreated.self), run, now: now)
        case StatusChanged.type:
            let change = try event.payload(as: StatusChanged.self)
            run.machine.handle(change, at: time)
            if change.status.isFinal { return end(now: now) }
        case AttemptFinished.type:
            return take(try event.payload(as: AttemptFinished.self), run, now: now)
        default: return Outcome(state: state)
        }
        return Outcome(state: .active(run))
    }

    private func take(_ job: JobCreated, _ run: WatchedRun, now: Timestamp) -> Outcome {
        var run = run
        run.learn(job.run, now: now)
        let isNews = job.attempt.number > max(run.endedAttempt, run.job?.attempt.number ?? 0)
        guard isNews else { return Outcome(state: .active(run)) }
        let watched = WatchedJob(attempt: job.attempt, reference: job.reference)
        run.job = watched
        run.attemptEnded = nil
        run.hold = nil
        return Outcome(state: .active(run), effects: [.observe(watched)])
    }

    /// The executor says that an attempt has ended, because it could not be started; or our own word comes back.
    private func take(_ finished: AttemptFinished, _ run: WatchedRun, now: Timestamp) -> Outcome {
        guard finished.attempt.number > run.endedAttempt else { return Outcome(state: .active(run)) }
        var run = run
        let wasObserved = run.job?.attempt.number == finished.attempt.number
        run.end(finished.attempt.number, at: min(finished.outcome.finished, now))
        return Outcome(state: .active(run), effects: wasObserved ? [.stopObserving] : [])
    }

    /// A deleted run need not be remembered. Cancelling is the fetcher's and the executor's business.
    private func obey(_ command: Command, state: WatcherState?) -> Outcome {
        switch (command.kind, state) {
        case (.delete, .ended): Outcome(state: nil)
        case (.delete, .active), (.delete, nil), (.cancel, _): Outcome(state: state)
        }
    }
}

// What is seen of the attempt.
extension WatcherRules {
    private func take(_ signal: WatcherSignal, _ run: WatchedRun, now: Timestamp) -> Outcome {
        guard let job = run.job, job.attempt.number == signal.attempt else {
            return Outcome(state: .active(run))
        }
        var run = run
        var events: [OutgoingEvent] = []
        switch signal.observation {
        case .pending(.starting, _):
            // The executor has said so when it made the job.
            run.note(.starting, now: now)
        case .pending(let reason, let message):
            run.note(reason, now: now)
            let status = StatusChanged(
                status: .starting, reason: reason, message: message, attempt: signal.attempt, name: run.name)
            events = run.move(status, name: "starting/\(signal.attempt)/\(reason.rawValue)", now: now)
        case .running(let since):
            events = run.moveToRunning(job.attempt, since: min(since, now))
        case .finished(let outcome):
            // Too short to be seen running, it ran nevertheless.
            if let started = outcome.started {
                events = run.moveToRunning(job.attempt, since: min(started, now))
            }
            run.end(signal.attempt, at: now)
            let finished = AttemptFinished(attempt: job.attempt, outcome: outcome)
            events.append(OutgoingEvent(finished, name: "attempt-finished/\(signal.attempt)"))
        }
        return Outcome(state: .active(run), events: events)
    }
}

extension WatchedRun {
    /// When and how the run is ended for being late, if nothing happens before.
    var due: Deadlines.Due? {
        deadlines?.next(
            machine, attemptEnded: machine.attempt == endedAttempt ? attemptEnded : nil, hold: hold ?? .none)
    }

    /// Takes note of why the attempt does not run yet.
    mutating func note(_ reason: Reason, now: Timestamp) {
        if reason.isQueueing {
            hold = .going
        } else if hold == .going {
            hold = .over(now)
        }
    }

    mutating func learn(_ run: RunSubmitted, now: Timestamp) {
        if deadlines != nil { return }
        deadlines = Deadlines(run)
        deadlines?.submitted = min(run.submitted, now)
        name = run.name
    }

    /// The clock was set back while this service was down: what lies in the future now has happened just now, so that no deadline is longer than the
    /// descriptor says.
    mutating func forgetFuture(_ now: Timestamp) {
        machine.forgetFuture(now)
        if let submitted = deadlines?.submitted { deadlines?.submitted = min(submitted, now) }
        attemptEnded = attemptEnded.map { min($0, now) }
    }

    mutating func end(_ attempt: Int, at time: Timestamp) {
        endedAttempt = attempt
        attemptEnded = time
        job = nil
    }

    mutating func moveToRunning(_ attempt: Attempt, since: Timestamp) -> [OutgoingEvent] {
        let status = StatusChanged(
            status: .running, message: attempt.isWarmup ? "the warm-up runs" : "the benchmark runs",
            attempt: attempt.number, name: name)
        return move(status, name: "running/\(attempt.number)", now: since)
    }

    /// Publishes a change if it is one, and takes it in at once, so that it is published once.
    mutating func move(_ change: StatusChanged, name: String, now: Timestamp) -> [OutgoingEvent] {
        machine.handle(change, at: now) ? [OutgoingEvent(change, name: name)] : []
    }
}

extension Input {
    fileprivate var isWake: Bool { if case .wake = self { true } else { false } }
}
