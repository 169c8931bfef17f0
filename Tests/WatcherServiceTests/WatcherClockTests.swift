import Descriptors
import Events
import JobRunner
import Runs
import Runtime
import ServiceLoop
import TestSupport
import Testing

@testable import WatcherService

/// Deadlines when clocks are not what they should be: of another machine, or of this one before it was set.
@Suite struct WatcherClockTests {
    private typealias Rules = WatcherRulesTests
    private static let jumps: [Duration] = [.seconds(3600), .seconds(86_400)]

    /// An event that somebody sent whose clock is ahead by `jump`.
    private func early(_ payload: some EventPayload, by jump: Duration) throws -> Input<WatcherSignal> {
        .event(try .sample(payload, time: Rules.now + jump))
    }

    @Test(arguments: jumps)
    func aClockThatIsAheadMakesNoDeadlineLonger(_ jump: Duration) throws {
        var run = RunSubmitted.sample(.init(queueTimeout: .seconds(60)))
        run.submitted = Rules.now + jump
        let submitted = try Rules.decide(try early(run, by: jump), nil)
        let queued = try Rules.decide(try early(Rules.change(.queued, 1), by: jump), submitted.state)
        #expect(queued.wake == Rules.now + .seconds(60))
        let late = try Rules.decide(.wake, queued.state, now: Rules.now + .seconds(61))
        #expect(late.events.map(\.name) == ["ended"])
    }

    @Test(arguments: jumps)
    func anAttemptWhoseAgentIsAheadIsEndedInTime(_ jump: Duration) throws {
        let run = RunSubmitted.sample(.init(timeout: .seconds(60), gracePeriod: .seconds(1)))
        var state = try Rules.state(after: [
            try Rules.event(run), try Rules.event(Rules.change(.starting, 1)),
            try Rules.event(Rules.job(Rules.first)),
        ])
        state = try Rules.decide(Rules.seen(1, .running(since: Rules.now + jump)), state).state
        let due = Rules.now + .seconds(61) + Deadlines.agentMargin
        #expect(try Rules.decide(.wake, state, now: due + .seconds(-1)).events.isEmpty)
        #expect(try Rules.decide(.wake, state, now: due).events.map(\.name) == ["ended"])
    }

    @Test(arguments: jumps)
    func aWatcherThatComesBackAfterTheClockWasSetBackCountsFromThen(_ jump: Duration) throws {
        let run = RunSubmitted.sample(.init(queueTimeout: .seconds(60)))
        let state = try Rules.state(after: [
            try Rules.event(run), try Rules.event(Rules.change(.queued, 1)),
        ])
        let now = Rules.start + jump * -1
        let restored = try Rules.decide(.restored, state, now: now)
        #expect(restored.wake == now + .seconds(60))
        #expect(
            try Rules.decide(.wake, restored.state, now: now + .seconds(60)).events.map(\.name) == ["ended"])
    }
}
