import Digests
import FoundationEssentials
import Glibc
import ObjectStore
import TestSupport
import Testing

@Suite struct FolderTarTests {
    private let folder: TemporaryFolder
    private let store: FolderStore

    init() async throws {
        folder = try TemporaryFolder()
        store = try await FolderStore.open(folder.file("objects"))
    }

    private func packed(_ path: String) async throws -> [UInt8] {
        let tar = FolderTar(of: path)
        var bytes: [UInt8] = []
        while let piece = try await tar.next() { bytes += piece }
        return bytes
    }

    /// A folder with all that an archive can hold, and names that its form has trouble with.
    private func sample(_ name: String = "sample") throws -> String {
        try folder.write("\(name)/train.py", "print('hello')\n")
        chmod(try folder.write("\(name)/run.sh", "#!/bin/sh\n"), 0o755)
        try folder.write("\(name)/empty", "")
        try folder.write("\(name)/a/b/c.txt", String(repeating: "x", count: 513))
        try folder.write("\(name)/größe/模型.txt", "unicode")
        let long = String(repeating: "long/", count: 40) + String(repeating: "n", count: 150)
        try folder.write("\(name)/\(long)", "deep")
        try folder.write("\(name)/large", String(repeating: "0123456789", count: 100_000))
        symlink("a/b/c.txt", folder.file("\(name)/link"))
        symlink(long, folder.file("\(name)/far"))
        mkdir(folder.file("\(name)/hollow"), 0o700)
        return folder.file(name)
    }

    /// Uploads bytes and unpacks them, as a run does.
    private func unpacked(_ bytes: [UInt8]) async throws -> StoredObject {
        let path = store.uploadPath()
        try Data(bytes).write(to: URL(filePath: path))
        let sha256 = Digest.of(bytes).hexadecimal
        #expect(try await store.adopt(path, as: sha256) == Int64(bytes.count))
        return try await store.fetch(Source("upload:\(sha256)", unpacks: true))
    }

    @Test func whatIsUnpackedIsWhatWasPacked() async throws {
        let path = try sample()
        let uploaded = try await unpacked(try await packed(path))
        // The digest of a folder is over everything in it: names, contents, links, modes.
        #expect(try await store.fetch(Source(path)) == uploaded)
    }

    @Test func theSameContentIsTheSameBytesWhereverAndWhenever() async throws {
        let first = try await packed(try sample("one"))
        let other = try sample("two")
        var times = [timeval(tv_sec: 1, tv_usec: 0), timeval(tv_sec: 1, tv_usec: 0)]
        utimes("\(other)/train.py", &times)
        chmod("\(other)/train.py", 0o600)
        #expect(try await packed(other) == first)
        try folder.write("two/train.py", "print('bye')\n")
        #expect(try await packed(other) != first)
    }

    @Test func aStrangersTarReadsIt() async throws {
        let file = folder.file("s.tar")
        try Data(try await packed(try sample())).write(to: URL(filePath: file))
        let out = folder.file("out")
        mkdir(out, 0o700)
        let output = try await Programs.run(
            "/usr/bin/tar", ["-xf", file, "-C", out],
            environment: ["PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"])
        #expect(output.succeeded && output.standardError.isEmpty, "\(output.standardError)")
        let difference = try await Programs.run(
            "/usr/bin/diff", ["-r", folder.file("sample"), out], environment: ["PATH": "/usr/bin:/bin"])
        #expect(difference.succeeded, "\(difference.standardOutput)")
    }

    @Test func aSingleFileStandsUnderItsOwnName() async throws {
        let path = try folder.write("only.py", "print(1)\n")
        let object = try await unpacked(try await packed(path))
        #expect(object.kind == .directory)
        let place = try await store.location(of: object)
        #expect(try bytes(of: "\(place)/only.py") == Array("print(1)\n".utf8))
    }

    @Test func whatLeadsOutOfTheFolderIsNotPacked() async throws {
        try folder.write("bad/a", "")
        symlink("/etc/passwd", folder.file("bad/out"))
        let error = await #expect(throws: ObjectStoreError.self) { try await packed(folder.file("bad")) }
        #expect(error?.code == .unsafePath)
        try folder.write("pipe/a", "")
        mkfifo(folder.file("pipe/p"), 0o600)
        let other = await #expect(throws: ObjectStoreError.self) { try await packed(folder.file("pipe")) }
        #expect(other?.code == .unsupportedSource)
        let none = await #expect(throws: ObjectStoreError.self) { try await packed(folder.file("none")) }
        #expect(none?.code == .notFound)
    }

    @Test func anUploadThatIsNotWhatItSaysIsNotTaken() async throws {
        let path = store.uploadPath()
        try Data("hello".utf8).write(to: URL(filePath: path))
        let sha256 = Digest.of("bye").hexadecimal
        let error = await #expect(throws: ObjectStoreError.self) { try await store.adopt(path, as: sha256) }
        #expect(error?.code == .digestMismatch)
        #expect(try await store.size(of: sha256) == nil)
    }

    @Test(arguments: [
        "upload:", "upload:../../etc/passwd", "upload:abc", "upload:" + String(repeating: "g", count: 64),
    ])
    func whatIsNoDigestNamesNoUpload(source: String) async throws {
        let error = await #expect(throws: ObjectStoreError.self) { try await store.fetch(Source(source)) }
        #expect(error?.code == .unsupportedSource)
    }

    @Test func anUploadThatIsGoneIsSaidSo() async throws {
        let source = Source("upload:\(Digest.of("gone").hexadecimal)", unpacks: true)
        let error = await #expect(throws: ObjectStoreError.self) { try await store.fetch(source) }
        #expect(error?.code == .notFound)
    }
}
