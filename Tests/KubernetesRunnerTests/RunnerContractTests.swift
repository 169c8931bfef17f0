import Descriptors
import Events
import JSON
import JobRunner
import KubernetesStandIn
import MessageLog
import Runtime
import SQLiteLog
import TestSupport
import Testing

@testable import KubernetesRunner

/// What every runner promises, whatever runs the attempts.
@Suite struct RunnerContractTests {
    enum Kind: String, CaseIterable, Sendable { case local, kubernetes }

    /// What an attempt does.
    enum Deed: Sendable {
        case succeeds, fails, goesOn
    }

    /// A runner and everything around it.
    private struct Lab: Sendable {
        let runner: any JobRunner
        /// Another program's view of the same attempts.
        let other: any JobRunner
        let job: JobSpecification
        /// Lets what was told to end do so, where nobody does that by itself.
        let settle: @Sendable () -> Void
        private let keeps: (any Sendable)?

        init(_ kind: Kind, _ deed: Deed) async throws {
            switch kind {
            case .local:
                let home = try TemporaryFolder()
                let log = try await SQLiteLog.open(home.file("log.db"))
                try await log.create(
                    [Topic.metrics, .logs].map {
                        TopicConfiguration(name: $0.rawValue, partitions: 2, cleanup: .delete(after: nil))
                    })
                await log.close()
                let settings = LocalSettings(messageLog: home.file("log.db"))
                let make = {
                    LocalRunner(
                        attempts: home.file("attempts"), agent: Programs.path("bai-agent"),
                        environment: ["BAI_HOME": home.path, "PATH": "/usr/bin:/bin"], settings: settings)
                }
                (runner, other, settle, keeps) = (make(), make(), {}, home)
                job = Lab.job(deed)
            case .kubernetes:
                let lab = try ClusterLab { _ in
                    switch deed {
                    case .succeeds: ClusterLab.success
                    case .fails: ClusterLab.failure()
                    case .goesOn: ClusterLab.running
                    }
                }
                (runner, other) = (Both(lab), Both(lab))
                settle = { lab.stopPods() }
                keeps = lab
                job = Lab.job(deed)
            }
        }

        private static func job(_ deed: Deed) -> JobSpecification {
            let script = [.succeeds: "exit 0", .fails: "exit 3", .goesOn: "sleep 600"][deed] ?? ""
            var descriptor = Descriptor(
                info: .init(description: "a test"), hardware: .init(instanceType: "local"),
                env: .init(dockerImage: "none"), ml: .init(benchmarkCode: "sh -c", args: "'\(script)'"))
            descriptor.run.gracePeriod = TimeSpan(.milliseconds(300))
            let submitted = RunSubmitted(
                name: "test", descriptor: descriptor,
                source: .init(filename: "t.toml", document: "", sha256: "ab12"), requestDigest: "",
                submitted: Timestamp(milliseconds: 1_700_000_000_000))
            let run = "run-\(UInt32.random(in: 0 ... .max))"
            return JobSpecification(
                runID: run, attempt: Attempt(number: 1, repetition: 0, isWarmup: false), run: submitted,
                contents: [],
                origin: Event(
                    messageID: "m", actionID: run, clientID: "c", clientVersion: "1.0.0", clientUsername: "u",
                    tstamp: submitted.submitted, type: RunSubmitted.type, payload: .null))
        }

        var reference: String { runner.reference(run: job.runID, attempt: 1) }

        func end(by runner: any JobRunner) async -> AttemptOutcome? {
            for await observation in runner.observe(reference) {
                if case .finished(let outcome) = observation { return outcome }
            }
            return nil
        }
    }

    /// The executor's runner and the watcher's as one: each has the rights for its part alone.
    private struct Both: JobRunner {
        let lab: ClusterLab
        let name = "kubernetes"
        init(_ lab: ClusterLab) { self.lab = lab }

        func reference(run: String, attempt: Int) -> String {
            lab.executor.reference(run: run, attempt: attempt)
        }
        func start(_ job: JobSpecification, in slot: Slot?) async throws(JobRunnerError) -> String {
            try await lab.executor.start(job, in: slot)
        }
        func isKnown(_ reference: String) async throws(JobRunnerError) -> Bool {
            try await lab.executor.isKnown(reference)
        }
        func stop(_ reference: String, grace: Duration, reason: Reason) async throws(JobRunnerError) {
            try await lab.executor.stop(reference, grace: grace, reason: reason)
        }
        func observe(_ reference: String) -> AsyncStream<JobObservation> { lab.watcher.observe(reference) }
        func untilEnded(_ reference: String) async { await lab.executor.untilEnded(reference) }
        func clear(_ reference: String) async throws(JobRunnerError) {
            try await lab.executor.clear(reference)
        }
        func remove(run: String) async throws(JobRunnerError) { try await lab.executor.remove(run: run) }
    }

    @Test(arguments: Kind.allCases) func whatSucceedsSaysSoToEverybodyAtAnyTime(kind: Kind) async throws {
        let lab = try await Lab(kind, .succeeds)
        #expect(try await !lab.runner.isKnown(lab.reference))
        #expect(try await lab.runner.start(lab.job, in: nil) == lab.reference)
        #expect(try await lab.other.isKnown(lab.reference))
        let outcome = try #require(await lab.end(by: lab.runner))
        #expect(outcome.status == .succeeded)
        #expect(outcome.reason == .completed)
        #expect(outcome.failure == nil)
        #expect(outcome.exitCode == 0)
        #expect(await lab.end(by: lab.other)?.status == .succeeded, "also after the end")
    }

    @Test(arguments: Kind.allCases) func anExitCodeIsAFailureOfTheBenchmark(kind: Kind) async throws {
        let lab = try await Lab(kind, .fails)
        _ = try await lab.runner.start(lab.job, in: nil)
        let outcome = try #require(await lab.end(by: lab.runner))
        #expect(outcome.status == .failed)
        #expect(outcome.reason == .exitCode)
        #expect(outcome.failure == .benchmark)
        #expect(outcome.exitCode == 3)
    }

    @Test(arguments: Kind.allCases) func startedByTwoAtOnceItIsStartedOnce(kind: Kind) async throws {
        let lab = try await Lab(kind, .succeeds)
        async let first = lab.runner.start(lab.job, in: nil)
        async let second = lab.other.start(lab.job, in: nil)
        #expect(try await first == second)
        #expect(await lab.end(by: lab.runner)?.status == .succeeded)
        #expect(try await lab.runner.start(lab.job, in: nil) == lab.reference, "and again after its end")
        #expect(await lab.end(by: lab.other)?.status == .succeeded)
    }

    @Test(arguments: Kind.allCases) func whatIsStoppedBeforeItsStartNeverStarts(kind: Kind) async throws {
        let lab = try await Lab(kind, .fails)
        try await lab.runner.stop(lab.reference, grace: .seconds(1), reason: .queueTimeout)
        #expect(try await lab.other.isKnown(lab.reference))
        #expect(try await lab.other.start(lab.job, in: nil) == lab.reference)
        let outcome = try #require(await lab.end(by: lab.other))
        #expect(outcome.status == .canceled)
        #expect(outcome.reason == .queueTimeout)
        #expect(outcome.started == nil)
        #expect(outcome.metricCount == 0)
    }

    @Test(arguments: Kind.allCases, [Duration.zero, .seconds(1)])
    func whatRunsIsStoppedForTheReasonGiven(kind: Kind, grace: Duration) async throws {
        let lab = try await Lab(kind, .goesOn)
        _ = try await lab.runner.start(lab.job, in: nil)
        for await observation in lab.runner.observe(lab.reference) {
            if case .running = observation { break }
        }
        await #expect(throws: JobRunnerError.self, "it runs") {
            try await lab.runner.remove(run: lab.job.runID)
        }
        try await lab.other.stop(lab.reference, grace: grace, reason: .canceledByUser)
        let end = Task { await lab.end(by: lab.runner) }
        let ended = Locked(false)
        let waiting = Task {
            await lab.other.untilEnded(lab.reference)
            ended.withLock { $0 = true }
        }
        let hasEnded = await eventually {
            lab.settle()
            return ended.withLock { $0 }
        }
        #expect(hasEnded)
        await waiting.value
        let outcome = try #require(await end.value)
        #expect(outcome.status == .canceled)
        #expect(outcome.reason == .canceledByUser)
        #expect(outcome.failure == nil)
    }

    @Test(arguments: Kind.allCases) func clearingAndRemovingCanBeDoneAgain(kind: Kind) async throws {
        let lab = try await Lab(kind, .succeeds)
        _ = try await lab.runner.start(lab.job, in: nil)
        _ = await lab.end(by: lab.runner)
        for runner in [lab.runner, lab.other] {
            try await runner.clear(lab.reference)
            let isRemoved = await eventually { (try? await runner.remove(run: lab.job.runID)) != nil }
            #expect(isRemoved)
        }
        try await lab.runner.remove(run: "never-ran")
    }
}
