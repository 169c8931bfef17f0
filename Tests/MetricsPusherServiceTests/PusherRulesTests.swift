import Events
import MetricStore
import Runtime
import ServiceLoop
import TestSupport
import Testing

@testable import MetricsPusherService

@Suite struct PusherRulesTests {
    private let now = Given.time
    private let request = Given.request([Given.attempt(2)])

    private func decide(
        _ payload: some EventPayload, state: Collection? = nil, now: Timestamp? = nil
    ) throws -> Decision<Collection, PusherEffect> {
        try PusherRules.decide(
            .event(try .sample(payload)), run: "run", state: state, now: now ?? self.now)
    }

    private func collection() -> Collection { Collection(request: request, requested: now) }

    @Test func pointsAndLinesAreWrittenAndLeaveNothingInHand() throws {
        let points = Given.points(1, [Given.point(1, "a", 1)])
        #expect(try decide(points) == Decision(state: nil, effects: [.write(.points(points))]))
        let lines = Given.lines(1, ["x"])
        #expect(try decide(lines) == Decision(state: nil, effects: [.write(.lines(lines))]))
        let attempt = Given.attempt(1)
        #expect(try decide(attempt) == Decision(state: nil, effects: [.write(.attempt(attempt))]))
    }

    @Test func theEndOfAStreamIsWrittenAndCollectsOnlyWhatWasAskedFor() throws {
        let end = Given.metricsEnd(2, 3)
        #expect(try decide(end) == Decision(state: nil, effects: [.write(.end(.metrics, end.end))]))
        let decision = try decide(end, state: collection())
        #expect(
            decision.effects == [
                .write(.end(.metrics, end.end)), .collect(collection(), .forAllAttempts),
            ])
        #expect(decision.state == collection())
    }

    @Test func aRequestMarksWhatCountsAndBeginsToCollect() throws {
        let request = Given.request([Given.attempt(1, isWarmup: true), Given.attempt(2)])
        let decision = try decide(request)
        let expected = Collection(request: request, requested: now)
        #expect(decision.state == expected)
        #expect(
            decision.effects == [
                .write(.attempt(Given.attempt(1, isWarmup: true))), .write(.attempt(Given.attempt(2))),
                .write(.accepted([2])), .collect(expected, .forAllAttempts),
            ])
        #expect(decision.wake == now + PusherRules.patience)
    }

    @Test func onlyMeasuredAttemptsAreWaitedForAfterAWhile() throws {
        let later = now + PusherRules.patience
        let decision = try PusherRules.decide(.wake, run: "run", state: collection(), now: later)
        #expect(decision.effects == [.collect(collection(), .forMeasuredAttempts)])
        #expect(decision.wake == now + .seconds(1200), "twice the ten minutes of collect_timeout")
    }

    @Test func aRequestThatNobodyEndsIsLetGo() throws {
        let decision = try PusherRules.decide(
            .wake, run: "run", state: collection(), now: now + .seconds(1200))
        #expect(decision == Decision(state: nil, effects: [.stop]))
    }

    @Test func afterAStartTheCollectionBeginsAnew() throws {
        let decision = try PusherRules.decide(.restored, run: "run", state: collection(), now: now)
        #expect(decision.effects == [.collect(collection(), .forAllAttempts)])
        #expect(decision.state == collection())
        #expect(decision.wake == now + PusherRules.patience)
    }

    @Test func whatWasCollectedIsStoredAndPublishedAndLetGo() throws {
        let report = Given.report(
            Given.request([Given.attempt(1)]), [1: [Given.point(1, "a", 1), Given.point(2, "b", 2)]])
        let decision = try PusherRules.decide(
            .signal(.collected(report)), run: "run", state: collection(), now: now)
        #expect(decision.state == nil)
        #expect(decision.effects == [.write(.results(report.results))])
        #expect(decision.events.map(\.key) == report.results.map(\.series.id) + [nil])
        #expect(
            decision.events.map(\.name) == report.results.map { "result/\($0.series.id)" } + ["collected"])
        #expect(Set(decision.events.map(\.name)).count == 3)
    }

    @Test func aReportForNothingInHandIsDropped() throws {
        let report = Given.report(Given.request([]), [:])
        let decision = try PusherRules.decide(
            .signal(.collected(report)), run: "run", state: nil, now: now)
        #expect(decision == Decision(state: nil))
        #expect(decision.events.isEmpty)
    }

    @Test func theEndOfTheRunEndsTheCollection() throws {
        let final = StatusChanged(status: .timedOut, message: "too late", attempt: 1)
        #expect(try decide(final, state: collection()) == Decision(state: nil, effects: [.stop]))
        #expect(try decide(final) == Decision(state: nil))
        let running = StatusChanged(status: .running, message: "", attempt: 1)
        #expect(try decide(running, state: collection()).state == collection())
    }

    @Test func deletingRemovesEverything() throws {
        let delete = Command(kind: .delete)
        #expect(try decide(delete, state: collection()) == Decision(state: nil, effects: [.stop, .delete]))
        #expect(try decide(Command(kind: .cancel), state: collection()).state == collection())
    }

    @Test func whatDoesNotConcernItKeepsTheWakeItAskedFor() throws {
        let decision = try decide(Command(kind: .cancel), state: collection(), now: now + .seconds(1))
        #expect(decision.wake == now + PusherRules.patience)
        #expect(decision.effects.isEmpty)
    }
}
