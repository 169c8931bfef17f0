internal import Descriptors
internal import Events
internal import Runs
internal import Runtime
internal import ServiceLoop

// Cancelling, deleting, ending, and coming back after a restart.
extension ExecutorRules {
    func obey(
        _ command: Command, _ event: Event, key: String, state: ExecutorState?, now: Timestamp
    ) -> Outcome {
        let cancellation = Cancellation(command, by: event)
        switch (command.kind, state) {
        case (_, .active(var run)):
            run.isDeleted = run.isDeleted || command.kind == .delete
            return cancel(run, cancellation, key: key, now: now)
        case (.cancel, nil):
            return Outcome(
                state: .announced(.init(cancellation: cancellation, forget: now + ExecutorRules.memory)))
        case (.cancel, .announced), (.cancel, .ended):
            return Outcome(state: state)
        case (.delete, nil), (.delete, .announced):
            return delete(.init(forget: now + ExecutorRules.memory))
        case (.delete, .ended(let run)):
            return delete(run)
        }
    }

    private func delete(_ run: ExecutorState.EndedRun) -> Outcome {
        var run = run
        run.isDeleting = true
        return Outcome(state: .ended(run), effects: [.remove])
    }

    private func cancel(
        _ run: ActiveRun, _ cancellation: Cancellation, key: String, now: Timestamp
    ) -> Outcome {
        var run = run
        if let earlier = run.cancellation {
            // Asked again: only force is news.
            if cancellation.isGraceful || !earlier.isGraceful { return Outcome(state: .active(run)) }
            run.cancellation?.isGraceful = false
        } else {
            run.cancellation = cancellation
        }
        switch run.phase {
        case .waiting(let attempt, _):
            return Outcome(state: .active(run), effects: [.withdraw(attempt: attempt.number)])
        case .running:
            return Outcome(state: .active(run), effects: stopIfCanceled(run, key: key))
        case .collecting:
            let ending = AttemptPlan.Ending(
                status: .canceled, reason: .canceledByUser, message: cancellation.message)
            return ended(run, ending, now: now)
        }
    }

    func stopIfCanceled(_ run: ActiveRun, key: String) -> [ExecutorEffect] {
        guard let cancellation = run.cancellation, case .running(let attempt) = run.phase else { return [] }
        let grace = cancellation.isGraceful ? run.fetched.run.descriptor.run.gracePeriod.duration : .zero
        return [
            .stop(reference: reference(key, attempt.number), grace: grace, reason: .canceledByUser)
        ]
    }

    /// The attempt that waited will not start. What earlier attempts have measured is still collected.
    func withdrawn(_ run: ActiveRun, now: Timestamp) -> Outcome {
        guard let cancellation = run.cancellation else { return Outcome(state: .active(run)) }
        let collection = run.plan.canceled(because: cancellation.message)
        return run.finished.isEmpty
            ? ended(run, collection.ending, now: now) : collect(collection, run)
    }

    /// Ends a run with a status of our own.
    func ended(_ run: ActiveRun, _ ending: AttemptPlan.Ending, now: Timestamp) -> Outcome {
        let status = StatusChanged(
            status: ending.status, reason: ending.reason, message: ending.message,
            attempt: run.latestAttempt, name: run.fetched.run.name)
        return Outcome(
            state: .ended(.init(forget: now + ExecutorRules.memory, isDeleting: run.isDeleted)),
            effects: [.leave] + (run.isDeleted ? [.remove] : []),
            events: [OutgoingEvent(status, name: "ended")])
    }

    func canceledBeforeItBegan(_ cancellation: Cancellation, name: String, now: Timestamp) -> Outcome {
        let status = StatusChanged(
            status: .canceled, reason: .canceledByUser, message: cancellation.message, attempt: 0, name: name)
        return Outcome(
            state: .ended(.init(forget: now + ExecutorRules.memory)),
            events: [OutgoingEvent(status, name: "ended")])
    }

    /// Somebody has ended the run, maybe we ourselves: lets go of everything that is held for it.
    func end(by change: StatusChanged, key: String, state: ExecutorState?, now: Timestamp) -> Outcome {
        let memory = ExecutorState.EndedRun(forget: now + ExecutorRules.memory)
        switch state {
        case .ended: return Outcome(state: state)
        case nil, .announced: return Outcome(state: .ended(memory))
        case .active(let run): return end(run, by: change, key: key, memory: memory)
        }
    }

    private func end(
        _ run: ActiveRun, by change: StatusChanged, key: String, memory: ExecutorState.EndedRun
    ) -> Outcome {
        var memory = memory
        memory.isDeleting = run.isDeleted
        var effects: [ExecutorEffect] = []
        switch run.phase {
        case .waiting(let attempt, _), .running(let attempt):
            let unstopped = UnstoppedAttempt(
                reference: reference(key, attempt.number),
                gracePeriod: run.fetched.run.descriptor.run.gracePeriod,
                reason: change.reason ?? .canceledByUser)
            memory.unstopped = unstopped
            effects = [.abandon(unstopped)]
        case .collecting: break
        }
        if run.isDeleted { effects.append(.remove) }
        return Outcome(state: .ended(memory), effects: effects)
    }

    /// Starts again what the instance before this one may not have finished.
    func restore(_ state: ExecutorState?, key: String) -> Outcome {
        switch state {
        case nil, .announced: return Outcome(state: state)
        case .ended(let run):
            let effects = [
                run.unstopped.map(ExecutorEffect.abandon), run.isDeleting ? .remove : nil,
            ]
            return Outcome(state: state, effects: effects.compactMap { $0 })
        case .active(let run):
            switch run.phase {
            case .waiting(let attempt, _) where run.cancellation != nil:
                return Outcome(state: state, effects: [.withdraw(attempt: attempt.number)])
            case .waiting(let attempt, let place):
                return Outcome(
                    state: state, effects: [.request(place, attempt: attempt.number, mayBeStarted: true)])
            case .running: return Outcome(state: state, effects: [.claim] + stopIfCanceled(run, key: key))
            case .collecting: return Outcome(state: state)
            }
        }
    }
}
