import Descriptors
import Events
import JobRunner
import MessageLog
import Runtime
import ServiceLoop
import TestSupport
import Testing

@testable import ExecutorService

/// The executor over a log, with a runner that runs nothing; the tests play watcher and metrics pusher.
@Suite struct ExecutorTests {
    let stage: ServiceStage
    let runner = FakeRunner()
    let folder: TemporaryFolder
    let slots: LocalSlots

    init() async throws {
        stage = try await ServiceStage(services: "executor")
        folder = try TemporaryFolder()
        slots = LocalSlots(folder: folder.file("slots"))
    }

    private func executor(time: any TimeSource = SystemTime()) -> Executor {
        Executor(
            runner: runner, slots: slots, time: time, output: StructuredLog(service: "test", write: { _ in })
        ) { contents in
            Dictionary(contents.map { ($0.sha256, "/objects/\($0.sha256)") }, uniquingKeysWith: { $1 })
        }
    }

    private func fetch(_ run: String, _ measurement: Descriptor.Measurement = .init()) async throws {
        try await stage.send(RunFetched(run: .sample(measurement), contents: []), to: run)
    }

    private func waitFor(
        _ status: String, of run: String, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let isThere = try await eventually { try await stage.statuses(of: run).contains(status) }
        let statuses = try await stage.statuses(of: run)
        #expect(isThere, "\(run) never became \(status), only \(statuses)", sourceLocation: sourceLocation)
    }

    /// Ends attempt `number` of `run` as the watcher would see it.
    private func finish(_ run: String, _ number: Int, _ outcome: AttemptOutcome = .sample()) async throws {
        let job = try #require(
            try await stage.payloads(JobCreated.self, of: run).last { $0.attempt.number == number })
        runner.report(.finished(outcome), of: job.reference)
        try await stage.send(AttemptFinished(attempt: job.attempt, outcome: outcome), to: run)
    }

    private func collect(_ run: String) async throws {
        try await waitFor("COLLECTING 1", of: run)
        try await stage.send(RunCollected(metricCount: 1, logCount: 1, resultCount: 1), to: run)
    }

    @Test func aRunGoesFromItsDataToItsEnd() async throws {
        try await stage.running(executor()) {
            try await fetch("r")
            try await waitFor("STARTING 1", of: "r")
            try await finish("r", 1)
            try await collect("r")
            try await waitFor("SUCCEEDED 1", of: "r")
        }
        #expect(
            try await stage.statuses(of: "r") == ["QUEUED 1", "STARTING 1", "COLLECTING 1", "SUCCEEDED 1"])
        #expect(runner.started == ["r/1"])
        let job = try #require(runner.job("r/1"))
        #expect(job.specification.origin.actionID == "r")
        #expect(job.slot == 0)
    }

    @Test func theAttemptIsToldWhereItsDataIs() async throws {
        let content = FetchedContent(
            role: .dataset, id: "0", source: "file:x", path: "/data/x", kind: .file, sha256: "abc", size: 1)
        try await stage.running(executor()) {
            try await stage.send(RunFetched(run: .sample(), contents: [content]), to: "r")
            try await waitFor("STARTING 1", of: "r")
        }
        #expect(runner.job("r/1")?.specification.locations == ["abc": "/objects/abc"])
    }

    @Test func oneBenchmarkRunsAtATimeAndWhoCameFirstGoesFirst() async throws {
        try await stage.running(executor()) {
            try await fetch("a")
            try await waitFor("STARTING 1", of: "a")
            for run in ["b", "c", "d"] {
                try await fetch(run)
                try await waitFor("QUEUED 1", of: run)
            }
            try await expectPosition(2, of: "d")
            for (run, next) in [("a", "b"), ("b", "c"), ("c", "d")] {
                try await finish(run, 1)
                try await waitFor("STARTING 1", of: next)
            }
        }
        #expect(runner.started == ["a/1", "b/1", "c/1", "d/1"])
        let positions = try await stage.payloads(StatusChanged.self, of: "d").map(\.position)
        #expect(positions.filter { $0 != nil } == [2, 1, 0])
    }

    private func expectPosition(_ position: Int, of run: String) async throws {
        let isTold = try await eventually {
            try await stage.payloads(StatusChanged.self, of: run).last?.position == position
        }
        #expect(isTold)
    }

    @Test(arguments: [(true, ["a/1", "b/1", "a/2", "b/2"]), (false, ["a/1", "a/2", "b/1", "b/2"])])
    func repeatsTakeTurnsWhereTheDescriptorSaysSo(interleave: Bool, order: [String]) async throws {
        let measurement = Descriptor.Measurement(repeats: 2, interleave: interleave)
        try await stage.running(executor()) {
            try await fetch("a", measurement)
            try await waitFor("STARTING 1", of: "a")
            try await fetch("b", measurement)
            try await waitFor("QUEUED 1", of: "b")
            for reference in order {
                let (run, attempt) = (String(reference.prefix(1)), Int(reference.suffix(1)) ?? 0)
                try await waitFor("STARTING \(attempt)", of: run)
                try await finish(run, attempt)
            }
            try await waitFor("COLLECTING 2", of: "b")
        }
        #expect(runner.started == order)
    }

    @Test func aVanishedAttemptIsMadeAgainAndNotCounted() async throws {
        try await stage.running(executor()) {
            try await fetch("r", .init(repeats: 2))
            try await waitFor("STARTING 1", of: "r")
            try await finish("r", 1, .sample(.error, failure: .infrastructure))
            for attempt in 2...3 {
                try await waitFor("STARTING \(attempt)", of: "r")
                try await finish("r", attempt)
            }
            try await waitFor("COLLECTING 3", of: "r")
        }
        let request = try #require(try await stage.payloads(CollectionRequested.self, of: "r").first)
        #expect(request.accepted.map(\.attempt.number) == [2, 3])
    }

    @Test func anAttemptThatCannotBeStartedCountsAsItsFailure() async throws {
        runner.failStarts(with: JobRunnerError(.noCommand, "the descriptor names no command"))
        try await stage.running(executor()) {
            try await fetch("r")
            try await collect("r")
            try await waitFor("ERROR 1", of: "r")
        }
        let ended = try #require(try await stage.payloads(StatusChanged.self, of: "r").last)
        #expect(ended.reason == .noCommand)
        #expect(ended.message == "the benchmark: the descriptor names no command")
        #expect(
            try await stage.payloads(AttemptFinished.self, of: "r").map(\.outcome.failure) == [.benchmark])
    }

    @Test func aTransientFailureToStartIsTriedAgainInTheSameAttempt() async throws {
        runner.failStarts(with: JobRunnerError(.startFailed, "the disk is full", isTransient: true))
        try await stage.running(executor(time: HastyTime())) {
            try await fetch("r")
            try await waitFor("QUEUED 1", of: "r")
            runner.failStarts(with: nil)
            try await waitFor("STARTING 1", of: "r")
        }
        #expect(runner.started == ["r/1"])
    }

    @Test func aCancelThatComesBeforeTheRunEndsItWhenItComes() async throws {
        try await stage.running(executor()) {
            try await stage.send(Command(kind: .cancel, reason: "a mistake"), to: "r")
            try await stage.send(Command(kind: .cancel), to: "r")
            try await fetch("r")
            try await waitFor("CANCELED 0", of: "r")
        }
        #expect(try await stage.statuses(of: "r") == ["CANCELED 0"])
        #expect(
            try await stage.payloads(StatusChanged.self, of: "r").last?.message
                == "canceled by ann: a mistake")
        #expect(runner.started == [])
    }

    @Test func aRunThatWaitsIsCanceledAtOnceAndNeverStarts() async throws {
        try await stage.running(executor()) {
            try await fetch("a")
            try await waitFor("STARTING 1", of: "a")
            try await fetch("r")
            try await waitFor("QUEUED 1", of: "r")
            try await stage.send(Command(kind: .cancel), to: "r")
            try await waitFor("CANCELED 1", of: "r")
            try await finish("a", 1)
            try await fetch("b")
            try await waitFor("STARTING 1", of: "b")
        }
        #expect(runner.started == ["a/1", "b/1"])
    }

    @Test func aRunIsCanceledOnlyWhenItsAttemptWasSeenToEnd() async throws {
        try await stage.running(executor()) {
            try await fetch("r", .init(gracePeriod: .seconds(7)))
            try await waitFor("STARTING 1", of: "r")
            try await stage.send(Command(kind: .cancel), to: "r")
            #expect(await eventually { runner.stops.count == 1 })
            #expect(try await stage.statuses(of: "r").last == "STARTING 1")
            try await stage.send(Command(kind: .cancel, isGraceful: false), to: "r")
            #expect(await eventually { runner.stops.count == 2 })
            try await finish("r", 1, .sample(.canceled))
            try await collect("r")
            try await waitFor("CANCELED 1", of: "r")
        }
        #expect(runner.stops.map(\.grace) == [.seconds(7), .zero])
        #expect(runner.stops.map(\.reason) == [.canceledByUser, .canceledByUser])
    }

    @Test func aFinalStatusOfSomebodyElseStopsTheAttemptAndStartsNoOther() async throws {
        try await stage.running(executor()) {
            try await fetch("r", .init(repeats: 3))
            try await waitFor("STARTING 1", of: "r")
            try await stage.send(
                StatusChanged(status: .timedOut, reason: .totalTimeout, message: "too long", attempt: 1),
                to: "r")
            #expect(await eventually { runner.stops.map(\.reason) == [.totalTimeout] })
            try await finish("r", 1, .sample(.canceled))
            // The slot is free again.
            try await fetch("b")
            try await waitFor("STARTING 1", of: "b")
        }
        #expect(runner.started == ["r/1", "b/1"])
        #expect(try await stage.statuses(of: "r") == ["QUEUED 1", "STARTING 1", "TIMED_OUT 1"])
    }

    @Test func aRunThatEndedBeforeItsDataCameIsNotBegun() async throws {
        try await stage.running(executor()) {
            try await stage.send(
                StatusChanged(status: .timedOut, reason: .fetchTimeout, message: "too long", attempt: 0),
                to: "r")
            try await fetch("r")
            try await fetch("b")
            try await waitFor("STARTING 1", of: "b")
        }
        #expect(runner.started == ["b/1"])
    }

    @Test func deletingARunRemovesWhatItsAttemptsLeft() async throws {
        try await stage.running(executor()) {
            try await stage.send(Command(kind: .delete), to: "long-gone")
            try await fetch("r")
            try await waitFor("STARTING 1", of: "r")
            try await stage.send(Command(kind: .delete), to: "r")
            #expect(await eventually { runner.stops.count == 1 })
            #expect(!runner.removed.contains("r"))
            try await finish("r", 1, .sample(.canceled))
            try await collect("r")
            #expect(await eventually { runner.removed.sorted() == ["long-gone", "r"] })
        }
    }

    @Test func afterARestartTheQueueIsInItsOldOrder() async throws {
        let runs = (0..<6).map { "r\($0)" }
        try await stage.running(executor()) {
            for run in runs {
                try await fetch(run)
                try await waitFor("QUEUED 1", of: run)
            }
            try await waitFor("STARTING 1", of: "r0")
        }
        try await stage.running(executor()) {
            for (run, next) in zip(runs, runs.dropFirst()) {
                try await finish(run, 1)
                try await waitFor("STARTING 1", of: next)
            }
        }
        #expect(runner.started == runs.map { "\($0)/1" })
    }

    /// Two runs, of which the second waits for the first and is canceled.
    private func twoRuns(_ subject: some Subject) async throws {
        try await stage.running(subject) {
            try await fetch("a", .init(repeats: 2, warmup: 1))
            try await waitFor("QUEUED 1", of: "a")
            try await fetch("b", .init())
            for attempt in 1...3 {
                try await waitFor("STARTING \(attempt)", of: "a")
                let outcome: AttemptOutcome = .sample()
                try await finish("a", attempt, outcome)
            }
            try await waitFor("COLLECTING 3", of: "a")
            try await stage.send(RunCollected(metricCount: 1, logCount: 1, resultCount: 1), to: "a")
            try await waitFor("SUCCEEDED 3", of: "a")
            try await waitFor("STARTING 1", of: "b")
            try await stage.send(Command(kind: .cancel), to: "b")
            #expect(await eventually { !runner.stops.isEmpty })
            try await finish("b", 1, .sample(.canceled))
            try await collect("b")
            try await waitFor("CANCELED 1", of: "b")
        }
        #expect(
            try await stage.statuses(of: "a") == [
                "QUEUED 1", "STARTING 1", "QUEUED 2", "STARTING 2", "QUEUED 3", "STARTING 3", "COLLECTING 3",
                "SUCCEEDED 3",
            ])
        #expect(runner.started == ["a/1", "a/2", "a/3", "b/1"])
        #expect(try await stage.payloads(JobCreated.self, of: "a").map(\.attempt.number) == [1, 2, 3])
        #expect(try await stage.payloads(CollectionRequested.self, of: "a").count == 1)
        // How many records are taken at once varies; this many times effects are done at the least.
    }

    /// Killed between effect and commit at each place where that can happen; then everything goes on as if it had not been.
    @Test(arguments: 1...14) func aKillBetweenEffectAndCommitChangesNothing(point: Int) async throws {
        let subject = Crashing(at: point) { executor() }
        try await twoRuns(subject)
        if point <= 10 { #expect(subject.hasCrashed) }
    }

    @Test func whatIsDeliveredAgainAndLateChangesNothing() async throws {
        stage.deliverEverythingAgain()
        try await twoRuns(executor())
    }

    @Test func anAttemptThatHasEndedIsClearedAndOneThatRunsIsNot() async throws {
        try await stage.running(executor()) {
            try await fetch("r", .init(repeats: 2))
            try await waitFor("STARTING 1", of: "r")
            #expect(runner.cleared == [])
            try await finish("r", 1)
            try await waitFor("STARTING 2", of: "r")
            #expect(await eventually { runner.cleared == ["r/1"] })
        }
    }

    @Test func whatAKilledInstanceLeftIsFoundAndCleared() async throws {
        let time = ManualTime(SystemTime().now)
        runner.leave([AttemptReference(run: "r", number: 1), AttemptReference(run: "r", number: 2)])
        try await stage.running(executor(time: time)) {
            try await fetch("r", .init(repeats: 2))
            try await waitFor("STARTING 1", of: "r")
            try await finish("r", 1)
            try await waitFor("STARTING 2", of: "r")
            #expect(await eventually { runner.cleared == ["r/1"] })
            // Told of at the second look at the earliest: it may just be under way.
            #expect(await eventually { time.sleepers > 0 })
            time.advance(by: .seconds(300))
            #expect(await eventually { runner.cleared == ["r/1", "r/1"] })
        }
        #expect(!runner.cleared.contains("r/2"), "it runs")
    }

    @Test func whatOthersHaveToMakeRoomForIsWaitedForAndTold() async throws {
        runner.failStarts(
            with: JobRunnerError(.quotaExceeded, "exceeded quota: few", isTransient: true, waits: true))
        try await stage.running(executor(time: HastyTime())) {
            try await fetch("r")
            let isTold = try await eventually {
                try await stage.payloads(StatusChanged.self, of: "r").last?.reason == .quotaExceeded
            }
            #expect(isTold)
            // Far more often than a start is tried that fails for no such reason.
            try await HastyTime().sleep(for: .milliseconds(5))
            runner.failStarts(with: nil)
            try await waitFor("STARTING 1", of: "r")
        }
        let held = try await stage.payloads(StatusChanged.self, of: "r").filter {
            $0.reason == .quotaExceeded
        }
        #expect(held.count == 1)
        #expect(held.first?.status == .queued)
    }
}
