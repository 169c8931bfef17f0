import FoundationEssentials
import Glibc
import JSON
import Runtime
import TestSupport
import Testing

/// Services that stand still for longer than their lease, with others beside them that take over.
@Suite(.serialized) struct PauseTests {
    private static let services = ["fetcher", "executor", "watcher", "metrics-pusher", "analyzer"]

    /// Each service does the effects of its first decision and is held before the commit. A second instance finds the work, does it again and commits;
    /// what the first one wanted to commit when it goes on is refused, and it works on.
    @Test func whoeverWakesAfterItsLeaseWasTakenCommitsNothingAndGoesOn() async throws {
        let marks = try TemporaryFolder()
        let points = PauseTests.services.map { "\($0).before-commit:stop" }.joined(separator: ",")
        // Slots enough for both: one that stands still keeps those that it has just taken.
        let hold = [
            "BAI_LOG_LEASE": "1s", "BAI_RUNNER_SLOTS": "16", "BAI_FAILPOINT": points,
            "BAI_FAILPOINT_ONCE": marks.path,
        ]
        try await Stack.with(hold) { stack in
            let firsts = try await stack.services(PauseTests.services)
            let seconds = try PauseTests.services.map { try stack.startSecond("bai-\($0)") }
            // Whatever comes: what stands still cannot be ended in peace, and nobody else knows of the second ones.
            defer {
                for processID in firsts.values { kill(processID, SIGCONT) }
                for second in seconds { kill(second.processID, SIGKILL) }
            }
            let (file, starts) = try await playPaused(stack, firsts)
            #expect(try await stack.services(PauseTests.services) == firsts, "none had to be started again")
            for second in seconds {
                kill(second.processID, SIGTERM)
                #expect(try await second.wait().exit == .code(0))
            }
            try await stack.succeed("run", file, "--wait", "-o", "json", deadline: .seconds(40))
            try await expectEverythingOnce(stack, starts: starts)
        }
    }

    /// Has runs made while the first instances stand still, and wakes those.
    private func playPaused(
        _ stack: Stack, _ firsts: [String: Int32]
    ) async throws -> (descriptor: String, starts: String) {
        let starts = stack.folder.file("starts")
        let file = try stack.descriptor(
            "paused", script: "echo $BAI_RUN_ID $BAI_ATTEMPT >> \(starts); bai-emit latency=300ms",
            extra: PauseTests.alarming)
        try await stack.succeed("run", file, deadline: .seconds(40))
        let haveEnded = try await eventually(within: .seconds(40)) {
            let runs = try await stack.json("list").array ?? []
            return runs.count == 8 && runs.allSatisfy { $0["status"] == "SUCCEEDED" }
        }
        #expect(haveEnded, "others do the work of those that stand still")
        let areHeld = await eventually { firsts.values.allSatisfy { Stack.isStopped($0) } }
        #expect(areHeld, "every first instance was held before a commit")
        for processID in firsts.values { kill(processID, SIGCONT) }
        for service in PauseTests.services {
            let isRefused = await eventually {
                stack.log(of: service).contains("a partition was taken over")
            }
            #expect(isRefused, "\(service)'s commit was refused")
        }
        return (file, starts)
    }

    private func expectEverythingOnce(_ stack: Stack, starts: String) async throws {
        let runs = try await stack.json("list").array ?? []
        #expect(runs.count == 16 && runs.allSatisfy { $0["status"] == "SUCCEEDED" })
        let started = try String(contentsOf: URL(filePath: starts), encoding: .utf8).split(separator: "\n")
        #expect(started.count == 16 && Set(started).count == 16, "each attempt once")
        let hasAlarms = try await eventually { try await stack.json("get", "alarms").array?.count == 8 }
        #expect(hasAlarms, "one for each series, and none by the second runs")
        #expect(try await stack.json("get", "deadletters") == [])
    }

    /// Enough series for each partition to have one.
    private static let alarming = """
        [matrix]
        size = [1, 2, 3, 4, 5, 6, 7, 8]
        [[output.metrics]]
        name = "latency"
        units = "ms"
        [[alarms]]
        metric = "latency"
        above = 250
        notify = ["log"]
        """
}

extension Stack {
    /// The process ids of these services, by name.
    fileprivate func services(_ names: [String]) async throws -> [String: Int32] {
        var found: [String: Int32] = [:]
        for service in try await json("status").array ?? [] {
            guard let name = service["service"]?.string?.dropFirst("bai-".count) else { continue }
            if names.contains(String(name)) {
                found[String(name)] = service["pid"]?.integer.map { Int32($0) }
            }
        }
        return found
    }

    /// Starts a second instance, without fail points.
    fileprivate func startSecond(_ service: String) throws -> ChildProcess {
        var environment = environment
        environment["BAI_INSTANCE"] = "second"
        environment["BAI_FAILPOINT"] = nil
        let log = open(folder.file("second.log"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        defer { close(log) }
        return try ChildProcess.start(
            ChildProcess.Setup(
                program: Programs.path(service), environment: environment, standardOutput: log,
                standardError: log))
    }

    /// Whether a process was stopped by a signal and did not go on yet.
    fileprivate static func isStopped(_ processID: Int32) -> Bool {
        let line = (try? String(contentsOf: URL(filePath: "/proc/\(processID)/stat"), encoding: .utf8)) ?? ""
        return line.split(separator: ")").last?.split(separator: " ").first == "T"
    }

    /// What a service has said.
    fileprivate func log(of service: String) -> String {
        (try? String(contentsOf: URL(filePath: "\(home)/logs/bai-\(service).log"), encoding: .utf8)) ?? ""
    }
}
