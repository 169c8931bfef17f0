internal import Descriptors
internal import Events
internal import JSON
internal import JobRunner
internal import Runs
internal import Runtime
internal import ServiceLoop

// Beginning a run, and going from attempt to attempt.
extension ExecutorRules {
    func begin(
        _ fetched: RunFetched, _ event: Event, key: String, state: ExecutorState?, now: Timestamp
    ) -> Outcome {
        switch state {
        case .announced(let announcement):
            return canceledBeforeItBegan(announcement.cancellation, name: fetched.run.name, now: now)
        case .active, .ended:
            // Delivered again: this run is known.
            return Outcome(state: state)
        case nil:
            var origin = event
            origin.payload = .object([:])
            let first = AttemptPlan(fetched.run.descriptor.run).next
            guard case .start(let attempt) = first else { return Outcome(state: nil) }
            let place = place(of: fetched.run, key: key, since: now)
            return wait(
                ActiveRun(
                    origin: origin, fetched: fetched, queued: now, phase: .waiting(attempt, place: place)),
                attempt, place: place)
        }
    }

    /// An attempt has ended: makes the next one or has everything collected.
    func take(_ finished: AttemptFinished, _ run: ActiveRun, key: String, now: Timestamp) -> Outcome {
        var run = run
        run.finished.append(finished)
        var outcome = next(run, key: key, now: now)
        outcome.effects.insert(.clear(reference: reference(key, finished.attempt.number)), at: 0)
        return outcome
    }

    private func next(_ run: ActiveRun, key: String, now: Timestamp) -> Outcome {
        if let cancellation = run.cancellation {
            return collect(run.plan.canceled(because: cancellation.message), run)
        }
        switch run.plan.next {
        case .collect(let collection): return collect(collection, run)
        case .start(let attempt):
            // Where runs take turns, the next attempt goes behind all who wait; otherwise a run keeps its place until it is through.
            let since = run.fetched.run.descriptor.run.interleave ? now : run.queued
            return wait(run, attempt, place: place(of: run.fetched.run, key: key, since: since))
        }
    }

    func take(_ signal: ExecutorSignal, key: String, state: ExecutorState?, now: Timestamp) -> Outcome {
        switch (state, signal) {
        case (.ended(var run), .stopped):
            run.unstopped = nil
            return Outcome(state: .ended(run))
        case (.ended(var run), .removed):
            run.isDeleting = false
            return Outcome(state: .ended(run))
        case (_, .left(let attempts)): return clearLeft(attempts, key: key, state: state)
        case (.active(let run), _): return take(signal, run, key: key, now: now)
        case (.ended, _), (.announced, _), (nil, _): return Outcome(state: state)
        }
    }

    /// What is left of attempts is let go of, unless the attempt is in hand or being stopped.
    private func clearLeft(_ attempts: [Int], key: String, state: ExecutorState?) -> Outcome {
        let own =
            switch state {
            case nil, .announced: nil as String?
            case .active(let run): run.isCollecting ? nil : reference(key, run.latestAttempt)
            case .ended(let run): run.unstopped?.reference
            }
        let effects = attempts.map { reference(key, $0) }.filter { $0 != own }.map(
            ExecutorEffect.clear(reference:))
        return Outcome(state: state, effects: effects)
    }

    private func take(_ signal: ExecutorSignal, _ run: ActiveRun, key: String, now: Timestamp) -> Outcome {
        // Only the attempt that waits can have news from here; all else is an echo of what was decided long ago.
        guard case .waiting(let attempt, let place) = run.phase, signal.attempt == attempt.number else {
            return Outcome(state: .active(run))
        }
        switch signal {
        case .granted:
            let effect: ExecutorEffect =
                run.cancellation == nil
                ? .start(specification(of: attempt, run, key: key), place)
                : .withdraw(attempt: attempt.number)
            return Outcome(state: .active(run), effects: [effect])
        case .position(_, let position):
            let news = run.cancellation == nil ? [queued(run, attempt, position: position)] : []
            return Outcome(state: .active(run), events: news)
        case .held(_, let reason, let message):
            let news = run.cancellation == nil ? [held(run, attempt, reason, message)] : []
            return Outcome(state: .active(run), events: news)
        case .started: return started(run, attempt, key: key)
        case .startFailed(_, let error): return startFailed(run, attempt, error, key: key, now: now)
        case .withdrawn: return withdrawn(run, now: now)
        case .stopped, .removed, .left: return Outcome(state: .active(run))
        }
    }

    private func wait(_ run: ActiveRun, _ attempt: Attempt, place: QueuePlace) -> Outcome {
        var run = run
        run.phase = .waiting(attempt, place: place)
        return Outcome(
            state: .active(run), effects: [.request(place, attempt: attempt.number, mayBeStarted: false)],
            events: [queued(run, attempt, position: nil)])
    }

    private func started(_ run: ActiveRun, _ attempt: Attempt, key: String) -> Outcome {
        var run = run
        run.phase = .running(attempt)
        let job = JobCreated(
            run: run.fetched.run, attempt: attempt, runner: runner, reference: reference(key, attempt.number))
        let status = StatusChanged(
            status: .starting, message: "\(run.plan.purpose(of: attempt)) is starting",
            attempt: attempt.number, name: run.fetched.run.name)
        return Outcome(
            state: .active(run), effects: stopIfCanceled(run, key: key),
            events: [
                OutgoingEvent(status, name: "starting/\(attempt.number)"),
                OutgoingEvent(job, name: "job/\(attempt.number)"),
            ])
    }

    /// An attempt that could not be started has ended, too.
    private func startFailed(
        _ run: ActiveRun, _ attempt: Attempt, _ error: JobRunnerError, key: String, now: Timestamp
    ) -> Outcome {
        let finished = AttemptFinished(
            attempt: attempt,
            outcome: AttemptOutcome(
                status: .error, reason: error.reason, message: error.message,
                failure: error.reason.isOfDescriptor ? .benchmark : .infrastructure, finished: now))
        var outcome = take(finished, run, key: key, now: now)
        outcome.events.insert(OutgoingEvent(finished, name: "attempt-finished/\(attempt.number)"), at: 0)
        return outcome
    }

    func collect(_ collection: AttemptPlan.Collection, _ run: ActiveRun) -> Outcome {
        let status = StatusChanged(
            status: .collecting, message: "collecting metrics and logs: \(collection.ending.message)",
            attempt: run.latestAttempt, name: run.fetched.run.name)
        var run = run
        run.phase = .collecting(collection.ending)
        let request = CollectionRequested(
            run: run.fetched.run, accepted: collection.accepted, problems: collection.problems,
            contents: run.fetched.contents)
        return Outcome(
            state: .active(run), effects: [.leave],
            events: [
                OutgoingEvent(status, name: "collecting"),
                OutgoingEvent(request, name: "collection-requested"),
            ])
    }

    func finish(after collected: RunCollected, state: ExecutorState?, now: Timestamp) -> Outcome {
        guard case .active(let run) = state, case .collecting(var ending) = run.phase else {
            return Outcome(state: state)
        }
        let news = collected.problems.filter { !ending.message.contains($0) }
        if !news.isEmpty { ending.message += "; " + news.joined(separator: "; ") }
        return ended(run, ending, now: now)
    }
}

extension ExecutorRules {
    private func queued(_ run: ActiveRun, _ attempt: Attempt, position: Int?) -> OutgoingEvent {
        let purpose = run.plan.purpose(of: attempt)
        let message =
            switch position {
            case nil: "\(purpose) waits for a free slot"
            case 0: "\(purpose) waits for a free slot: next in line"
            case let count?: "\(purpose) waits for a free slot: \(count) go\(count == 1 ? "es" : "") first"
            }
        let status = StatusChanged(
            status: .queued, reason: .waitingForSlot, message: message, attempt: attempt.number,
            position: position, name: run.fetched.run.name)
        let suffix = position.map { "/\($0)" } ?? ""
        return OutgoingEvent(status, name: "queued/\(attempt.number)\(suffix)")
    }

    private func held(
        _ run: ActiveRun, _ attempt: Attempt, _ reason: Reason, _ message: String
    ) -> OutgoingEvent {
        let status = StatusChanged(
            status: .queued, reason: reason, message: message, attempt: attempt.number,
            name: run.fetched.run.name)
        return OutgoingEvent(status, name: "held/\(attempt.number)/\(reason.rawValue)")
    }

    private func place(of run: RunSubmitted, key: String, since: Timestamp) -> QueuePlace {
        QueuePlace(since: since, submitted: run.submitted, index: run.sweep?.index ?? 0, run: key)
    }

    private func specification(of attempt: Attempt, _ run: ActiveRun, key: String) -> JobSpecification {
        JobSpecification(
            runID: key, attempt: attempt, run: run.fetched.run, contents: run.fetched.contents,
            origin: run.origin)
    }
}

extension ExecutorSignal {
    /// The attempt that it is about.
    fileprivate var attempt: Int? {
        switch self {
        case .granted(let attempt), .position(let attempt, _), .started(let attempt),
            .startFailed(let attempt, _), .withdrawn(let attempt), .held(let attempt, _, _):
            attempt
        case .stopped, .removed, .left: nil
        }
    }
}

extension Reason {
    /// Whether it lies in what the descriptor asks for, so that another try would not help.
    fileprivate var isOfDescriptor: Bool {
        [.noCommand, .commandNotFound, .unsupported, .unsafePath, .invalid].contains(self)
    }
}
