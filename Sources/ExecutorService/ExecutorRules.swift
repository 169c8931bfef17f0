package import Events
package import JobRunner
internal import Runs
package import Runtime
package import ServiceLoop

/// What the executor wants done.
package enum ExecutorEffect: Equatable, Sendable {
    /// Wait for a slot; `granted` tells when it is there. After a restart the attempt may have been started before: then `started`.
    case request(QueuePlace, attempt: Int, mayBeStarted: Bool)
    /// After a restart: the run is in the middle of an attempt, nobody else goes meanwhile.
    case claim
    /// The run makes no more attempts: whoever waits may go.
    case leave
    /// Start the attempt in the slot that was granted.
    case start(JobSpecification, QueuePlace)
    /// Wait no longer for a slot. Should the attempt have been started nevertheless, `started` tells, otherwise `withdrawn`.
    case withdraw(attempt: Int)
    /// Ask an attempt to end. Its end is the watcher's to see.
    case stop(reference: String, grace: Duration, reason: Reason)
    /// Wait no longer for a slot, and see to it that the attempt never starts or ends; `stopped` tells that it has.
    case abandon(UnstoppedAttempt)
    /// An attempt has ended: let go of what it still occupies.
    case clear(reference: String)
    /// Remove what the run's attempts left behind; `removed` tells.
    case remove
}

/// What comes back.
package enum ExecutorSignal: Equatable, Sendable {
    /// A slot is there for the attempt.
    case granted(attempt: Int)
    /// So many go first.
    case position(attempt: Int, Int)
    /// The attempt cannot be started yet, for a reason that passes: it is tried again.
    case held(attempt: Int, Reason, String)
    case started(attempt: Int)
    case startFailed(attempt: Int, JobRunnerError)
    /// The attempt was not started and will not be.
    case withdrawn(attempt: Int)
    case stopped
    case removed
    /// There is something left of these attempts, somewhere.
    case left(attempts: [Int])
}

/// The executor's rules: which attempt runs when, and how a run ends. Pure.
///
/// An attempt is started only for a state that is committed, and its name follows from run and number, so that none runs twice whatever is killed;
/// and a canceled run is over only when its attempt is seen to have ended, or never began.
package struct ExecutorRules: Sendable {
    package typealias Outcome = Decision<ExecutorState, ExecutorEffect>

    /// How long a run that is over, or a cancellation of one that has not come, is remembered. Longer than a service may stand still and then
    /// find old records: the default is what a run may take in all.
    static let memory = Duration.seconds(7 * 86_400)

    let runner: String
    let reference: @Sendable (_ run: String, _ attempt: Int) -> String

    /// - Parameter runner: the runner's name, as it goes into events.
    package init(runner: String, reference: @escaping @Sendable (String, Int) -> String) {
        self.runner = runner
        self.reference = reference
    }

    /// Decides; the wake time always follows from the state.
    package func decide(
        _ input: Input<ExecutorSignal>, key: String, state: ExecutorState?, now: Timestamp
    ) throws -> Outcome {
        var outcome = try outcome(of: input, key: key, state: state, now: now)
        outcome.wake = outcome.state?.forget
        return outcome
    }

    private func outcome(
        of input: Input<ExecutorSignal>, key: String, state: ExecutorState?, now: Timestamp
    ) throws -> Outcome {
        switch input {
        case .event(let event): return try take(event, key: key, state: state, now: now)
        case .restored: return restore(state, key: key)
        case .signal(let signal): return take(signal, key: key, state: state, now: now)
        case .wake:
            let isOver = state?.forget.map { $0 <= now } ?? false
            return Outcome(state: isOver ? nil : state)
        }
    }

    private func take(_ event: Event, key: String, state: ExecutorState?, now: Timestamp) throws -> Outcome {
        switch event.type {
        case RunFetched.type:
            return begin(try event.payload(as: RunFetched.self), event, key: key, state: state, now: now)
        case Command.type:
            return obey(try event.payload(as: Command.self), event, key: key, state: state, now: now)
        case StatusChanged.type:
            let change = try event.payload(as: StatusChanged.self)
            return change.status.isFinal
                ? end(by: change, key: key, state: state, now: now) : Outcome(state: state)
        case AttemptFinished.type:
            let finished = try event.payload(as: AttemptFinished.self)
            guard case .active(let run) = state, run.phase == .running(finished.attempt) else {
                return Outcome(state: state)
            }
            return take(finished, run, key: key, now: now)
        case RunCollected.type:
            return finish(after: try event.payload(as: RunCollected.self), state: state, now: now)
        default: return Outcome(state: state)
        }
    }
}

extension ExecutorState {
    /// When there is nothing left to remember; nil while the run is going on.
    var forget: Timestamp? {
        switch self {
        case .announced(let announcement): announcement.forget
        case .active: nil
        case .ended(let run): run.forget
        }
    }
}
