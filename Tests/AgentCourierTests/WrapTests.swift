import AgentService
import Descriptors
import Events
import Glibc
import JSON
import PodContract
import Runtime
import TestSupport
import Testing

/// What `bai-agent wrap` makes of a benchmark in its container.
@Suite struct WrapTests {
    @Test func itEndsAsTheBenchmarkDid() async throws {
        let stage = try PodStage()
        let (exit, records) = try await stage.run("echo out; echo err >&2; exit 3")
        #expect(exit == .code(3))
        let report = try #require(stage.report)
        #expect(report.task == .wrap)
        #expect(report.outcome.status == .failed)
        #expect(report.outcome.exitCode == 3)
        #expect(report.outcome.failure == .benchmark)
        #expect(report.outcome.message.hasSuffix("the last line on stderr: err"))
        #expect(report.lastWords == "err\n")
        #expect(report.outcome.logCount == 2)
        #expect(report.outcome.environment["runner"] == "kubernetes")
        #expect(report.outcome.environment["cpu_count"] != nil)
        #expect(report.outcome.started != nil)
        #expect(records.areWhole)
        #expect(records.texts(.stdout) == ["out"])
        #expect(records.texts(.stderr) == ["err"])
    }

    @Test func aSignalThatEndedTheBenchmarkEndsItToo() async throws {
        let stage = try PodStage()
        let (exit, _) = try await stage.run("kill -USR1 $$; sleep 9")
        #expect(exit == .signal(SIGUSR1))
        #expect(stage.report?.outcome.signal == Int(SIGUSR1))
        #expect(stage.report?.outcome.reason == .signaled)
    }

    @Test func whatIsPrintedIsTheContainersOutputToo() async throws {
        let stage = try PodStage()
        try stage.prepare()
        let sidecar = try stage.start("collect")
        let benchmark = try stage.start("wrap", ["sh", "-c", "echo out; printf 'no end'; echo err >&2"])
        #expect(try await benchmark.end() == .code(0))
        #expect(benchmark.output == "out\nno end")
        #expect(benchmark.errors == "err\n")
        #expect(try await sidecar.end() == .code(0))
    }

    @Test(arguments: [("no-such-program", 127), ("/", 127)])
    func aProgramThatIsNotThereIsTheDescriptorsFault(program: String, code: Int32) async throws {
        let stage = try PodStage()
        try stage.prepare()
        let sidecar = try stage.start("collect")
        let benchmark = try stage.start("wrap", [program])
        #expect(try await benchmark.end() == .code(code))
        #expect(stage.report?.outcome.reason == .commandNotFound)
        #expect(stage.report?.outcome.failure == .benchmark)
        #expect(try await sidecar.end() == .code(0))
        let records = try Records(printed: sidecar.output)
        #expect(records.areWhole)
        #expect(records.texts(.agent).count == 1)
    }

    @Test func theKubeletsWishToEndReachesTheWholeGroupOfProcesses() async throws {
        let stage = try PodStage()
        try stage.prepare()
        let sidecar = try stage.start("collect")
        let script = """
            (trap 'echo child ends; exit 0' TERM; echo ready >&2; while :; do sleep 0.05; done) &
            trap 'wait; echo parent ends; exit 7' TERM
            wait
            """
        let benchmark = try stage.start("wrap", ["sh", "-c", script])
        let isReady = await eventually { benchmark.errors.contains("ready") }
        #expect(isReady)
        benchmark.signal(SIGTERM)
        #expect(try await benchmark.end() == .code(7))
        #expect(benchmark.output.contains("child ends"))
        #expect(benchmark.output.contains("parent ends"))
        #expect(stage.report?.outcome.reason == .interrupted)
        #expect(stage.report?.outcome.failure == .infrastructure)
        #expect(try await sidecar.end() == .code(0))
    }

    @Test func whoDoesNotHearTheWishIsKilledAfterItsGrace() async throws {
        let stage = try PodStage(["grace_period": "200ms"])
        try stage.prepare()
        let sidecar = try stage.start("collect")
        let benchmark = try stage.start(
            "wrap", ["sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.05; done"])
        let isReady = await eventually { benchmark.output.contains("ready") }
        #expect(isReady)
        benchmark.signal(SIGTERM)
        #expect(try await benchmark.end() == .signal(SIGKILL))
        #expect(try await sidecar.end() == .code(0))
    }

    @Test func silenceEndsIt() async throws {
        let stage = try PodStage(["silence_timeout": "400ms", "grace_period": "1s"])
        let (exit, records) = try await stage.run("echo once; exec sleep 30")
        #expect(exit == .signal(SIGTERM))
        #expect(stage.report?.outcome.reason == .silenceTimeout)
        #expect(stage.report?.outcome.status == .timedOut)
        #expect(records.texts(.stdout) == ["once"])
    }

    @Test func whoMeasuresIsNotSilent() async throws {
        let stage = try PodStage(["silence_timeout": "2s"])
        let file = stage.folders.metrics(ofProcess: 0)
        let (exit, records) = try await stage.run(
            "i=0; while [ $i -lt 12 ]; do echo '{\"a\":1}' >> \(file); sleep 0.25; i=$((i+1)); done")
        #expect(exit == .code(0))
        #expect(records.points[0]?.count == 12)
    }

    @Test func whoEndsInPeaceAtTheTimeoutHasNotSucceeded() async throws {
        let stage = try PodStage(["timeout": "300ms"])
        let (exit, _) = try await stage.run("trap 'exit 0' TERM; while :; do sleep 0.02; done")
        #expect(exit == .code(124))
        #expect(stage.report?.outcome.reason == .runTimeout)
        #expect(stage.report?.outcome.exitCode == 0)
    }

    @Test func limitsHold() async throws {
        let stage = try PodStage(["limits": ["processes": 3]])
        let (exit, _) = try await stage.run("for i in 1 2 3 4 5 6; do sleep 20 & done; wait")
        #expect(exit == .signal(SIGKILL))
        #expect(stage.report?.outcome.reason.rawValue == "TooManyProcesses")
    }

    @Test func orphansAreTakenNoteOfWhileItRuns() async throws {
        let stage = try PodStage()
        // Each is the child of one that ends at once; their numbers are freed only by whoever waits for them.
        let script = """
            i=0; while [ $i -lt 20 ]; do (sh -c 'echo $$' & ); i=$((i+1)); done > \(stage.folder.file("pids"))
            while [ $(wc -l < \(stage.folder.file("pids"))) -lt 20 ]; do sleep 0.02; done
            n=0; while [ $n -lt 500 ]; do
              left=0; for p in $(cat \(stage.folder.file("pids"))); do [ -e /proc/$p ] && left=$((left+1)); done
              [ $left -eq 0 ] && exit 0; sleep 0.02; n=$((n+1))
            done; exit 1
            """
        #expect(try await stage.run(script).0 == .code(0))
    }

    @Test func whatABenchmarkLeavesBehindIsEnded() async throws {
        let stage = try PodStage()
        let (exit, records) = try await stage.run("setsid sleep 77 & echo $!")
        #expect(exit == .code(0))
        let left = try #require(records.texts(.stdout).first.flatMap { Int32($0) })
        #expect(kill(left, 0) != 0)
        #expect(records.texts(.agent) == ["ended 1 processes that the benchmark had left behind"])
    }

    @Test func severalProcessesHaveTheirRanksAndStreams() async throws {
        let stage = try PodStage(["role": "rank", "processes": 3])
        try stage.prepare()
        let group = ["JOB_COMPLETION_INDEX": "1", "BAI_NODE_RANK": "1"]
        let sidecar = try stage.start("collect", [], group)
        let script = #"echo rank $RANK $LOCAL_RANK $1; echo "{\"r\": $RANK}" >> $BAI_METRICS"#
        let variables = group.merging(["BAI_METRICS": stage.folders.metrics(ofProcess: 0)]) { $1 }
        let benchmark = try stage.start(
            "wrap", ["sh", "-c", script, "sh", "$(RANK)/$(LOCAL_RANK)"], variables)
        #expect(try await benchmark.end() == .code(0))
        #expect(try await sidecar.end() == .code(0))
        let records = try Records(printed: sidecar.output)
        #expect(records.areWhole)
        for local in 0..<3 {
            let rank = 3 + local
            #expect(records.texts(.stdout, rank: rank) == ["rank \(rank) \(local) \(rank)/\(local)"])
            #expect(records.points[rank]?.map(\.value) == [Double(rank)])
            #expect(records.metricEnds[rank]?.count == 1)
        }
        #expect(stage.report?.outcome.metricCount == 3)
        #expect(stage.report?.outcome.logCount == 3)
    }

    @Test func whereOneProcessFailsTheOthersEndAndItsEndIsThePods() async throws {
        let stage = try PodStage(["role": "rank", "processes": 2])
        let (exit, _) = try await stage.run("[ $RANK = 1 ] && { echo broken >&2; exit 5; }; exec sleep 30")
        #expect(exit == .code(5))
        let message = try #require(stage.report?.outcome.message)
        #expect(message == "rank 1 ended with exit code 5; the last line on stderr: broken")
    }

    @Test func aBenchmarkNeverRunsTwiceInOnePod() async throws {
        let stage = try PodStage()
        #expect(try await stage.run("exit 0").0 == .code(0))
        let again = try stage.start("wrap", ["sh", "-c", "echo twice"])
        #expect(try await again.end() == .code(PodReport.ExitCode.infrastructure))
        #expect(again.output == "")
    }

    @Test func withoutASidecarThatAnswersItEndsAllTheSame() async throws {
        let stage = try PodStage()
        try stage.prepare()
        let benchmark = try stage.start("wrap", ["true"])
        // Whoever waits for a sidecar that was killed does not wait for ever.
        #expect(try await benchmark.end() == .code(0))
        #expect(stage.report?.outcome.status == .succeeded)
        #expect(stage.report?.outcome.metricCount == nil)
    }
}
