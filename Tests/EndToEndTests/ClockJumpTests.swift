import FoundationEssentials
import Glibc
import JSON
import Runtime
import TestSupport
import Testing

/// Somebody sets the clock of a machine on which benchmarks run, wait for their turn and get too late: of the services, the agents and the benchmarks alike.
@Suite struct ClockJumpTests {
    /// By how much the clock is wrong, one after the other: an hour forward, an hour back, a day forward, a day back.
    private static let errors = [3600, 0, 86_400, 0]
    /// Each has a lease, and counts down to a deadline, as the clock is set; one of them is also killed and has to start under the new time.
    private static let killed = ["bai-watcher", "bai-executor", "bai-bff", "bai-metrics-pusher"]

    @Test func aClockThatIsSetEndsNoHealthyRunAndPutsNoTimeoutOff() async throws {
        let shim = try await FaultShim()
        let variables = [
            "BAI_LOG_LEASE": "1s", "BAI_RUNNER_SLOTS": "3",
            "BAI_RUNNER_PASS": "PATH,LD_PRELOAD,BAI_WALL_CLOCK",
        ]
        try await Stack.with(shim.environment.merging(variables) { $1 }) { stack in
            let start = SystemTime().now
            let healthy = try await stack.submitPatient("healthy")
            try await stack.waitForMark("healthy")
            for (number, error) in ClockJumpTests.errors.enumerated() {
                let late = try await stack.submitLate(number)
                let queued = number == 0 ? try await stack.submitPatient("queued") : nil
                try shim.setClockAhead(by: error)
                try await stack.kill(ClockJumpTests.killed[number])
                try await stack.expectTimeouts(late)
                if queued != nil { try await stack.waitForMark("queued") }
                #expect(try await stack.status(of: healthy) == "RUNNING", "set to \(error) s")
                if error == 86_400 {
                    #expect(try await stack.baictl("doctor").standardOutput.contains("86400 s since"))
                }
            }
            try stack.folder.write("gate", "")
            for run in try await stack.json("list").array ?? [] where run["name"] != "late" {
                let id = try #require(run["id"]?.string)
                #expect(try await stack.baictl("watch", id).exit == .code(0))
                let detail = try await stack.json("get", "benchmark", id)
                #expect(
                    detail["results"]?.array?.first?["samples"] == [1.5], "of both points, under two clocks")
            }
            try await stack.expectOneTime(since: start)
        }
    }
}

extension Stack {
    /// Submits a run that measures once, waits until the test lets it go on, and measures again. Its deadlines are far away for whoever looks at no clock.
    fileprivate func submitPatient(_ name: String) async throws -> String {
        let file = try descriptor(
            name,
            script:
                "bai-emit value=1; touch \(folder.file(name)); while [ ! -e \(folder.file("gate")) ]; do sleep 0.05; done; bai-emit value=2",
            extra: """
                [run]
                queue_timeout = "10m"
                timeout = "10m"
                silence_timeout = "5m"
                total_timeout = "30m"
                [[output.metrics]]
                name = "value"
                units = ""
                """)
        return try await submit(file)
    }

    /// Submits a run that times out by its length and one that does by its silence, and waits until both count.
    fileprivate func submitLate(_ number: Int) async throws -> [(id: String, reason: String)] {
        var late: [(id: String, reason: String)] = []
        for (key, reason) in [("timeout", "RunTimeout"), ("silence_timeout", "SilenceTimeout")] {
            let mark = "late-\(number)-\(key)"
            let file = try descriptor(
                "late", script: "touch \(folder.file(mark)); exec sleep 600",
                extra: "[run]\n\(key) = \"1s\"\ngrace_period = \"1s\"")
            late.append((try await submit(file), reason))
            try await waitForMark(mark)
        }
        return late
    }

    private func submit(_ file: String) async throws -> String {
        String(try await succeed("run", file, "-o", "name").prefix { $0 != "\n" })
    }

    fileprivate func waitForMark(_ name: String) async throws {
        let isThere = await eventually(within: .seconds(40)) { access(folder.file(name), F_OK) == 0 }
        try #require(isThere, "\(name) runs")
    }

    fileprivate func status(of run: String) async throws -> JSONValue? {
        try await json("get", "benchmark", run)["summary"]?["status"]
    }

    /// Kills a service, and waits until its supervisor has started it again.
    fileprivate func kill(_ service: String) async throws {
        let services = try await json("status").array ?? []
        let running = services.first { $0["service"] == .string(service) }
        let processID = try #require(running?["pid"]?.integer)
        Glibc.kill(Int32(processID), SIGKILL)
        let isBack = try await eventually(within: .seconds(40)) {
            let output = try await baictl("status", "-o", "json")
            return output.succeeded && !output.standardOutput.contains("\(processID)")
        }
        #expect(isBack, "\(service) is started again")
    }

    /// That the runs end for the reasons given: soon, and not before their time.
    fileprivate func expectTimeouts(_ runs: [(id: String, reason: String)]) async throws {
        for (run, reason) in runs {
            #expect(try await baictl("watch", run, deadline: .seconds(20)).exit == .code(8), "\(reason)")
            let detail = try await json("get", "benchmark", run)
            #expect(detail["summary"]?["reason"] == .string(reason))
            let outcome = detail["attempts"]?.array?.first?["outcome"]
            let (began, ended) = (outcome?["started"]?.integer, outcome?["finished"]?.integer)
            #expect(try #require(ended) - #require(began) >= 1000, "\(reason) before its time")
        }
    }

    /// That all times in all runs' stories lie in the time that has really passed, each after the one before it, and that no lease was lost.
    fileprivate func expectOneTime(since start: Timestamp) async throws {
        for run in try await json("list").array ?? [] {
            let detail = try await json("get", "benchmark", try #require(run["id"]?.string))
            let times = (detail["history"]?.array ?? []).compactMap { $0["time"]?.integer }
            #expect(times.count > 3 && times == times.sorted())
            let passed = start.milliseconds - 1000...SystemTime().now.milliseconds + 1000
            #expect(times.allSatisfy(passed.contains))
        }
        // What services say for people has the machine's time: it shows that theirs was set at all.
        let tomorrow = Date(timeIntervalSinceNow: 86_400).formatted(.iso8601).prefix(10)
        let said = try String(contentsOf: URL(filePath: "\(home)/logs/bai-bff.log"), encoding: .utf8)
        #expect(said.contains(tomorrow))
        for service in try FileManager.default.contentsOfDirectory(atPath: "\(home)/logs") {
            let log = try String(contentsOf: URL(filePath: "\(home)/logs/\(service)"), encoding: .utf8)
            #expect(!log.contains("taken over"), "\(service)")
        }
    }
}
