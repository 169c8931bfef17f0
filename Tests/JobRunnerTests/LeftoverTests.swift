import Descriptors
import Events
import Glibc
import JobRunner
import Runtime
import TestSupport
import Testing

/// Nothing of an attempt is ever left behind, whatever it does and whoever dies.
@Suite struct LeftoverTests {
    /// Starts processes that do all they can to get away: in the background, in sessions of their own, through parents that end at once.
    private static let escape = """
        sleep 300 &
        (setsid sleep 301 &)
        setsid sh -c 'trap "" TERM HUP; (setsid sleep 302 &) ; sleep 303' &
        nohup sh -c 'while :; do sleep 0.05; done' >/dev/null 2>&1 &
        """

    @Test func whatEscapesIsEndedWithTheBenchmark() async throws {
        let lab = try await AttemptLab()
        let outcome = try await lab.outcome(of: lab.job(LeftoverTests.escape + "\nsleep 0.2; echo done"))
        #expect(outcome.status == .succeeded)
        #expect(try await lab.lines(.stdout).map(\.text) == ["done"])
        #expect(lab.processes() == [])
    }

    @Test func whatEscapesIsEndedByAStop() async throws {
        let lab = try await AttemptLab()
        let reference = try await lab.runner.start(
            lab.job("trap '' TERM\n" + LeftoverTests.escape + "\necho ready; while :; do sleep 0.05; done"),
            in: nil)
        #expect(await eventually { lab.processes().count >= 6 })
        try await lab.runner.stop(reference, grace: .milliseconds(100), reason: .canceledByUser)
        #expect(try await lab.end(of: reference).status == .canceled)
        #expect(lab.processes() == [])
    }

    @Test func aTreeThatGrowsFasterThanItIsKilledIsEnded() async throws {
        let lab = try await AttemptLab()
        // Each process starts two others and goes on, up to a depth that the machine can bear.
        let script = """
            grow() { if [ $1 -gt 0 ]; then (setsid sh -c : ; grow $(($1 - 1))) & (grow $(($1 - 1))) & fi; sleep 300; }
            grow 6 & sleep 0.3
            """
        let outcome = try await lab.outcome(of: lab.job(script))
        #expect(outcome.status == .succeeded)
        #expect(outcome.disturbances.allSatisfy { !$0.contains("could not be killed") })
        #expect(lab.processes() == [])
    }

    @Test func withoutItsSupervisorAnAttemptVanishesAndNothingIsLeft() async throws {
        let lab = try await AttemptLab()
        let reference = try await lab.runner.start(
            lab.job(LeftoverTests.escape + "\necho ready; sleep 304"), in: nil)
        await lab.untilRunning(reference)
        #expect(await eventually { lab.processes().count >= 7 })
        kill(try lab.supervisor(of: reference), SIGKILL)
        let outcome = try await lab.end(of: reference)
        #expect(outcome.status == .error)
        #expect(outcome.reason == .vanished)
        #expect(outcome.failure == .infrastructure)
        #expect(outcome.started != nil)
        #expect(outcome.environment["kernel"] != nil, "what was known of the machine is not lost")
        #expect(lab.processes() == [])
    }

    @Test func twoWhoObserveAVanishedAttemptSeeTheSame() async throws {
        let lab = try await AttemptLab()
        let reference = try await lab.runner.start(lab.job("sleep 305"), in: nil)
        await lab.untilRunning(reference)
        let other = lab.anotherRunner()
        async let first = lab.end(of: reference)
        async let second = lab.end(of: reference, by: other)
        kill(try lab.supervisor(of: reference), SIGKILL)
        let outcomes = try await [first, second]
        #expect(outcomes[0] == outcomes[1])
        #expect(outcomes[0].reason == .vanished)
    }

    @Test(arguments: ["agent.after-start", "agent.before-publish"])
    func aSupervisorKilledAtAnyPointLeavesNothing(point: String) async throws {
        let lab = try await AttemptLab(["BAI_FAILPOINT": "\(point):kill"])
        let outcome = try await lab.outcome(of: lab.job("echo hello; sleep 306"))
        #expect(outcome.reason == .vanished)
        #expect(lab.processes() == [])
    }

    @Test func aSupervisorKilledBeforeItTakesTheAttemptIsReplaced() async throws {
        let marks = try TemporaryFolder()
        let lab = try await AttemptLab([
            "BAI_FAILPOINT": "agent.before-start:kill", "BAI_FAILPOINT_ONCE": marks.path,
        ])
        let job = lab.job("true")
        let error = await #expect(throws: JobRunnerError.self) { try await lab.runner.start(job, in: nil) }
        #expect(error?.isTransient == true)
        #expect(try await lab.outcome(of: job).status == .succeeded)
    }

    @Test func aSupervisorKilledAfterTheOutcomeChangesNothing() async throws {
        let lab = try await AttemptLab(["BAI_FAILPOINT": "agent.after-outcome:kill"])
        let outcome = try await lab.outcome(of: lab.job("echo hello"))
        #expect(outcome.status == .succeeded)
        #expect(try await lab.events(.logs).map(\.type) == [LogBatch.type, LogsEnded.type])
    }

    @Test func aSupervisorAskedToEndStopsItsAttempt() async throws {
        let lab = try await AttemptLab()
        let reference = try await lab.runner.start(
            lab.job("trap 'echo bye; exit 5' TERM; sleep 300 & wait"), in: nil)
        await lab.untilRunning(reference)
        kill(try lab.supervisor(of: reference), SIGTERM)
        let outcome = try await lab.end(of: reference)
        #expect(outcome.reason == .interrupted)
        #expect(outcome.failure == .infrastructure, "nobody wanted the run to end: it is tried again")
        #expect(outcome.exitCode == 5)
        #expect(lab.processes() == [])
    }

    @Test func theSlotIsHeldUntilTheLastProcessHasEnded() async throws {
        let lab = try await AttemptLab()
        let slots = LocalSlots(folder: lab.home.file("slots"))
        var slot = try slots.tryTake(for: "test/1")
        let reference = try await lab.runner.start(lab.job("sleep 300"), in: slot)
        #expect(slot != nil)
        // Whoever started it may die: the attempt has the slot.
        slot = nil
        await lab.untilRunning(reference)
        #expect(try slots.tryTake(for: "next/1") == nil)
        async let next = slots.take(for: "next/1")
        try await lab.runner.stop(reference, grace: .zero, reason: .canceledByUser)
        #expect(try await next.number == 0)
        #expect(lab.processes() == [])
        _ = try await lab.end(of: reference)
    }

    @Test func theSlotIsFreeWhenItsSupervisorIsKilled() async throws {
        let lab = try await AttemptLab()
        let slots = LocalSlots(folder: lab.home.file("slots"))
        let reference = try await lab.runner.start(lab.job("sleep 300"), in: try slots.tryTake(for: "test/1"))
        await lab.untilRunning(reference)
        kill(try lab.supervisor(of: reference), SIGKILL)
        #expect(try await slots.take(for: "next/1").number == 0)
        #expect(try await lab.end(of: reference).reason == .vanished)
    }
}
