import FoundationEssentials
import JSON
import Runtime
import TestSupport
import Testing

/// A whole installation on a disk that becomes full, and has room again.
@Suite struct FullDiskTests {
    private func submit(_ stack: Stack, _ descriptor: String) async throws -> String {
        String(try await stack.succeed("run", descriptor, "-o", "name").prefix { $0 != "\n" })
    }

    @Test(.enabled(if: SmallDisk.isPossible, "mounting a small file system is not permitted here"))
    func aFullDiskRefusesRunsAndLosesNone() async throws {
        let disk = try SmallDisk(megabytes: 48)
        try await Stack.with(["BAI_HOME": "\(disk.path)/home"]) { stack in
            let gate = stack.folder.file("gate")
            let descriptor = try stack.descriptor(
                "waiting", script: "while [ ! -e \(gate) ]; do sleep 0.05; done")
            var accepted = [try await submit(stack, descriptor)]
            let isRunning = try await eventually {
                try await stack.json("get", "benchmark", accepted[0])["summary"]?["status"] == "RUNNING"
            }
            #expect(isRunning)
            try disk.fill()
            // The files have a little room of their own left, maybe.
            var refusal: Programs.Output?
            for _ in 0..<40 where refusal == nil {
                let output = try await stack.baictl("run", descriptor, "-o", "name")
                if output.succeeded {
                    accepted.append(String(output.standardOutput.prefix { $0 != "\n" }))
                } else {
                    refusal = output
                }
            }
            #expect(refusal?.exit == .code(9))
            #expect(refusal?.standardError.contains("no space is left") == true)
            #expect(refusal?.standardError.contains("free some space") == true)
            // What could not be written into the read model any more is not shown yet.
            #expect(try await stack.json("list").array?.isEmpty == false)
            #expect(try await stack.baictl("log", "check").exit == .code(0))
            // The benchmark ends while its end cannot be told.
            try Data().write(to: URL(filePath: gate))
            let hasEnded = await eventually { Stack.processes(mentioning: "sleep 0.05").isEmpty }
            #expect(hasEnded)
            disk.empty()
            for run in accepted { #expect(try await stack.baictl("watch", run).exit == .code(0)) }
            #expect(try await stack.baictl("run", descriptor, "--wait").exit == .code(0))
            #expect(try await stack.json("list").array?.count == accepted.count + 1)
            #expect(try await stack.baictl("log", "check").exit == .code(0))
        }
    }

    @Test(.enabled(if: SmallDisk.isPossible, "mounting a small file system is not permitted here"))
    func aHomeThatCannotBeWrittenIsSaidAtOnce() async throws {
        let disk = try SmallDisk(megabytes: 48)
        let stack = try Stack(["BAI_HOME": "\(disk.path)/home"])
        try await stack.succeed("up")
        try await stack.down()
        try disk.makeReadOnly()
        let up = try await stack.baictl("up", deadline: .seconds(20))
        #expect(up.exit == .code(7))
        #expect(up.standardError.contains("Read-only file system"))
        #expect(try await stack.baictl("log", "check").exit == .code(0))
    }
}
