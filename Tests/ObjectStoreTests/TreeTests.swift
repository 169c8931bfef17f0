import Digests
import FoundationEssentials
import Glibc
import Runtime
import TestSupport
import Testing

@testable import ObjectStore

/// Folders of this machine.
@Suite struct TreeTests {
    let folder: TemporaryFolder
    let store: FolderStore

    init() async throws {
        folder = try TemporaryFolder()
        store = try await FolderStore.open(folder.file("objects"))
    }

    private func failure(_ source: Source) async -> ObjectStoreError? {
        do {
            _ = try await store.fetch(source)
            return nil
        } catch { return error }
    }

    private func fetch(_ name: String = "data") async throws -> StoredObject {
        try await store.fetch(Source(folder.file(name)))
    }

    @Test func aFolderIsLaidOutAsItWas() async throws {
        try folder.write("data/a", "one")
        chmod(try folder.write("data/deep/er/run", "two"), 0o755)
        #expect(mkdir(folder.file("data/empty"), 0o700) == 0)
        try makeLink(folder.file("data/deep/link"), to: "../a")
        let object = try await fetch()
        #expect(object.kind == .directory && object.size == 6)
        let path = try await store.location(of: object)
        #expect(
            try FileManager.default.subpathsOfDirectory(atPath: path).sorted()
                == ["a", "deep", "deep/er", "deep/er/run", "deep/link", "empty"])
        #expect(try readFile("\(path)/deep/link") == Array("one".utf8))
        #expect(try mode(of: "\(path)/a") == 0o444)
        #expect(try mode(of: "\(path)/deep/er/run") == 0o555)
    }

    @Test func equalFoldersAreOneObject() async throws {
        for name in ["data", "copy"] {
            try folder.write("\(name)/a", "one")
            try folder.write("\(name)/b/c", "two")
        }
        let first = try await fetch()
        #expect(try await fetch("copy") == first)
        try folder.write("copy/b/c", "2")
        #expect(try await fetch("copy").sha256 != first.sha256)
    }

    @Test func aFolderMayBeNamedByALink() async throws {
        try folder.write("data/a", "one")
        try makeLink(folder.file("link"), to: "data")
        let object = try await fetch()
        #expect(try await fetch("link") == object)
    }

    @Test(arguments: ["/etc", "..", "../data/a", "deep/../../out", ""])
    func aLinkThatLeadsOutIsRefused(target: String) async throws {
        try folder.write("data/a", "one")
        // No system makes a link to nothing: that case stands for one to an absolute path of the folder itself.
        try makeLink(folder.file("data/link"), to: target.isEmpty ? folder.file("data/a") : target)
        let error = try #require(await failure(Source(folder.file("data"))))
        #expect(error.code == .unsafePath)
        #expect(error.message.contains("link"))
    }

    @Test func aPipeInAFolderIsRefused() async throws {
        try folder.write("data/a", "one")
        #expect(mkfifo(folder.file("data/pipe"), 0o600) == 0)
        let error = try #require(await failure(Source(folder.file("data"))))
        #expect(error.code == .unsupportedSource)
        #expect(error.message.contains("data/pipe"))
    }

    @Test func aNameThatIsNoTextIsRefused() async throws {
        try folder.write("data/a", "one")
        let name = Array(folder.file("data/").utf8CString.dropLast()) + [CChar(bitPattern: 0xff), 0]
        let descriptor = open(name, O_CREAT | O_WRONLY, 0o600)
        #expect(descriptor >= 0)
        close(descriptor)
        #expect(await failure(Source(folder.file("data")))?.code == .unsafePath)
    }

    @Test func theLimitIsThatOfAllFilesTogether() async throws {
        try folder.write("data/a", "12345")
        try folder.write("data/b", "12345")
        #expect(await failure(Source(folder.file("data"), maxSize: 10)) == nil)
        #expect(await failure(Source(folder.file("data"), maxSize: 9))?.code == .tooLarge)
    }

    @Test func aFolderHasASHA256ButNoMD5() async throws {
        try folder.write("data/a", "one")
        let object = try await fetch()
        let digest = try #require(Digest(.sha256, hexadecimal: object.sha256))
        #expect(try await store.fetch(Source(folder.file("data"), digests: [digest])) == object)
        let other = Source(folder.file("data"), digests: [Digest.of("other")])
        #expect(await failure(other)?.code == .digestMismatch)
        let md5 = Source(folder.file("data"), digests: [Digest.of("other", .md5)])
        #expect(await failure(md5)?.code == .unsupportedSource)
    }

    @Test func aFolderThatABenchmarkWroteToIsLaidOutAnew() async throws {
        try folder.write("data/a", "one")
        chmod(try folder.write("data/run", "two"), 0o755)
        let object = try await fetch()
        let path = try await store.location(of: object)
        try overwrite("\(path)/run", with: Array("bad".utf8))
        unlink("\(path)/a")
        #expect(try await store.location(of: object) == path)
        #expect(try readFile("\(path)/run") == Array("two".utf8))
        #expect(try readFile("\(path)/a") == Array("one".utf8))
    }

    @Test func aLaidOutFolderThatIsGoneIsLaidOutAgain() async throws {
        try folder.write("data/a", "one")
        let object = try await fetch()
        let path = try await store.location(of: object)
        try FileManager.default.removeItem(atPath: path)
        #expect(try await store.location(of: object) == path)
        #expect(try readFile("\(path)/a") == Array("one".utf8))
    }

    @Test func aFolderWhoseFileIsGoneFromTheStoreIsNotFound() async throws {
        try folder.write("data/a", "one")
        let object = try await fetch()
        let file = Digest.of("one").hexadecimal
        unlink(folder.file("objects/sha256/\(file.prefix(2))/\(file)"))
        await #expect { try await store.location(of: object) } throws: {
            ($0 as? ObjectStoreError)?.code == .notFound
        }
        #expect(try await fetch() == object, "fetched again it is whole again")
        _ = try await store.location(of: object)
    }

    @Test func manyMayAskForTheSameFolderAtOnce() async throws {
        for index in 0..<20 { try folder.write("data/\(index)", "\(index)") }
        let object = try await fetch()
        let paths = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<10 { group.addTask { try await store.location(of: object) } }
            return try await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect(paths.count == 1)
        let path = try #require(paths.first)
        #expect(try FileManager.default.contentsOfDirectory(atPath: path).count == 20)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.file("objects/tmp")).isEmpty)
    }

    @Test func aManifestThatSomebodyForgedIsRefused() throws {
        let forged = [
            #"{"version":1,"entries":[{"path":"../a","mode":"0644","sha256":"ab","size":1}]}"#,
            #"{"version":1,"entries":[{"path":"a","mode":"0777","target":".."}]}"#,
            #"{"version":1,"entries":[{"path":"a","mode":"0777","target":"b"},{"path":"a/b","mode":"0755"}]}"#,
            #"{"version":1,"entries":[{"path":"b","mode":"0755"},{"path":"a","mode":"0755"}]}"#,
            #"{"version":1,"entries":[{"path":"a","mode":"0755"},{"path":"a","mode":"0755"}]}"#,
            "[]",
        ]
        for text in forged {
            #expect(throws: ObjectStoreError.self, "\(text)") { try TreeManifest(reading: Array(text.utf8)) }
        }
    }
}

/// Paths that may be followed, and such that may not.
@Suite struct SafePathTests {
    @Test(arguments: [("a", "a"), ("./a//b/", "a/b"), ("..a/b..", "..a/b.."), ("a b", "a b")])
    func aHarmlessPathIsWrittenInOneWay(text: String, path: String) {
        #expect(SafePath(text)?.text == path)
    }

    @Test(arguments: [
        "", ".", "./", "/", "/a", "..", "../a", "a/..", "a/../b", "a\0b",
        String(repeating: "a", count: 256), String(repeating: "a/", count: 101),
    ]) func aHarmfulPathIsNone(text: String) {
        #expect(SafePath(text) == nil)
    }

    @Test func aLinkMayClimbOnlyAsFarAsItIsDeep() throws {
        let path = try #require(SafePath("a/b/link"))
        for target in ["x", "../x", "../../x", "../..", ".", "./x/y"] {
            #expect(path.isSafeLink(to: target), "\(target)")
        }
        for target in ["", "/", "/x", "../../..", "../../../x", "x/../y", "../x/..", "a\0"] {
            #expect(!path.isSafeLink(to: target), "\(target)")
        }
    }
}
