import Descriptors
import Events
import Glibc
import JobRunner
import Runtime
import TestSupport
import Testing

/// An attempt is held to what `[run.limits]` allows.
@Suite struct LimitTests {
    @Test func tooMuchMemoryEndsIt() async throws {
        let lab = try await AttemptLab()
        // In a child: all processes count together.
        let script = "(x=$(head -c 200000000 /dev/zero | tr '\\000' a); sleep 300) & wait"
        let outcome = try await lab.outcome(of: lab.job(script) { $0.run.limits.memory = .mebibytes(60) })
        #expect(outcome.status == .failed)
        #expect(outcome.reason == .outOfMemory)
        #expect(outcome.failure == .benchmark)
        #expect(lab.processes() == [])
    }

    @Test func tooManyProcessesEndIt() async throws {
        let lab = try await AttemptLab()
        let outcome = try await lab.outcome(
            of: lab.job("for i in 1 2 3 4 5 6 7 8 9; do sleep 300 & done; wait") {
                $0.run.limits.processes = 5
            })
        #expect(outcome.status == .failed)
        #expect(outcome.reason == Reason("TooManyProcesses"))
        #expect(lab.processes() == [])
    }

    @Test func tooMuchProcessorTimeEndsIt() async throws {
        let lab = try await AttemptLab()
        let outcome = try await lab.outcome(
            of: lab.job("while :; do :; done") { $0.run.limits.cpuTime = .seconds(1) })
        #expect(outcome.status == .failed)
        #expect(outcome.signal == Int(SIGXCPU))
        #expect(outcome.message.contains("run.limits.cpu_time"))
        #expect(try #require(outcome.cpuSeconds) > 0.5)
    }

    @Test func filesAreLimitedInNumberAndSize() async throws {
        let lab = try await AttemptLab()
        let job = lab.job("ulimit -n > files.txt; head -c 5000000 /dev/zero > large.bin") {
            $0.run.limits.openFiles = 77
            $0.run.limits.fileSize = .mebibytes(1)
        }
        let reference = try await lab.runner.start(job, in: nil)
        #expect(try await lab.end(of: reference).status == .failed)
        #expect(try lab.text("files.txt", of: reference) == "77")
        #expect(SystemFile.bytes("\(try lab.folder(reference).work)/large.bin")?.count == 1 << 20)
    }

    @Test func whatTheLoaderReadsReachesTheBenchmarkAlone() async throws {
        let lab = try await AttemptLab()
        let job = lab.job("echo \"$LD_LIBRARY_PATH\" > path.txt") {
            $0.env.vars = ["LD_LIBRARY_PATH": "/nowhere"]
        }
        let reference = try await lab.runner.start(job, in: nil)
        #expect(try await lab.end(of: reference).status == .succeeded)
        #expect(try lab.text("path.txt", of: reference) == "/nowhere")
    }
}
