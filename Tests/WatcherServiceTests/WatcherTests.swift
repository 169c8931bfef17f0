import Descriptors
import Events
import JobRunner
import Runtime
import ServiceLoop
import TestSupport
import Testing

@testable import WatcherService

/// The watcher over a log, with a runner that runs nothing; the tests play the other services.
@Suite struct WatcherTests {
    let stage: ServiceStage
    let runner = FakeRunner()
    let first = Attempt(number: 1, repetition: 0, isWarmup: false)
    let second = Attempt(number: 2, repetition: 1, isWarmup: false)

    init() async throws {
        stage = try await ServiceStage(services: "watcher")
    }

    private func submit(_ run: String, time: ManualTime? = nil) async throws {
        let submitted = time?.now ?? SystemTime().now
        try await stage.send(
            RunSubmitted.sample(.init(queueTimeout: .minutes(5)), submitted: submitted), to: run)
    }

    private func create(_ run: String, _ attempt: Attempt) async throws {
        try await stage.send(
            StatusChanged(status: .starting, message: "starts", attempt: attempt.number), to: run)
        try await stage.send(
            JobCreated(
                run: .sample(), attempt: attempt, runner: "local", reference: "\(run)/\(attempt.number)"),
            to: run)
    }

    private func waitForFinished(_ count: Int, of run: String) async throws -> [AttemptFinished] {
        let isThere = try await eventually {
            try await stage.payloads(AttemptFinished.self, of: run).count >= count
        }
        #expect(isThere)
        return try await stage.payloads(AttemptFinished.self, of: run)
    }

    private func waitFor(_ status: String, of run: String) async throws {
        let isThere = try await eventually { try await stage.statuses(of: run).contains(status) }
        #expect(isThere, "\(run) never became \(status)")
    }

    @Test func whatHappensToAnAttemptBecomesAStatus() async throws {
        try await stage.running(Watcher(runner: runner)) {
            try await submit("r")
            try await create("r", first)
            runner.report(.pending(Reason("ImagePull"), "pulls the image"), of: "r/1")
            #expect(
                try await eventually {
                    try await stage.payloads(StatusChanged.self, of: "r").last?.reason == Reason("ImagePull")
                })
            runner.report(.running(since: SystemTime().now), of: "r/1")
            try await waitFor("RUNNING 1", of: "r")
            runner.report(.finished(.sample(.failed)), of: "r/1")
            let finished = try await waitForFinished(1, of: "r")
            #expect(finished == [AttemptFinished(attempt: first, outcome: .sample(.failed))])
        }
        #expect(try await stage.statuses(of: "r") == ["STARTING 1", "RUNNING 1"])
    }

    @Test func theNextAttemptIsObservedInItsTurn() async throws {
        try await stage.running(Watcher(runner: runner)) {
            try await submit("r")
            try await create("r", first)
            runner.report(.finished(.sample()), of: "r/1")
            _ = try await waitForFinished(1, of: "r")
            try await create("r", second)
            runner.report(.running(since: SystemTime().now), of: "r/2")
            try await waitFor("RUNNING 2", of: "r")
            runner.report(.finished(.sample()), of: "r/2")
            let finished = try await waitForFinished(2, of: "r")
            #expect(finished.map(\.attempt) == [first, second])
        }
    }

    @Test func whatHappenedWhileNobodyWatchedIsFoundAfterTheStart() async throws {
        try await stage.running(Watcher(runner: runner)) {
            try await submit("r")
            try await create("r", first)
            runner.report(.running(since: SystemTime().now), of: "r/1")
            try await waitFor("RUNNING 1", of: "r")
        }
        runner.report(.finished(.sample(.error, failure: .infrastructure)), of: "r/1")
        try await stage.running(Watcher(runner: runner)) {
            let finished = try await waitForFinished(1, of: "r")
            #expect(finished.map(\.outcome.reason) == [.vanished])
        }
        #expect(try await stage.statuses(of: "r") == ["STARTING 1", "RUNNING 1"])
    }

    @Test func aRunThatWaitsTooLongIsTimedOut() async throws {
        let time = ManualTime()
        try await stage.running(Watcher(runner: runner), time: time) {
            try await submit("r", time: time)
            try await stage.send(StatusChanged(status: .queued, message: "waits", attempt: 1), to: "r")
            let isOver = try await eventually {
                time.advance(by: .seconds(30))
                return try await stage.statuses(of: "r").contains("TIMED_OUT 1")
            }
            #expect(isOver)
        }
        let change = try #require(try await stage.payloads(StatusChanged.self, of: "r").last)
        #expect(change.reason == .queueTimeout)
        #expect(change.message == "no slot was free for it in 5m (run.queue_timeout)")
    }

    @Test func deadlinesOutliveARestart() async throws {
        let time = ManualTime()
        try await stage.running(Watcher(runner: runner), time: time) {
            try await submit("r", time: time)
            try await create("r", first)
            runner.report(.running(since: time.now), of: "r/1")
            try await waitFor("RUNNING 1", of: "r")
        }
        // Beyond the six hours of its timeout, with all that is added to them.
        time.advance(by: .seconds(7 * 3600))
        try await stage.running(Watcher(runner: runner), time: time) {
            let isOver = try await eventually {
                time.advance(by: .seconds(1))
                return try await stage.statuses(of: "r").contains("TIMED_OUT 1")
            }
            #expect(isOver)
        }
        #expect(try await stage.payloads(StatusChanged.self, of: "r").last?.reason == .runTimeout)
    }

    @Test func aRunThatIsOverIsNotWatchedAnyMore() async throws {
        try await stage.running(Watcher(runner: runner)) {
            try await submit("r")
            try await create("r", first)
            runner.report(.running(since: SystemTime().now), of: "r/1")
            try await waitFor("RUNNING 1", of: "r")
            try await stage.send(StatusChanged(status: .canceled, message: "canceled", attempt: 1), to: "r")
            // The next run's news shows that the end of the first was taken in.
            try await submit("s")
            try await create("s", first)
            runner.report(.finished(.sample()), of: "r/1")
            runner.report(.finished(.sample()), of: "s/1")
            _ = try await waitForFinished(1, of: "s")
        }
        #expect(try await stage.statuses(of: "r") == ["STARTING 1", "RUNNING 1", "CANCELED 1"])
    }

    @Test func whatIsDeliveredAgainAndLateChangesNothing() async throws {
        stage.deliverEverythingAgain()
        try await stage.running(Watcher(runner: runner)) {
            try await submit("r")
            for attempt in [first, second] {
                try await create("r", attempt)
                runner.report(.running(since: SystemTime().now), of: "r/\(attempt.number)")
                try await waitFor("RUNNING \(attempt.number)", of: "r")
                runner.report(.finished(.sample()), of: "r/\(attempt.number)")
                _ = try await waitForFinished(attempt.number, of: "r")
            }
            // Once more, and something behind it that shows that it was taken.
            try await create("r", first)
            try await submit("s")
            try await create("s", first)
            runner.report(.finished(.sample()), of: "s/1")
            _ = try await waitForFinished(1, of: "s")
        }
        let running = try await stage.statuses(of: "r").filter { $0.hasPrefix("RUNNING") }
        #expect(running == ["RUNNING 1", "RUNNING 2"])
        #expect(try await stage.payloads(AttemptFinished.self, of: "r").map(\.attempt) == [first, second])
    }

    /// Killed between effect and commit at each place where that can happen; then everything goes on as if it had not been.
    @Test(arguments: 1...5) func aKillBetweenEffectAndCommitChangesNothing(point: Int) async throws {
        let runner = self.runner
        let subject = Crashing(at: point) { Watcher(runner: runner) }
        try await stage.running(subject) {
            try await submit("r")
            for attempt in [first, second] {
                try await create("r", attempt)
                let reference = "r/\(attempt.number)"
                runner.report(.running(since: SystemTime().now), of: reference)
                try await waitFor("RUNNING \(attempt.number)", of: "r")
                runner.report(.finished(.sample()), of: reference)
                _ = try await waitForFinished(attempt.number, of: "r")
            }
            try await stage.send(StatusChanged(status: .collecting, message: "collects", attempt: 2), to: "r")
        }
        #expect(
            try await stage.statuses(of: "r") == [
                "STARTING 1", "RUNNING 1", "STARTING 2", "RUNNING 2", "COLLECTING 2",
            ])
        #expect(try await stage.payloads(AttemptFinished.self, of: "r").map(\.attempt) == [first, second])
        if point <= 2 { #expect(subject.hasCrashed) }
    }
}
