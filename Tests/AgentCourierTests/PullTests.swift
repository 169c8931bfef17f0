import AgentService
import Descriptors
import Digests
import Events
import FoundationEssentials
import Glibc
import JSON
import ObjectStore
import PodContract
import Runtime
import TestSupport
import Testing

/// What `bai-agent pull` puts into a pod's folder.
@Suite struct PullTests {
    private static let data = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
    private static let sha256 = Digest.of(data).hexadecimal

    private func stage(_ server: ObjectServer, _ contents: [JSONValue]) throws -> PodStage {
        try PodStage(["objects": .string(server.url), "contents": .array(contents)])
    }

    private func content(
        _ sha256: String, kind: String = "file", size: Int = data.count, place: String = "data/0"
    ) -> JSONValue {
        [
            "sha256": .string(sha256), "kind": .string(kind), "size": .integer(Int64(size)),
            "place": .string(place),
        ]
    }

    private func file(_ change: (inout ObjectServer.Object) -> Void = { _ in }) throws -> ObjectServer {
        var object = ObjectServer.Object(kind: "file", bytes: PullTests.data)
        change(&object)
        return try ObjectServer([PullTests.sha256: object])
    }

    private func bytes(_ path: String) -> [UInt8]? { SystemFile.bytes(path) }

    private func mode(_ path: String) -> mode_t {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode & 0o777 : 0
    }

    @Test func theAgentIsCopiedAndTheFolderMade() async throws {
        let stage = try PodStage()
        let pull = try stage.start("pull")
        #expect(try await pull.end() == .code(0))
        let folders = stage.folders
        let copy = [folders.loader, "--library-path", folders.libraries, folders.program]
        let output = try await Programs.run(copy[0], copy.dropFirst() + ["version"], environment: [:])
        #expect(output.standardOutput == "bai-agent \(Version.current)\n")
        #expect(mode(folders.program) == 0o755)
        #expect(mode(folders.metrics(ofProcess: 0)) == 0o666)
        #expect(mode(folders.fifo) == 0o666)
        for folder in [folders.streams, folders.records, folders.home] { #expect(mode(folder) == 0o777) }
        #expect(stage.report == nil)
        // A container that is started again finds things as it has left them.
        #expect(try await stage.start("pull").end() == .code(0))
    }

    @Test func aFileIsPutInItsPlace() async throws {
        let server = try file()
        let stage = try stage(server, [content(PullTests.sha256)])
        #expect(try await stage.start("pull").end() == .code(0))
        let place = stage.folder.file("bai/data/0")
        #expect(bytes(place) == PullTests.data)
        #expect(mode(place) == 0o644)
        #expect(server.problems == [])
    }

    @Test func aDownloadGoesOnWhereItBrokeOff() async throws {
        let server = try file { $0.breaksAfter = 120_000 }
        let stage = try stage(server, [content(PullTests.sha256)])
        #expect(try await stage.start("pull").end() == .code(0))
        #expect(bytes(stage.folder.file("bai/data/0")) == PullTests.data)
        #expect(server.ranges.count == 3)
        #expect(server.ranges.dropFirst().allSatisfy { $0?.hasPrefix("bytes=") == true })
    }

    @Test func aServerThatGivesNoRangesIsAskedForAllOfIt() async throws {
        let server = try file {
            $0.ignoresRanges = true
            $0.refusals = [503, 429]
        }
        let stage = try stage(server, [content(PullTests.sha256)])
        try stage.folder.write("bai/data/0.part", "something else")
        #expect(try await stage.start("pull").end() == .code(0))
        #expect(bytes(stage.folder.file("bai/data/0")) == PullTests.data)
    }

    @Test(arguments: [404, 410, 401, 403])
    func whatCannotBeHadIsReported(status: Int) async throws {
        let server = try file { $0.refusals = Array(repeating: status, count: 9) }
        let stage = try stage(server, [content(PullTests.sha256)])
        #expect(try await stage.start("pull").end() == .code(PodReport.ExitCode.infrastructure))
        let report = try #require(stage.report)
        #expect(report.task == .pull)
        #expect(report.outcome.reason == (status < 404 ? .accessDenied : .notFound))
        #expect(report.outcome.failure == .infrastructure)
        #expect(server.ranges.count == 1)
    }

    @Test func whatIsNotWhatItShouldBeIsNotKept() async throws {
        let server = try file { $0.bytes[77] ^= 1 }
        let stage = try stage(server, [content(PullTests.sha256)])
        #expect(try await stage.start("pull").end() == .code(PodReport.ExitCode.infrastructure))
        #expect(stage.report?.outcome.reason == .digestMismatch)
        #expect(server.ranges.count == 3)
        #expect(bytes(stage.folder.file("bai/data/0")) == nil)
        #expect(bytes(stage.folder.file("bai/data/0.part")) == nil)
    }

    // MARK: - Folders

    /// A folder with a program, a link and an empty folder, its archive, and its digest as the store has it.
    private func folder() async throws -> (archive: [UInt8], sha256: String) {
        let source = try TemporaryFolder()
        try source.write("tree/run.sh", "echo ran")
        try source.write("tree/sub/data.txt", "data")
        chmod(source.file("tree/run.sh"), 0o755)
        mkdir(source.file("tree/empty"), 0o755)
        symlink("sub/data.txt", source.file("tree/link"))
        let store = try await FolderStore.open(source.file("store"))
        let object = try await store.fetch(Source(source.file("tree")))
        let tar = try await Programs.run(
            "/usr/bin/tar",
            ["-cf", source.file("tree.tar"), "-C", source.file("tree"), "empty", "link", "run.sh", "sub"],
            environment: ["PATH": "/usr/bin:/bin"])
        #expect(tar.succeeded)
        return (try #require(bytes(source.file("tree.tar"))), object.sha256)
    }

    @Test(arguments: [("data/0", mode_t(0o644), mode_t(0o755)), ("scripts", 0o666, 0o777)])
    func aFolderIsLaidOut(place: String, fileMode: mode_t, programMode: mode_t) async throws {
        let (archive, sha256) = try await folder()
        let server = try ObjectServer([sha256: ObjectServer.Object(kind: "directory", bytes: archive)])
        let stage = try stage(server, [content(sha256, kind: "directory", size: 12, place: place)])
        #expect(try await stage.start("pull").end() == .code(0))
        let root = stage.folder.file("bai/\(place)")
        #expect(bytes("\(root)/link") == Array("data".utf8))
        #expect(mode("\(root)/run.sh") == programMode)
        #expect(mode("\(root)/sub/data.txt") == fileMode)
        #expect(mode("\(root)/empty") == programMode)
        #expect(bytes("\(root).part") == nil)
    }

    @Test func anArchiveThatNamesNoFoldersIsTheFolderThatItBecomes() async throws {
        let source = try TemporaryFolder()
        try source.write("tree/sub/deep/data.txt", "data")
        let tar = try await Programs.run(
            "/usr/bin/tar",
            ["-cf", source.file("files.tar"), "-C", source.file("tree"), "sub/deep/data.txt"],
            environment: ["PATH": "/usr/bin:/bin"])
        #expect(tar.succeeded)
        let store = try await FolderStore.open(source.file("store"))
        let unpacked = try await store.fetch(Source(source.file("files.tar"), unpacks: true))
        // What is packed again for a pod is the folder on the disk, which has them.
        #expect(try await store.fetch(Source(source.file("tree"))) == unpacked)
    }

    @Test func aFolderThatIsAnotherIsNotKept() async throws {
        let (archive, _) = try await folder()
        let other = Digest.of("other").hexadecimal
        let server = try ObjectServer([other: ObjectServer.Object(kind: "directory", bytes: archive)])
        let stage = try stage(server, [content(other, kind: "directory")])
        #expect(try await stage.start("pull").end() == .code(PodReport.ExitCode.infrastructure))
        #expect(stage.report?.outcome.reason == .digestMismatch)
        #expect(access(stage.folder.file("bai/data/0"), F_OK) != 0)
    }

    @Test func anOrderThatCannotBeReadIsReported() async throws {
        let stage = try PodStage(["version": 99])
        #expect(try await stage.start("pull").end() == .code(PodReport.ExitCode.infrastructure))
        #expect(stage.report?.outcome.message.contains("is older than that") == true)
    }
}
