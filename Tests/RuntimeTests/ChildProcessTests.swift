import Glibc
import Runtime
import TestSupport
import Testing

@Suite struct ChildProcessTests {
    private let environment = ["PATH": "/usr/bin:/bin"]

    private func shell(_ script: String) async throws -> ChildProcess.Exit {
        let child = try ChildProcess.start(
            ChildProcess.Setup(program: "sh", arguments: ["-c", script], environment: environment))
        return try await child.wait().exit
    }

    @Test func theExitCodeIsTold() async throws {
        #expect(try await shell("exit 7") == .code(7))
    }

    @Test func theSignalIsTold() async throws {
        #expect(try await shell("kill -TERM $$") == .signal(SIGTERM))
    }

    @Test func aProgramThatIsNotThereIsAnErrorThatNamesIt() {
        #expect(throws: SystemError("start /no/such/program", code: ENOENT)) {
            try ChildProcess.start(ChildProcess.Setup(program: "/no/such/program", environment: [:]))
        }
    }

    @Test func directoryEnvironmentAndStreamsAreWhatWasAsked() async throws {
        let folder = try TemporaryFolder()
        let output = open(folder.file("out"), O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        defer { close(output) }
        let child = try ChildProcess.start(
            ChildProcess.Setup(
                program: "sh", arguments: ["-c", "pwd; echo $WORD; cat"],
                environment: environment.merging(["WORD": "a b"]) { $1 }, directory: folder.path,
                standardOutput: output))
        _ = try await child.wait()
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = pread(output, &buffer, buffer.count, 0)
        #expect(String(decoding: buffer.prefix(count), as: UTF8.self) == "\(folder.path)\na b\n")
    }

    @Test func whatAChildUsedIsMeasured() async throws {
        let child = try ChildProcess.start(
            ChildProcess.Setup(
                program: "sh", arguments: ["-c", "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done"],
                environment: environment))
        let usage = try await child.wait().usage
        #expect(usage.userSeconds + usage.systemSeconds > 0)
        #expect(usage.peakMemory > 100_000)
    }

    @Test func aGroupOfItsOwnCanBeEndedAsOne() async throws {
        let child = try ChildProcess.start(
            ChildProcess.Setup(
                program: "sh", arguments: ["-c", "sleep 60 & wait"], environment: environment, group: .own))
        kill(-child.processID, SIGKILL)
        #expect(try await child.wait().exit == .signal(SIGKILL))
    }
}
