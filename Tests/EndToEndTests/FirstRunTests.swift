import JSON
import Runtime
import TestSupport
import Testing

/// What a new user does first, on the built programs.
@Suite struct FirstRunTests {
    @Test(arguments: AttemptPlace.all) func helloWorldRunsAndIsMeasured(on place: AttemptPlace) async throws {
        try await Stack.with(attempts: place) { stack in
            let descriptor = "\(Programs.root)/sample-benchmarks/hello-world/descriptor.toml"
            let run = try await stack.baictl("run", "benchmark", "--descriptor=\(descriptor)", "--watch")
            #expect(run.exit == .code(0), "\(run.standardError)")
            for status in ["FETCHING", "QUEUED", "STARTING", "RUNNING", "COLLECTING", "SUCCEEDED"] {
                #expect(run.standardError.contains(status), "\(status) is missing in \(run.standardError)")
            }
            #expect(run.standardOutput.contains("METRIC"))
            let detail = try await stack.json("get", "benchmark", "--name=latest")
            #expect(detail["summary"]?["status"] == "SUCCEEDED")
            #expect(detail["problems"] == [])
            #expect((detail["results"]?.array ?? []).isEmpty == false)
            #expect(try await stack.succeed("logs", "latest").isEmpty == false)
            #expect(try await stack.succeed("describe", "latest").contains("ENVIRONMENT"))
        }
    }

    @Test(arguments: AttemptPlace.all) func twoRunsAreCompared(on place: AttemptPlace) async throws {
        try await Stack.with(attempts: place) { stack in
            let file = try stack.descriptor(
                "compare", script: "bai-emit latency=$((RANDOM_BASE + $$ % 7))ms",
                extra: """
                    [env.vars]
                    RANDOM_BASE = "100"
                    [run]
                    repeats = 5
                    [[output.metrics]]
                    name = "latency"
                    units = "ms"
                    direction = "lower"
                    """)
            let first = try await stack.succeed("run", file, "--wait", "-o", "name")
            try await stack.succeed("run", file, "--wait", "--set", "env.vars.RANDOM_BASE=\"200\"")
            let base = try await stack.json("list")
            #expect(base.array?.count == 2, "\(first)")
            let ids = (base.array ?? []).compactMap { $0["id"]?.string }
            let comparison = try await stack.json("compare", ids[1], ids[0])
            #expect(comparison.array?.first?["metric"] == "latency")
            #expect(comparison.array?.first?["verdict"] == "worse")
        }
    }

    @Test func aSecondUpIsHarmlessAndDownLeavesNothing() async throws {
        try await Stack.with { stack in
            let before = try await processIDs(stack)
            try await stack.succeed("up")
            #expect(try await processIDs(stack) == before, "the same processes")
        }
    }

    private func processIDs(_ stack: Stack) async throws -> [JSONValue?] {
        (try await stack.json("status").array ?? []).map { $0["pid"] }
    }

    @Test func runStartsTheServicesWhenTheyAreNotUp() async throws {
        let stack = try Stack()
        let file = try stack.descriptor("auto", script: "true")
        let run = try await stack.baictl("run", file, "--wait")
        #expect(run.exit == .code(0), "\(run.standardError)")
        try await stack.down()
    }
}
