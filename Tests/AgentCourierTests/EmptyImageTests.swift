import AgentService
import Descriptors
import Events
import FoundationEssentials
import Glibc
import JSON
import PodContract
import Runtime
import TestSupport
import Testing

/// Images that hold nothing but the benchmark, or not even a place to write.
@Suite struct EmptyImageTests {
    /// Runs a script in a mount namespace of its own, where it may mount what it likes.
    private func unshared(_ script: String, processes: Bool = false) async throws -> Programs.Output {
        // As root, or as nobody in particular who is root in a namespace of its own.
        let options = getuid() == 0 ? ["-m"] : ["-Urm"]
        return try await Programs.run(
            "/usr/bin/unshare", options + (processes ? ["-pf"] : []) + ["sh", "-c", script],
            environment: ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"])
    }

    /// An image with a shared folder, the kernel's files and a place for the last words; everything else is empty, and read-only.
    private func image(_ stage: PodStage) throws -> String {
        let image = stage.folder.file("image")
        for folder in ["bai", "proc", "dev"] { try stage.folder.write("image/\(folder)/.keep", "") }
        try stage.folder.write("image/dev/termination-log", "")
        try stage.folder.write("image/dev/null", "")
        return """
            set -e
            mount --bind \(image) \(image)
            mount --bind \(stage.folders.root) \(image)/bai
            mount -t proc proc \(image)/proc
            mount --bind /dev/null \(image)/dev/null
            mount --bind \(stage.folders.terminationLog) \(image)/dev/termination-log
            mount -o remount,bind,ro \(image)
            exec chroot \(image) /bai/agent/ld.so --library-path /bai/agent/lib /bai/agent/bai-agent wrap --
            """
    }

    @Test func theAgentRunsWhereThereIsNothing() async throws {
        let stage = try PodStage()
        #expect(try await stage.start("pull").end() == .code(0))
        try stage.folder.write("termination-log", "")
        let sidecar = try stage.start("collect")
        // The only program that an empty image can run is what the pod's folder holds.
        let program = "/bai/agent/ld.so --library-path /bai/agent/lib /bai/agent/bai-agent version"
        let output = try await unshared(try image(stage) + " " + program, processes: true)
        #expect(output.exit == .code(0), "\(output.standardError)")
        #expect(output.standardOutput == "bai-agent \(Version.current)\n")
        #expect(try await sidecar.end() == .code(0))
        let records = try Records(printed: sidecar.output)
        #expect(records.areWhole)
        #expect(records.texts(.stdout) == ["bai-agent \(Version.current)"])
        #expect(stage.report?.outcome.status == .succeeded)
        #expect(stage.report?.outcome.logCount == 1)
    }

    @Test func asTheFirstProcessItSaysSignalsAsShellsDo() async throws {
        let stage = try PodStage()
        #expect(try await stage.start("pull").end() == .code(0))
        try stage.folder.write("termination-log", "")
        let sidecar = try stage.start("collect")
        let script = """
            set -e
            mount -t proc proc /proc
            exec \(stage.folders.loader) --library-path \(stage.folders.libraries) \(stage.folders.program) wrap \
            --root \(stage.folders.root) --termination-log \(stage.folders.terminationLog) -- \
            sh -c '(sleep 0.01 &) ; kill -KILL $$'
            """
        let output = try await unshared(script, processes: true)
        #expect(output.exit == .code(128 + SIGKILL), "\(output.standardError)")
        #expect(stage.report?.outcome.signal == Int(SIGKILL))
        #expect(try await sidecar.end() == .code(0))
    }

    @Test func noVariableOfTheLoaderIsLeftToTheBenchmark() async throws {
        let stage = try PodStage()
        #expect(try await stage.start("pull").end() == .code(0))
        let copy = [
            stage.folders.loader, "--library-path", stage.folders.libraries, stage.folders.program,
        ]
        let sidecar = try stage.start("collect")
        let wrap = try stage.start("wrap", ["env"], ["LD_BIND_NOW": "1"], agent: copy)
        #expect(try await wrap.end() == .code(0))
        #expect(wrap.output.split(separator: "\n").filter { $0.hasPrefix("LD_") } == ["LD_BIND_NOW=1"])
        #expect(!wrap.output.contains("BAI_EXEC_"))
        #expect(try await sidecar.end() == .code(0))
    }
}
