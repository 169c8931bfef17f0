import FoundationEssentials
import Glibc
import JSON
import Runtime
import TestSupport
import Testing

/// What is left when more than one service dies, and how it goes on.
@Suite struct RecoveryTests {
    /// A benchmark that waits for a file: a test decides when it ends.
    private func waiting(_ stack: Stack) throws -> (descriptor: String, gate: String, starts: String) {
        let (gate, starts) = (stack.folder.file("gate"), stack.folder.file("starts"))
        let descriptor = try stack.descriptor(
            "waiting",
            script:
                "echo $BAI_ATTEMPT >> \(starts); while [ ! -e \(gate) ]; do sleep 0.05; done; bai-emit value=1",
            extra: "[[output.metrics]]\nname = \"value\"\nunits = \"\"")
        return (descriptor, gate, starts)
    }

    private func isRunning(_ stack: Stack, _ run: String, attempt: Int64 = 1) async throws -> Bool {
        try await eventually(within: .seconds(40)) {
            let summary = try await stack.json("get", "benchmark", run)["summary"]
            return summary?["status"] == "RUNNING" && summary?["attempt"]?.integer == attempt
        }
    }

    private func submit(_ stack: Stack, _ descriptor: String) async throws -> String {
        String(try await stack.succeed("run", descriptor, "-o", "name").prefix { $0 != "\n" })
    }

    private func starts(_ path: String) throws -> [Substring] {
        try String(contentsOf: URL(filePath: path), encoding: .utf8).split(separator: "\n")
    }

    @Test(arguments: AttemptPlace.all)
    func everythingKilledAtOnceGoesOnWithTheNextUpAndTheAttemptIsStillTheSame(on place: AttemptPlace)
        async throws
    {
        try await Stack.with(attempts: place) { stack in
            let (descriptor, gate, starts) = try waiting(stack)
            let run = try await submit(stack, descriptor)
            #expect(try await isRunning(stack, run))
            for service in try await stack.json("status").array ?? [] {
                if let processID = service["pid"]?.integer { kill(Int32(processID), SIGKILL) }
            }
            let supervisor = try String(
                contentsOf: URL(filePath: "\(stack.home)/run/supervisor.lock"), encoding: .utf8)
            kill(try #require(Int32(supervisor.prefix { $0 != "\n" })), SIGKILL)
            try await stack.succeed("up")
            try Data().write(to: URL(filePath: gate))
            #expect(try await stack.baictl("watch", run).exit == .code(0))
            #expect(try self.starts(starts) == ["1"], "the attempt outlived whoever started it")
        }
    }

    @Test(arguments: AttemptPlace.all) func aServiceThatIsToldToEndFinishesWhatItHasBegunAndEndsWell(
        on place: AttemptPlace
    ) async throws {
        try await Stack.with(attempts: place) { stack in
            let starts = stack.folder.file("starts")
            let file = try stack.descriptor(
                "drained", script: "echo $BAI_RUN_ID >> \(starts); sleep 0.1; bai-emit value=1",
                extra: "[matrix]\nsize = [1, 2, 3, 4, 5, 6, 7, 8]")
            try await stack.succeed("run", file)
            let services = try await stack.json("status").array ?? []
            for service in services {
                let (name, processID) = (service["service"], try #require(service["pid"]?.integer))
                kill(Int32(processID), SIGTERM)
                // Its supervisor starts another one when it has ended.
                let isBack = try await eventually(within: .seconds(15)) {
                    let now = try await stack.services().first { $0["service"] == name }?["pid"]?.integer
                    return now != nil && now != processID
                }
                #expect(isBack, "\(name ?? "a service") ended within its grace period")
            }
            let haveEnded = await eventually(within: .seconds(60)) {
                (try? await stack.json("list", "--status", "SUCCEEDED"))?.array?.count == 8
            }
            #expect(haveEnded)
            #expect(try self.starts(starts).count == 8, "no attempt was made again")
            let said = try String(
                contentsOf: URL(filePath: "\(stack.home)/logs/supervisor.log"), encoding: .utf8)
            let ends = said.split(separator: "\n").filter { $0.contains("\"service ended\"") }
            #expect(ends.count == services.count && ends.allSatisfy { $0.contains("code(0)") }, "\(ends)")
        }
    }

    @Test func anAttemptWhoseSupervisorIsKilledIsMadeAgainAndLeavesNothingBehind() async throws {
        try await Stack.with { stack in
            let (descriptor, gate, starts) = try waiting(stack)
            let run = try await submit(stack, descriptor)
            #expect(try await isRunning(stack, run))
            let agents = Stack.processes(mentioning: "attempts/\(run)/1").filter {
                $0.contains("bai-agent supervise")
            }
            let agent = try #require(agents.first?.split(separator: " ").first.flatMap { Int32($0) })
            kill(agent, SIGKILL)
            #expect(try await isRunning(stack, run, attempt: 2))
            #expect(Stack.processes(mentioning: "\(run)/1").isEmpty, "nothing of the first attempt is left")
            try Data().write(to: URL(filePath: gate))
            #expect(try await stack.baictl("watch", run).exit == .code(0))
            #expect(try self.starts(starts) == ["1", "2"])
            let detail = try await stack.json("get", "benchmark", run)
            #expect(detail["attempts"]?.array?.first?["outcome"]?["reason"] == "Vanished")
            #expect(detail["results"]?.array?.first?["samples"] == [1])
        }
    }

    @Test func downCutsAnAttemptShortAndTheNextUpMakesItAgain() async throws {
        try await Stack.with { stack in
            let (descriptor, gate, starts) = try waiting(stack)
            let run = try await submit(stack, descriptor)
            #expect(try await isRunning(stack, run))
            try await stack.down()
            try Data().write(to: URL(filePath: gate))
            try await stack.succeed("up")
            #expect(try await stack.baictl("watch", run).exit == .code(0))
            #expect(try self.starts(starts) == ["1", "2"])
        }
    }

    @Test(arguments: AttemptPlace.all) func theReadModelComesBackFromTheLog(on place: AttemptPlace)
        async throws
    {
        try await Stack.with(attempts: place) { stack in
            let file = try stack.descriptor("again", script: "bai-emit value=1")
            try await stack.succeed("run", file, "--wait")
            // The analyzer looks at a run once it has ended: only then is there nothing left to change.
            let isAnalyzed = try await eventually {
                try await stack.json("get", "benchmark", "latest")["analyzed"] == true
            }
            #expect(isAnalyzed)
            let before = try await stack.json("get", "benchmark", "latest")
            try await stack.down()
            for suffix in ["", "-wal", "-shm"] {
                try? FileManager.default.removeItem(atPath: "\(stack.home)/read-model.db\(suffix)")
            }
            try await stack.succeed("up")
            let isBack = try await eventually { try await stack.json("get", "benchmark", "latest") == before }
            #expect(isBack)
        }
    }
}

extension Stack {
    /// What `baictl status` says, also while some of the services do not run.
    fileprivate func services() async throws -> [JSONValue] {
        let output = try await baictl("status", "-o", "json")
        return try JSONCoding.decode(JSONValue.self, from: Array(output.standardOutput.utf8)).array ?? []
    }

    @Test func upSaysWhyNoServiceCanStart() async throws {
        let stack = try Stack()
        try stack.folder.write("home/log.db", String(repeating: "not a log ", count: 1000))
        let output = try await stack.baictl("up")
        #expect(output.exit == .code(10))
        #expect(output.standardError.contains("home/log.db"))
        #expect(Stack.processes(mentioning: stack.home) == [])
    }
}
