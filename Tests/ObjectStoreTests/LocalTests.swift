import Digests
import FoundationEssentials
import Glibc
import Runtime
import TestSupport
import Testing

@testable import ObjectStore

/// Files and folders of this machine.
@Suite struct LocalTests {
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

    private func read(_ object: StoredObject, _ name: String = "") async throws -> String {
        let path = try await store.location(of: object)
        return String(decoding: try readFile(name.isEmpty ? path : "\(path)/\(name)"), as: UTF8.self)
    }

    @Test func aFileIsKeptUnderTheNameOfItsContent() async throws {
        let object = try await store.fetch(Source(try folder.write("data.csv", "1,2,3")))
        #expect(object == StoredObject(kind: .file, sha256: Digest.of("1,2,3").hexadecimal, size: 5))
        #expect(try await read(object) == "1,2,3")
        let path = try await store.location(of: object)
        #expect(path.hasSuffix(object.sha256))
        #expect(try mode(of: path) == 0o444)
    }

    @Test func equalContentsAreOneObject() async throws {
        let first = try await store.fetch(Source(try folder.write("a", "same")))
        let second = try await store.fetch(Source(try folder.write("b", "same")))
        #expect(first == second)
        let path = try await store.location(of: first)
        #expect(try await store.location(of: second) == path)
    }

    @Test func whatIsInTheStoreStaysWhenTheSourceChanges() async throws {
        let path = try folder.write("a", "before")
        let before = try await store.fetch(Source(path))
        try folder.write("a", "after!")
        let after = try await store.fetch(Source(path))
        #expect(try await read(before) == "before")
        #expect(try await read(after) == "after!")
    }

    @Test(arguments: ["data/a b.csv", "file:data/a%20b.csv", "./data/../data/a b.csv"])
    func aRelativePathStartsFromTheDescriptorsFolder(text: String) async throws {
        try folder.write("data/a b.csv", "x")
        let object = try await store.fetch(Source(text, directory: folder.path))
        #expect(try await read(object) == "x")
    }

    @Test func aRelativePathFromNowhereIsRefusedWithAdvice() async throws {
        let error = try #require(await failure(Source("data.csv")))
        #expect(error.code == .unsupportedSource)
        #expect(error.message.contains("absolute path"))
    }

    @Test func aFileURLNamesAFileOfThisMachine() async throws {
        let path = try folder.write("a", "x")
        for text in ["file:\(path)", "file://\(path)", "file://localhost\(path)", "FILE://\(path)"] {
            let object = try await store.fetch(Source(text))
            #expect(try await read(object) == "x")
        }
        #expect(await failure(Source("file://elsewhere\(path)"))?.code == .unsupportedSource)
    }

    @Test(arguments: ["s3://bucket/key", "ftp://example.org/a", "gs://bucket/key", "", "a\0b", "file:"])
    func whatCannotBeFetchedIsSaidToBeUnsupported(text: String) async throws {
        #expect(await failure(Source(text, directory: "/"))?.code == .unsupportedSource)
    }

    @Test func whatIsNotThereIsNotFound() async throws {
        let error = try #require(await failure(Source(folder.file("missing"))))
        #expect(error.code == .notFound)
        #expect(error.message.contains(folder.file("missing")))
        try folder.write("file", "")
        #expect(await failure(Source(folder.file("file/below")))?.code == .notFound)
    }

    @Test(.enabled(if: geteuid() != 0, "the superuser may read everything"))
    func whatMayNotBeReadIsDenied() async throws {
        let path = try folder.write("secret", "x")
        chmod(path, 0)
        #expect(await failure(Source(path))?.code == .accessDenied)
    }

    @Test func aPipeAndADeviceAreRefusedAtOnce() async throws {
        let pipe = folder.file("pipe")
        #expect(mkfifo(pipe, 0o600) == 0)
        #expect(await failure(Source(pipe))?.code == .unsupportedSource)
        #expect(await failure(Source("/dev/zero"))?.code == .unsupportedSource)
    }

    @Test func eachDigestHasToMatch() async throws {
        let path = try folder.write("a", "x")
        let right = [Digest.of("x"), Digest.of("x", .md5)]
        #expect(await failure(Source(path, digests: right)) == nil)
        for wrong in [[Digest.of("y")], [Digest.of("y", .md5)], [right[0], Digest.of("y", .md5)]] {
            let error = try #require(await failure(Source(path, digests: wrong)))
            #expect(error.code == .digestMismatch)
            #expect(wrong.contains { error.message.contains($0.hexadecimal) }, "it says what was expected")
        }
    }

    @Test func aFileMayHaveAsManyBytesAsAllowed() async throws {
        let path = try folder.write("a", "12345")
        #expect(await failure(Source(path, maxSize: 5)) == nil)
        let error = try #require(await failure(Source(path, maxSize: 4)))
        #expect(error.code == .tooLarge && error.message.contains("max_size"))
    }

    @Test func aContentThatIsGoneIsNotFound() async throws {
        let file = try await store.fetch(Source(try folder.write("data/a", "x")))
        let tree = try await store.fetch(Source(folder.file("data")))
        for object in [file, tree] { _ = try await store.location(of: object) }
        for object in [file, tree] {
            unlink(folder.file("objects/sha256/\(object.sha256.prefix(2))/\(object.sha256)"))
            await #expect { try await store.location(of: object) } throws: {
                ($0 as? ObjectStoreError)?.code == .notFound
            }
        }
    }

    @Test func whatIsGoneComesBackWhenItIsFetchedAgain() async throws {
        let source = Source(try folder.write("a", "x"))
        let object = try await store.fetch(source)
        unlink(try await store.location(of: object))
        #expect(try await store.fetch(source) == object)
        #expect(try await read(object) == "x")
    }

    @Test func anotherProgramFindsWhatThisOneFetched() async throws {
        let object = try await store.fetch(Source(try folder.write("data/a", "x")))
        let other = try await FolderStore.open(folder.file("objects"))
        #expect(try await other.location(of: object) == store.location(of: object))
    }

    @Test func manyWhoWantTheSameGetTheSame() async throws {
        let source = Source(try folder.write("a", "x"))
        let objects = try await withThrowingTaskGroup(of: StoredObject.self) { group in
            for _ in 0..<10 { group.addTask { try await store.fetch(source) } }
            return try await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect(objects.count == 1)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.file("objects/tmp")).isEmpty)
    }

    @Test func whatKilledProgramsLeftIsRemovedWhenItIsOld() async throws {
        let old = try folder.write("objects/tmp/old", "x")
        let new = try folder.write("objects/tmp/new", "x")
        let long = timeval(tv_sec: time(nil) - 100_000, tv_usec: 0)
        #expect(utimes(old, [long, long]) == 0)
        _ = try await FolderStore.open(folder.file("objects"))
        #expect(!exists(old))
        #expect(exists(new), "somebody may be writing it")
    }

    @Test func aStoreWithoutAFolderIsUnavailable() async throws {
        let path = try folder.write("file", "")
        await #expect { try await FolderStore.open("\(path)/objects") } throws: {
            ($0 as? ObjectStoreError)?.isTransient == true
        }
    }
}
