import Descriptors
import Events
import JSON
import JobRunner
import Runs
import Runtime
import ServiceLoop
import TestSupport
import Testing

@testable import ExecutorService

/// The rules, state by state and input by input.
@Suite struct ExecutorRulesTests {
    static let now = Timestamp(milliseconds: 1_700_000_100_000)
    static let rules = ExecutorRules(runner: "local") { "\($0)#\($1)" }
    static let first = Attempt(number: 1, repetition: 0, isWarmup: false)
    static let second = Attempt(number: 2, repetition: 1, isWarmup: false)
    static let run = RunSubmitted.sample(.init(repeats: 2, retries: 1))

    static func decide(_ input: Input<ExecutorSignal>, _ state: ExecutorState?) throws
        -> ExecutorRules.Outcome
    {
        try rules.decide(input, key: "run", state: state, now: now)
    }

    static func event(_ payload: some EventPayload) throws -> Input<ExecutorSignal> {
        .event(try .sample(payload))
    }

    static func active(
        _ phase: ActiveRun.Phase, finished: [AttemptFinished] = [], canceled isGraceful: Bool? = nil
    ) throws -> ExecutorState {
        let fetched = RunFetched(run: run, contents: [])
        var origin = try Event.sample(fetched)
        origin.payload = .object([:])
        var active = ActiveRun(origin: origin, fetched: fetched, queued: now, phase: phase)
        active.finished = finished
        active.cancellation = isGraceful.map { Cancellation(isGraceful: $0, message: "canceled by ann") }
        return .active(active)
    }

    static let place = QueuePlace(since: now, submitted: run.submitted, index: 0, run: "run")
    static let done = AttemptFinished(attempt: first, outcome: .sample())

    static func states() throws -> [(String, ExecutorState?)] {
        let forget = now + ExecutorRules.memory
        let ending = AttemptPlan.Ending(status: .succeeded, reason: .completed, message: "done")
        let unstopped = UnstoppedAttempt(reference: "run#1", gracePeriod: .seconds(10), reason: .totalTimeout)
        return [
            ("unknown", nil),
            (
                "announced",
                .announced(
                    .init(cancellation: .init(isGraceful: true, message: "canceled by ann"), forget: forget))
            ),
            ("waiting", try active(.waiting(first, place: place))),
            ("waiting again", try active(.waiting(second, place: place), finished: [done])),
            ("waiting, canceled", try active(.waiting(first, place: place), canceled: true)),
            (
                "waiting again, canceled",
                try active(.waiting(second, place: place), finished: [done], canceled: true)
            ),
            ("running", try active(.running(first))),
            ("running the last", try active(.running(second), finished: [done])),
            ("running, canceled", try active(.running(first), canceled: true)),
            ("running, killed", try active(.running(first), canceled: false)),
            ("collecting", try active(.collecting(ending), finished: [done])),
            ("ended", .ended(.init(forget: forget))),
            ("ended, not stopped", .ended(.init(forget: forget, unstopped: unstopped))),
            ("ended, being deleted", .ended(.init(forget: forget, isDeleting: true))),
        ]
    }

    static func inputs() throws -> [(String, Input<ExecutorSignal>)] {
        let failed = AttemptFinished(attempt: first, outcome: .sample(.failed))
        let vanished = AttemptFinished(attempt: first, outcome: .sample(.error, failure: .infrastructure))
        let timedOut = StatusChanged(
            status: .timedOut, reason: .totalTimeout, message: "took longer than 7d", attempt: 1)
        return [
            ("fetched", try event(RunFetched(run: run, contents: []))),
            ("cancel", try event(Command(kind: .cancel))),
            ("kill", try event(Command(kind: .cancel, isGraceful: false))),
            ("delete", try event(Command(kind: .delete))),
            ("final status", try event(timedOut)),
            ("other status", try event(StatusChanged(status: .running, message: "runs", attempt: 1))),
            ("first succeeded", try event(done)),
            ("first failed", try event(failed)),
            ("first vanished", try event(vanished)),
            ("second succeeded", try event(AttemptFinished(attempt: second, outcome: .sample()))),
            ("collected", try event(RunCollected(metricCount: 1, logCount: 1, resultCount: 1))),
            ("unknown event", try event(CollectionRequested(run: run, accepted: []))),
            ("restored", .restored),
            ("wake", .wake),
            ("granted 1", .signal(.granted(attempt: 1))),
            ("granted 2", .signal(.granted(attempt: 2))),
            ("position 1", .signal(.position(attempt: 1, 3))),
            ("started 1", .signal(.started(attempt: 1))),
            ("started 2", .signal(.started(attempt: 2))),
            ("start 1 failed", .signal(.startFailed(attempt: 1, JobRunnerError(.startFailed, "no disk")))),
            (
                "start 1 is impossible",
                .signal(.startFailed(attempt: 1, JobRunnerError(.noCommand, "no command")))
            ),
            (
                "held 1",
                .signal(.held(attempt: 1, .quotaExceeded, "exceeded quota"))
            ),
            ("something is left", .signal(.left(attempts: [1, 2]))),
            ("withdrawn 1", .signal(.withdrawn(attempt: 1))),
            ("withdrawn 2", .signal(.withdrawn(attempt: 2))),
            ("stopped", .signal(.stopped)),
            ("removed", .signal(.removed)),
        ]
    }

    @Test func everyStateMeetsEveryInput() throws {
        var lines: [String] = []
        for (stateName, state) in try Self.states() {
            for (inputName, input) in try Self.inputs() {
                let outcome = try Self.decide(input, state)
                let isChanged =
                    outcome.state != state || !outcome.effects.isEmpty || !outcome.events.isEmpty
                if isChanged { lines.append("\(stateName) + \(inputName) = \(outcome.summary)") }
                #expect(outcome.wake == outcome.state?.forget)
            }
        }
        let expected = executorTable.split(separator: "\n").map(String.init)
        for line in lines where !expected.contains(line) { Issue.record("not expected: \(line)") }
        for line in expected where !lines.contains(line) { Issue.record("missing: \(line)") }
    }
}

extension ExecutorRules.Outcome {
    /// State, effects and events in a few words.
    fileprivate var summary: String {
        let effects = effects.map(\.summary).joined(separator: ", ")
        let events = events.map { event -> String in
            switch event.payload {
            case let change as StatusChanged: "\(change.status.rawValue) \(change.attempt)"
            case let job as JobCreated: "job \(job.attempt.number)"
            case let finished as AttemptFinished: "finished \(finished.attempt.number)"
            case let request as CollectionRequested: "collect \(request.accepted.count)"
            default: "?"
            }
        }
        return [state.summary, effects, events.joined(separator: ", ")].filter { !$0.isEmpty }
            .joined(separator: "; ")
    }
}

extension ExecutorState? {
    fileprivate var summary: String {
        switch self {
        case nil: "unknown"
        case .announced: "announced"
        case .active(let run): run.summary
        case .ended(let run):
            "ended" + (run.unstopped == nil ? "" : " unstopped") + (run.isDeleting ? " deleting" : "")
        }
    }
}

extension ActiveRun {
    fileprivate var summary: String {
        let phase =
            switch self.phase {
            case .waiting(let attempt, _): "waiting \(attempt.number)"
            case .running(let attempt): "running \(attempt.number)"
            case .collecting(let ending): "collecting for \(ending.status.rawValue)"
            }
        let mark = cancellation.map { $0.isGraceful ? " canceled" : " killed" } ?? ""
        return phase + mark + (isDeleted ? " deleted" : "")
    }
}

extension ExecutorEffect {
    fileprivate var summary: String {
        switch self {
        case .request(_, let attempt, let mayBeStarted):
            "request \(attempt)\(mayBeStarted ? " if not started" : "")"
        case .claim: "claim"
        case .leave: "leave"
        case .start(let job, _): "start \(job.attempt.number)"
        case .withdraw(let attempt): "withdraw \(attempt)"
        case .stop(let reference, let grace, _): "stop \(reference) in \(Int(grace.inSeconds))s"
        case .abandon(let attempt): "abandon \(attempt.reference)"
        case .clear(let reference): "clear \(reference)"
        case .remove: "remove"
        }
    }
}
