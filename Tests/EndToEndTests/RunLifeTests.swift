import FoundationEssentials
import JSON
import Runtime
import TestSupport
import Testing

/// How runs end, and what the command line says of it.
@Suite struct RunLifeTests {
    private func reason(_ stack: Stack, _ run: String = "latest") async throws -> String? {
        try await stack.json("get", "benchmark", run)["summary"]?["reason"]?.string
    }

    @Test(arguments: AttemptPlace.all) func everyEndHasItsExitCode(on place: AttemptPlace) async throws {
        try await Stack.with(attempts: place) { stack in
            let failing = try stack.descriptor("failing", script: "echo broken >&2; exit 3")
            #expect(try await stack.baictl("run", failing, "--wait").exit == .code(1))
            #expect(try await reason(stack) == "ExitCode")
            #expect(try await stack.succeed("logs", "latest").contains("broken"))

            let slow = try stack.descriptor(
                "slow", script: "sleep 60", extra: "[run]\ntimeout = \"1s\"\ngrace_period = \"1s\"")
            #expect(try await stack.baictl("run", slow, "--wait").exit == .code(8))
            #expect(try await reason(stack) == "RunTimeout")

            let silent = try stack.descriptor(
                "silent", script: "sleep 60", extra: "[run]\nsilence_timeout = \"1s\"\ngrace_period = \"1s\"")
            #expect(try await stack.baictl("run", silent, "--wait").exit == .code(8))
            #expect(try await reason(stack) == "SilenceTimeout")

            let missing = try stack.descriptor(
                "missing", script: "true",
                extra: "[[data.sources]]\nsrc = \"file:no-such-file\"\npath = \"data\"")
            #expect(try await stack.baictl("run", missing, "--wait").exit == .code(1))
            #expect(try await reason(stack) == "NotFound")

            let measured = try stack.descriptor(
                "measured", script: "true", extra: "[[output.metrics]]\nname = \"latency\"\nunits = \"ms\"")
            #expect(
                try await stack.baictl("run", measured, "--wait").exit == .code(4), "declared, but never seen"
            )
        }
    }

    @Test func mistakesHaveTheirExitCodesToo() async throws {
        try await Stack.with { stack in
            #expect(try await stack.baictl("rum").exit == .code(2))
            #expect(try await stack.baictl("get", "benchmark", "no-such-run").exit == .code(5))
            #expect(try await stack.baictl("run", "no-such-file.toml").exit == .code(5))
            let broken = try stack.folder.write(
                "broken.toml", "spec_version = \"0.1.0\"\n[infoo]\ndescription = 3\n")
            let output = try await stack.baictl("run", broken)
            #expect(output.exit == .code(2))
            #expect(output.standardError.contains("broken.toml:2:") && output.standardError.contains("info"))
            #expect(try await stack.json("list") == [])
        }
        let stack = try Stack()
        #expect(try await stack.baictl("list").exit == .code(9), "nobody answers")
    }

    @Test func theSameKeyMakesTheRunOnce() async throws {
        try await Stack.with { stack in
            let file = try stack.descriptor("once", script: "true")
            let first = try await stack.succeed("run", file, "--idempotency-key=k", "-o", "name")
            let second = try await stack.succeed("run", file, "--idempotency-key=k", "-o", "name")
            #expect(first == second)
            let other = try stack.descriptor("other", script: "false")
            #expect(try await stack.baictl("run", other, "--idempotency-key=k").exit == .code(6))
            #expect(try await stack.json("list").array?.count == 1)
        }
    }

    @Test(arguments: AttemptPlace.all) func aRunningBenchmarkIsCanceledAndNothingOfItIsLeft(
        on place: AttemptPlace
    ) async throws {
        try await Stack.with(attempts: place) { stack in
            let file = try stack.descriptor(
                "long", script: "trap '' TERM; sleep 600 & sleep 600", extra: "[run]\ngrace_period = \"1s\"")
            let run = String(try await stack.succeed("run", file, "-o", "name").prefix { $0 != "\n" })
            let isRunning = try await eventually {
                try await stack.json("get", "benchmark", run)["summary"]?["status"] == "RUNNING"
            }
            #expect(isRunning)
            try await stack.succeed("cancel", run, "--wait")
            #expect(try await stack.json("get", "benchmark", run)["summary"]?["status"] == "CANCELED")
            try await stack.succeed("cancel", run)
            #expect(Stack.processes(mentioning: run) == [])
            #expect(try await stack.baictl("watch", run).exit == .code(1))
            try await stack.succeed("delete", run, "--yes")
            #expect(try await stack.baictl("get", "benchmark", run).exit == .code(5))
        }
    }

    @Test(arguments: AttemptPlace.all) func oneBenchmarkRunsAtATimeAndTheOthersWaitTheirTurn(
        on place: AttemptPlace
    ) async throws {
        try await Stack.with(attempts: place) { stack in
            let marks = stack.folder.file("marks")
            let file = try stack.descriptor(
                "turn", script: "echo in >> \(marks); sleep 0.3; echo out >> \(marks)",
                extra: "[matrix]\nsize = [1, 2, 3]")
            #expect(try await stack.baictl("run", file, "--wait").exit == .code(0))
            let lines = try String(contentsOf: URL(filePath: marks), encoding: .utf8).split(separator: "\n")
            #expect(lines == ["in", "out", "in", "out", "in", "out"])
        }
    }

    @Test(arguments: AttemptPlace.all) func warmUpsAndRepeatsAreAttemptsOfTheirOwn(on place: AttemptPlace)
        async throws
    {
        try await Stack.with(attempts: place) { stack in
            let file = try stack.descriptor(
                "repeats", script: "bai-emit value=$BAI_ATTEMPT",
                extra: "[run]\nwarmup = 1\nrepeats = 2\n[[output.metrics]]\nname = \"value\"\nunits = \"\"")
            try await stack.succeed("run", file, "--wait")
            let detail = try await stack.json("get", "benchmark", "latest")
            #expect(detail["attempts"]?.array?.count == 3)
            #expect(detail["results"]?.array?.first?["samples"] == [2, 3], "the warm-up does not count")
        }
    }

    @Test(arguments: AttemptPlace.all) func aThresholdRaisesOneAlarmAndTheNextGoodRunResolvesIt(
        on place: AttemptPlace
    ) async throws {
        try await Stack.with(attempts: place) { stack in
            let extra = """
                [env.vars]
                LATENCY = "300"
                [[output.metrics]]
                name = "latency"
                units = "ms"
                direction = "lower"
                [[alarms]]
                metric = "latency"
                above = 250
                notify = ["log"]
                """
            let file = try stack.descriptor("alarming", script: "bai-emit latency=${LATENCY}ms", extra: extra)
            #expect(try await stack.baictl("run", file, "--wait").exit == .code(3))
            try await stack.baictl("run", file, "--wait")
            #expect(
                try await stack.json("get", "alarms", "--state", "OPEN").array?.count == 1,
                "one change, one alarm")
            try await stack.succeed("run", file, "--wait", "--set", "env.vars.LATENCY=\"100\"")
            let isResolved = try await eventually {
                try await stack.json("get", "alarms").array?.first?["state"] == "RESOLVED"
            }
            #expect(isResolved)
        }
    }
}
