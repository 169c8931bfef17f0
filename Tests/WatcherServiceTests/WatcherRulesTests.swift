import Descriptors
import Events
import JobRunner
import Runs
import Runtime
import ServiceLoop
import TestSupport
import Testing

@testable import WatcherService

/// The rules, state by state and input by input.
@Suite struct WatcherRulesTests {
    static let now = Timestamp(milliseconds: 1_700_000_100_000)
    static let start = Timestamp(milliseconds: 1_700_000_000_000)
    static let rules = WatcherRules()
    static let first = Attempt(number: 1, repetition: 0, isWarmup: false)
    static let second = Attempt(number: 2, repetition: 1, isWarmup: false)
    static let run = RunSubmitted.sample(.init(repeats: 2))

    static func decide(
        _ input: Input<WatcherSignal>, _ state: WatcherState?, now: Timestamp = now
    ) throws -> WatcherRules.Outcome {
        try rules.decide(input, key: "run", state: state, now: now)
    }

    static func event(_ payload: some EventPayload) throws -> Input<WatcherSignal> {
        .event(try .sample(payload, time: start))
    }

    static func change(_ status: RunStatus, _ attempt: Int) -> StatusChanged {
        StatusChanged(status: status, message: "\(status)", attempt: attempt)
    }

    static func job(_ attempt: Attempt) -> JobCreated {
        JobCreated(run: run, attempt: attempt, runner: "local", reference: "run/\(attempt.number)")
    }

    static func seen(_ attempt: Int, _ observation: JobObservation) -> Input<WatcherSignal> {
        .signal(WatcherSignal(attempt: attempt, observation: observation))
    }

    /// The state after these inputs.
    static func state(after inputs: [Input<WatcherSignal>]) throws -> WatcherState? {
        try inputs.reduce(nil) { try decide($1, $0).state }
    }

    static func states() throws -> [(String, WatcherState?)] {
        let submitted = try event(run)
        let starting = [submitted, try event(change(.starting, 1)), try event(job(first))]
        let running = starting + [seen(1, .running(since: start))]
        let done = running + [seen(1, .finished(.sample()))]
        let again = done + [try event(change(.starting, 2)), try event(job(second))]
        return [
            ("unknown", nil),
            ("only a status", try state(after: [try event(change(.fetching, 0))])),
            ("submitted", try state(after: [submitted])),
            ("queued", try state(after: [submitted, try event(change(.queued, 1))])),
            ("starting", try state(after: starting)),
            ("running", try state(after: running)),
            ("attempt over", try state(after: done)),
            ("starting again", try state(after: again)),
            ("collecting", try state(after: done + [try event(change(.collecting, 1))])),
            ("ended", .ended(forget: now + WatcherRules.memory)),
        ]
    }

    static func inputs() throws -> [(String, Input<WatcherSignal>)] {
        [
            ("run", try event(run)),
            ("fetching", try event(change(.fetching, 0))),
            ("queued 1", try event(change(.queued, 1))),
            ("running 1", try event(change(.running, 1))),
            ("queued 2", try event(change(.queued, 2))),
            ("collecting 1", try event(change(.collecting, 1))),
            ("succeeded", try event(change(.succeeded, 1))),
            ("job 1", try event(job(first))),
            ("job 2", try event(job(second))),
            ("attempt 1 finished", try event(AttemptFinished(attempt: first, outcome: .sample(.error)))),
            ("attempt 2 finished", try event(AttemptFinished(attempt: second, outcome: .sample(.error)))),
            ("collected", try event(RunCollected(metricCount: 1, logCount: 1, resultCount: 1))),
            ("cancel", try event(Command(kind: .cancel))),
            ("delete", try event(Command(kind: .delete))),
            ("restored", .restored),
            ("wake", .wake),
            ("1 pending", seen(1, .pending(Reason("ImagePull"), "pulls the image"))),
            ("1 runs", seen(1, .running(since: start))),
            ("1 finishes", seen(1, .finished(.sample()))),
            ("2 runs", seen(2, .running(since: start))),
            ("2 finishes", seen(2, .finished(.sample()))),
        ]
    }

    @Test func everyStateMeetsEveryInput() throws {
        var lines: [String] = []
        for (stateName, state) in try Self.states() {
            for (inputName, input) in try Self.inputs() {
                let outcome = try Self.decide(input, state)
                let isChanged = outcome.state != state || !outcome.effects.isEmpty || !outcome.events.isEmpty
                if isChanged { lines.append("\(stateName) + \(inputName) = \(outcome.summary)") }
                #expect((outcome.wake == nil) == (outcome.state == nil), "whatever is in hand has its time")
            }
        }
        let expected = watcherTable.split(separator: "\n").map(String.init)
        for line in lines where !expected.contains(line) { Issue.record("not expected: \(line)") }
        for line in expected where !lines.contains(line) { Issue.record("missing: \(line)") }
    }

    /// Each status with its limit, in the descriptor's words, and how the run ends there.
    static let limits: [(RunStatus, Duration, RunStatus, Reason)] = [
        (.submitted, .seconds(60), .timedOut, .fetchTimeout),
        (.fetching, .seconds(60), .timedOut, .fetchTimeout),
        (.fetched, .seconds(120), .timedOut, .queueTimeout),
        (.queued, .seconds(120), .timedOut, .queueTimeout),
        (.starting, .seconds(180), .timedOut, .readyTimeout),
        // The attempt's own timeout, its grace period, and a margin in which its agent should have ended it.
        (.running, .seconds(240 + 10 + 60), .timedOut, .runTimeout),
        (.collecting, .seconds(300), .error, .collectTimeout),
    ]

    static func measurement(total: TimeSpan = .hours(1)) -> Descriptor.Measurement {
        .init(
            timeout: .minutes(4), queueTimeout: .minutes(2), fetchTimeout: .minutes(1),
            readyTimeout: .minutes(3), collectTimeout: .minutes(5), totalTimeout: total,
            gracePeriod: .seconds(10))
    }

    private func submitted(_ measurement: Descriptor.Measurement, at status: RunStatus) throws
        -> WatcherState?
    {
        let run = RunSubmitted.sample(measurement, submitted: Self.start)
        let state = try Self.decide(try Self.event(run), nil, now: Self.start).state
        if status == .submitted { return state }
        return try Self.decide(try Self.event(Self.change(status, 1)), state, now: Self.start).state
    }

    @Test(arguments: limits) func everyStatusHasADeadline(
        status: RunStatus, limit: Duration, ending: RunStatus, reason: Reason
    ) throws {
        let state = try submitted(Self.measurement(), at: status)
        let early = try Self.decide(.wake, state, now: Self.start + (limit - .milliseconds(1)))
        #expect(early.events.isEmpty)
        #expect(early.wake == Self.start + limit)
        let due = try Self.decide(.wake, state, now: Self.start + limit)
        let change = try #require(due.events.first?.payload as? StatusChanged)
        #expect(change.status == ending)
        #expect(change.reason == reason)
        #expect(change.message.contains("timeout)"), "the sentence names the setting")
        #expect(due.effects == [.stopObserving])
    }

    @Test(arguments: RunStatus.allCases) func theWholeRunHasADeadlineToo(status: RunStatus) throws {
        if status.isFinal { return }
        let state = try submitted(Self.measurement(total: .seconds(30)), at: status)
        let due = try Self.decide(.wake, state, now: Self.start + .seconds(30))
        let change = try #require(due.events.first?.payload as? StatusChanged)
        #expect(change.reason == .totalTimeout)
        #expect(change.status == .timedOut)
    }

    @Test func anOverdueRunGetsAMomentForItsNewsToBeRead() throws {
        let state = try submitted(Self.measurement(), at: .queued)
        let late = Self.start + .seconds(3000)
        let restored = try Self.decide(.restored, state, now: late)
        #expect(restored.events.isEmpty)
        #expect(restored.wake == late + WatcherRules.settling)
        // Meanwhile the log tells that it was started long ago, and that it goes on.
        let next = try Self.decide(
            .event(.sample(Self.change(.starting, 1), time: late)), restored.state, now: late)
        #expect(next.wake == late + .seconds(180))
    }

    @Test func aNewAttemptStartsTheClockAnew() throws {
        var state = try submitted(Self.measurement(), at: .running)
        let later = Self.start + .seconds(200)
        state = try Self.decide(.event(.sample(Self.change(.queued, 2), time: later)), state, now: later)
            .state
        #expect(try Self.decide(.wake, state, now: later).wake == later + .seconds(120))
    }

    @Test func aNewPositionInTheQueueDoesNotStartTheClockAnew() throws {
        var state = try submitted(Self.measurement(), at: .queued)
        var moved = Self.change(.queued, 1)
        moved.position = 2
        let later = Self.start + .seconds(60)
        state = try Self.decide(.event(.sample(moved, time: later)), state, now: later).state
        #expect(try Self.decide(.wake, state, now: later).wake == Self.start + .seconds(120))
    }

    @Test func anAttemptThatHasEndedMustBeFollowedBySomething() throws {
        let run = RunSubmitted.sample(Self.measurement(), submitted: Self.start)
        let state = try Self.state(after: [
            try Self.event(run), try Self.event(Self.change(.starting, 1)),
            try Self.event(Self.job(Self.first)),
            Self.seen(1, .finished(.sample())),
        ])
        let due = try Self.decide(.wake, state, now: Self.now + .seconds(300))
        let change = try #require(due.events.first?.payload as? StatusChanged)
        #expect(change.status == .error)
        #expect(change.reason == .collectTimeout)
        #expect(change.message.contains("bai-executor"))
    }

    @Test func anAttemptTooShortToBeSeenRunningIsSaidToHaveRun() throws {
        let starting = try Self.state(after: [
            try Self.event(Self.run), try Self.event(Self.change(.starting, 1)),
            try Self.event(Self.job(Self.first)),
        ])
        var outcome = AttemptOutcome.sample()
        outcome.started = Self.start
        let decision = try Self.decide(Self.seen(1, .finished(outcome)), starting)
        #expect(decision.events.map(\.name) == ["running/1", "attempt-finished/1"])
    }

    @Test func whatIsNotKnownIsForgottenInTheEnd() throws {
        let stray = try Self.state(after: [try Self.event(Self.change(.fetching, 0))])
        #expect(try Self.decide(.wake, stray, now: Self.start + WatcherRules.memory).state == nil)
        let ended = try Self.state(after: [try Self.event(Self.change(.succeeded, 1))])
        #expect(try Self.decide(.wake, ended, now: Self.now + WatcherRules.memory).state == nil)
    }

    @Test func waitingForRoomOnAClusterIsWaitingInAQueue() throws {
        let run = RunSubmitted.sample(
            .init(queueTimeout: .hours(2), readyTimeout: .minutes(3), totalTimeout: .days(7)))
        let starting = try Self.state(after: [
            try Self.event(run), try Self.event(Self.change(.starting, 1)),
            try Self.event(Self.job(Self.first)),
        ])
        let wake = { (state: WatcherState?) -> Duration? in
            try Self.decide(.wake, state).wake.map { $0 - Self.start }
        }
        #expect(try wake(starting) == .seconds(180))
        let full = Self.seen(1, .pending(.unschedulable, "0/3 nodes are available"))
        let held = try Self.decide(full, starting)
        #expect(try wake(held.state) == .seconds(7200))
        #expect(held.events.map(\.name) == ["starting/1/Unschedulable"])
        // There is room: from here on it has to get ready.
        let placed = try Self.decide(
            Self.seen(1, .pending(.starting, "its data is being fetched")), held.state
        ).state
        #expect(try wake(placed) == Self.now + .seconds(180) - Self.start)
        let slow = try Self.decide(
            Self.seen(1, .pending(.imagePullBackOff, "no such image")), placed, now: Self.now + .seconds(60))
        #expect(try wake(slow.state) == Self.now + .seconds(180) - Self.start)
        let late = try Self.decide(.wake, slow.state, now: Self.now + .seconds(181))
        let status = try #require(late.events.first?.payload as? StatusChanged)
        #expect(status.reason == .readyTimeout)
        #expect(status.message.hasSuffix("at last: no such image"), "\(status.message)")
    }
}

extension WatcherRules.Outcome {
    /// State, effects and events in a few words.
    fileprivate var summary: String {
        let effects = effects.map { effect -> String in
            switch effect {
            case .observe(let job): "observe \(job.reference)"
            case .stopObserving: "stop observing"
            }
        }
        let events = events.map { event -> String in
            switch event.payload {
            case let change as StatusChanged: "\(change.status.rawValue) \(change.attempt)"
            case let finished as AttemptFinished: "finished \(finished.attempt.number)"
            default: "?"
            }
        }
        return [state.summary, effects.joined(separator: ", "), events.joined(separator: ", ")]
            .filter { !$0.isEmpty }.joined(separator: "; ")
    }
}

extension WatcherState? {
    fileprivate var summary: String {
        switch self {
        case nil: "unknown"
        case .active(let run): run.summary
        case .ended: "ended"
        }
    }
}

extension WatchedRun {
    fileprivate var summary: String {
        let known = deadlines == nil ? "?" : ""
        let over = endedAttempt > 0 ? ", \(endedAttempt) over" : ""
        return
            "\(machine.status.rawValue)\(known) \(machine.attempt)\(job.map { ", job \($0.attempt.number)" } ?? "")\(over)"
    }
}
