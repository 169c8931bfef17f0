import Descriptors
import Events
import Glibc
import JobRunner
import Runtime
import TestSupport
import Testing

/// A supervisor needs nobody, and nothing it meets keeps it from saying how its attempt ended.
@Suite struct SupervisorTests {
    /// Writes what an attempt is told, without starting it.
    private func prepare(_ lab: AttemptLab, _ job: JobSpecification) throws -> (String, AttemptFolder) {
        let reference = lab.runner.reference(run: job.runID, attempt: 1)
        let folder = try lab.folder(reference)
        try folder.make()
        let settings = LocalSettings(messageLog: lab.home.file("log.db"))
        try folder.write(AttemptOrder(job: job, settings: settings), to: folder.order)
        return (reference, folder)
    }

    /// Starts a program of the shell in a process group of its own.
    private func shell(_ script: String) throws -> ChildProcess {
        try ChildProcess.start(
            ChildProcess.Setup(
                program: "sh", arguments: ["-c", script], environment: ["PATH": "/usr/bin:/bin"], group: .own)
        )
    }

    @Test func itOutlivesWhoeverStartedIt() async throws {
        let lab = try await AttemptLab()
        let (reference, folder) = try prepare(lab, lab.job("sleep 0.5; echo survived"))
        let parent = try shell(
            "setsid \(Programs.path("bai-agent")) supervise \(folder.path) & while [ ! -e \(folder.running) ]; do sleep 0.01; done; kill -9 0"
        )
        #expect(try await parent.wait().exit == .signal(SIGKILL))
        #expect(try await lab.end(of: reference).status == .succeeded)
        #expect(try await lab.lines(.stdout).map(\.text) == ["survived"])
    }

    @Test func theRunnerGivesItASessionOfItsOwn() async throws {
        let lab = try await AttemptLab()
        let reference = try await lab.runner.start(lab.job("sleep 300"), in: nil)
        let supervisor = try lab.supervisor(of: reference)
        #expect(getsid(supervisor) == supervisor)
        try await lab.runner.stop(reference, grace: .zero, reason: .canceledByUser)
        _ = try await lab.end(of: reference)
    }

    @Test func theBenchmarkDiesWithItThoughNobodyLooks() async throws {
        let lab = try await AttemptLab()
        let (_, folder) = try prepare(lab, lab.job("exec sleep 300"))
        let supervisor = try shell("exec \(Programs.path("bai-agent")) supervise \(folder.path)")
        #expect(await eventually { access(folder.running, F_OK) == 0 })
        #expect(lab.processes().count == 1)
        kill(supervisor.processID, SIGKILL)
        _ = try await supervisor.wait()
        #expect(await eventually { lab.processes() == [] })
    }

    @Test func anOrderThatCannotBeReadIsSaidInTheOutcome() async throws {
        let lab = try await AttemptLab()
        let job = lab.job("true")
        let (reference, folder) = try prepare(lab, job)
        try lab.home.write("attempts/\(reference)/spec.json", "{}")
        let output = try await Programs.run("bai-agent", ["supervise", folder.path], environment: [:])
        #expect(output.exit == .code(1))
        let outcome = try await lab.end(of: reference)
        #expect(outcome.status == .error)
        #expect(outcome.failure == .infrastructure)
        #expect(outcome.message.contains("spec.json is damaged"))
    }

    @Test func whatStandsInTheWayOfItsRecordsEndsTheBenchmark() async throws {
        let lab = try await AttemptLab()
        let (reference, folder) = try prepare(lab, lab.job("sleep 300"))
        // A folder cannot be replaced by a file.
        #expect(mkdir(folder.running, 0o700) == 0)
        _ = try await Programs.run("bai-agent", ["supervise", folder.path], environment: [:])
        let outcome = try #require(try folder.read(folder.outcome, as: AttemptOutcome.self))
        #expect(outcome.status == .error)
        #expect(outcome.failure == .infrastructure)
        #expect(lab.processes() == [])
        _ = reference
    }

    @Test func aFolderThatIsTakenAwayIsAnEnd() async throws {
        let lab = try await AttemptLab()
        let reference = try await lab.runner.start(lab.job("true"), in: nil)
        _ = try await lab.end(of: reference)
        try await lab.runner.remove(run: try AttemptReference(reference).run)
        #expect(try await lab.end(of: reference).reason == .vanished)
    }

    @Test func argumentsThatMakeNoSenseAreRefused() async throws {
        for arguments in [[], ["fly"], ["supervise"], ["supervise", "a", "--slot-descriptor", "x"]] {
            #expect(try await Programs.run("bai-agent", arguments, environment: [:]).exit == .code(2))
        }
        #expect(
            try await Programs.run("bai-agent", ["version"], environment: [:]).standardOutput.hasPrefix(
                "bai-agent "))
    }
}
