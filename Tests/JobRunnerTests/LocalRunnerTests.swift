import Descriptors
import Events
import Glibc
import JSON
import JobRunner
import Runtime
import TestSupport
import Testing

/// Attempts from start to end, under the built supervisor.
@Suite struct LocalRunnerTests {
    @Test func anAttemptThatSucceedsSaysSoWithWhatItUsed() async throws {
        let lab = try await AttemptLab()
        let outcome = try await lab.outcome(of: lab.job("echo hello; echo oops >&2; exit 0"))
        #expect(outcome.status == .succeeded)
        #expect(outcome.reason == .completed)
        #expect(outcome.failure == nil)
        #expect(outcome.exitCode == 0)
        #expect(try #require(outcome.cpuSeconds) > 0)
        // Of a process that is gone in a millisecond only its beginning may have been seen.
        #expect(try #require(outcome.peakMemory) > 0)
        #expect(outcome.environment["kernel"]?.string?.isEmpty == false)
        #expect(outcome.environment["descriptor_sha256"] == "ab12")
        #expect(outcome.metricCount == 0)
        #expect(outcome.logCount == 2)
        #expect(try await lab.lines().map(\.text).sorted() == ["hello", "oops"])
        #expect(try await lab.lines().map(\.sequence).sorted() == [1, 2])
    }

    @Test func anExitCodeIsAFailureOfTheBenchmark() async throws {
        let lab = try await AttemptLab()
        let outcome = try await lab.outcome(of: lab.job("echo 'no disk left' >&2; exit 3"))
        #expect(outcome.status == .failed)
        #expect(outcome.reason == .exitCode)
        #expect(outcome.failure == .benchmark)
        #expect(outcome.exitCode == 3)
        #expect(outcome.message == "ended with exit code 3; the last line on stderr: no disk left")
    }

    @Test func aSignalIsNamed() async throws {
        let lab = try await AttemptLab()
        let outcome = try await lab.outcome(of: lab.job("kill -SEGV $$$$"))
        #expect(outcome.status == .failed)
        #expect(outcome.reason == .signaled)
        #expect(outcome.signal == Int(SIGSEGV))
        #expect(outcome.message == "ended by SIGSEGV")
    }

    @Test func withoutACommandNothingRuns() async throws {
        let lab = try await AttemptLab()
        let outcome = try await lab.outcome(of: lab.job(program: nil))
        #expect(outcome.status == .error)
        #expect(outcome.reason == .noCommand)
        #expect(outcome.failure == .benchmark)
        #expect(try await lab.lines(.agent).map(\.text) == [outcome.message])
        #expect(try await lab.events(.logs).last?.type == LogsEnded.type)
        #expect(try await lab.events(.metrics).last?.type == MetricsEnded.type)
    }

    @Test(arguments: ["no-such-program-anywhere", "./missing.sh", "/etc/passwd"])
    func aProgramThatCannotBeStartedIsNamed(program: String) async throws {
        let lab = try await AttemptLab()
        let outcome = try await lab.outcome(of: lab.job(program: Descriptor.Program(benchmarkCode: program)))
        #expect(outcome.status == .error)
        #expect(outcome.reason == .commandNotFound)
        #expect(outcome.failure == .benchmark)
        #expect(outcome.message.contains(program))
    }

    @Test func whatNeedsAClusterIsRefused() async throws {
        let lab = try await AttemptLab()
        let outcome = try await lab.outcome(of: lab.job("true") { $0.hardware.strategy = .horovod })
        #expect(outcome.reason == .unsupported)
    }

    @Test func whatRunsTooLongIsEndedAndTimedOut() async throws {
        let lab = try await AttemptLab()
        let outcome = try await lab.outcome(
            of: lab.job("trap 'echo bye; exit 0' TERM; sleep 60 & wait") {
                $0.run.timeout = TimeSpan(.milliseconds(400))
            })
        #expect(outcome.status == .timedOut)
        #expect(outcome.reason == .runTimeout)
        #expect(outcome.failure == .benchmark)
        #expect(try await lab.lines(.stdout).map(\.text) == ["bye"], "it had its grace")
        #expect(lab.processes() == [])
    }

    @Test func whatIsSilentTooLongIsTimedOut() async throws {
        let lab = try await AttemptLab()
        let outcome = try await lab.outcome(
            of: lab.job("for i in 1 2 3 4 5 6; do echo $i; sleep 0.1; done; sleep 60") {
                $0.run.silenceTimeout = TimeSpan(.seconds(2))
            })
        #expect(outcome.status == .timedOut)
        #expect(outcome.reason == .silenceTimeout)
        #expect(try await lab.lines(.stdout).count == 6, "what it said in time counted")
    }

    @Test func aMeasurementIsASignOfLife() async throws {
        let lab = try await AttemptLab()
        let outcome = try await lab.outcome(
            of: lab.job(#"for i in 1 2 3 4 5 6 7 8; do echo '{"x":1}' >> $BAI_METRICS; sleep 0.35; done"#) {
                $0.run.silenceTimeout = TimeSpan(.seconds(2))
            })
        #expect(outcome.status == .succeeded)
        #expect(outcome.metricCount == 8)
    }

    @Test func whatIgnoresTheWishToStopIsKilledAfterItsGrace() async throws {
        let lab = try await AttemptLab()
        let reference = try await lab.runner.start(
            lab.job("trap '' TERM; echo ready; while :; do sleep 0.05; done"), in: nil)
        #expect(
            await eventually {
                SystemFile.text((try? lab.folder(reference))?.standardOutput ?? "") == "ready"
            })
        try await lab.runner.stop(reference, grace: .milliseconds(200), reason: .canceledByUser)
        let outcome = try await lab.end(of: reference)
        #expect(outcome.status == .canceled)
        #expect(outcome.reason == .canceledByUser)
        #expect(outcome.failure == nil)
        #expect(outcome.signal == Int(SIGKILL))
        #expect(lab.processes() == [])
    }

    @Test func anAttemptStoppedBeforeItsStartNeverStarts() async throws {
        let lab = try await AttemptLab()
        let job = lab.job("touch ran")
        let reference = lab.runner.reference(run: job.runID, attempt: 1)
        try await lab.runner.stop(reference, grace: .seconds(1), reason: .queueTimeout)
        #expect(try await lab.runner.isKnown(reference))
        #expect(try await lab.runner.start(job, in: nil) == reference)
        let outcome = try await lab.end(of: reference)
        #expect(outcome.status == .canceled)
        #expect(outcome.reason == .queueTimeout)
        #expect(try lab.text("ran", of: reference) == nil)
    }

    @Test func anAttemptInterruptedBeforeItsStartIsToBeMadeAgain() async throws {
        let lab = try await AttemptLab()
        let job = lab.job("touch ran")
        let reference = lab.runner.reference(run: job.runID, attempt: 1)
        try await lab.runner.stop(reference, grace: .zero, reason: .interrupted)
        let outcome = try await lab.end(of: reference)
        #expect(outcome.status == .error && outcome.reason == .interrupted)
        #expect(
            outcome.failure == .infrastructure, "a run is not canceled because its machine was taken down")
    }

    @Test func startedTwiceAtOnceItRunsOnce() async throws {
        let lab = try await AttemptLab()
        let job = lab.job("echo ran >> $BAI_RUNS") { $0.env.vars = ["BAI_RUNS": lab.home.file("runs")] }
        let other = lab.anotherRunner()
        async let first = lab.runner.start(job, in: nil)
        async let second = other.start(job, in: nil)
        let references = try await [first, second]
        #expect(references[0] == references[1])
        let outcome = try await lab.end(of: references[0])
        #expect(outcome.status == .succeeded, "\(outcome.message)")
        #expect(try await lab.runner.start(job, in: nil) == references[0], "and again after its end")
        #expect(SystemFile.text(lab.home.file("runs")) == "ran")
    }

    @Test func theBenchmarkSeesACleanEnvironment() async throws {
        let lab = try await AttemptLab()
        let job = lab.job("env > env.txt; pwd > pwd.txt; cat <&0 > stdin.txt") {
            $0.env.vars = ["MODE": "fast"]
        }
        let reference = try await lab.runner.start(job, in: nil)
        #expect(try await lab.end(of: reference).status == .succeeded)
        let environment = try #require(try lab.text("env.txt", of: reference))
        #expect(environment.contains("MODE=fast"))
        #expect(environment.contains("BAI_RUN_ID=\(job.runID)"))
        #expect(environment.contains("BENCHMARK_AI=fifo"))
        #expect(!environment.contains("s3cret"))
        #expect(!environment.contains("BAI_HOME"))
        #expect(try lab.text("pwd.txt", of: reference) == (try lab.folder(reference).work))
        #expect(try lab.text("stdin.txt", of: reference) == "")
    }

    @Test func removingARunLeavesNothingOfItsAttempts() async throws {
        let lab = try await AttemptLab()
        let job = lab.job("mkdir d; touch d/f; ln -s / root; chmod 500 d")
        let reference = try await lab.runner.start(job, in: nil)
        _ = try await lab.end(of: reference)
        #expect(await eventually { !FileLock.isHeld((try? lab.folder(reference))?.lock ?? "") })
        try await lab.runner.remove(run: job.runID)
        #expect(access(lab.home.file("attempts/\(job.runID)"), F_OK) != 0)
        #expect(access("/etc/passwd", F_OK) == 0)
        try await lab.runner.remove(run: "never-ran")
    }

    @Test func whatStillRunsIsNotRemoved() async throws {
        let lab = try await AttemptLab()
        let job = lab.job("sleep 60")
        let reference = try await lab.runner.start(job, in: nil)
        await #expect(throws: JobRunnerError.self) { try await lab.runner.remove(run: job.runID) }
        try await lab.runner.stop(reference, grace: .zero, reason: .canceledByUser)
        _ = try await lab.end(of: reference)
    }

    @Test(arguments: ["../../etc", "a/b", "", ".hidden", "a b"])
    func aRunWhoseIdIsNoFileNameIsRefused(run: String) async throws {
        let lab = try await AttemptLab()
        var job = lab.job("true")
        job.runID = run
        await #expect(throws: JobRunnerError.self) { try await lab.runner.start(job, in: nil) }
    }
}
