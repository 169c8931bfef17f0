import Digests
import FoundationEssentials
import Glibc
import Runtime
import TestSupport
import Testing

@testable import ObjectStore

/// Archives, good ones and such as were made to do harm.
@Suite struct ArchiveTests {
    let folder: TemporaryFolder
    let store: FolderStore

    init() async throws {
        folder = try TemporaryFolder()
        store = try await FolderStore.open(folder.file("objects"))
    }

    private func source(_ bytes: [UInt8], maxSize: Int64? = nil) throws -> Source {
        let path = folder.file("archive")
        try Data(bytes).write(to: URL(filePath: path))
        return Source(path, unpacks: true, maxSize: maxSize)
    }

    private func failure(_ bytes: [UInt8], maxSize: Int64? = nil) async throws -> ObjectStoreError? {
        let source = try source(bytes, maxSize: maxSize)
        do {
            _ = try await store.fetch(source)
            return nil
        } catch { return error }
    }

    /// That nothing of what was refused is left where it could be found.
    private func expectNothingLaidOut(sourceLocation: SourceLocation = #_sourceLocation) throws {
        for name in ["trees", "tmp"] {
            let names = try FileManager.default.contentsOfDirectory(atPath: folder.file("objects/\(name)"))
            #expect(names.isEmpty, "\(name)", sourceLocation: sourceLocation)
        }
    }

    @Test(arguments: [PackedFiles.zip, PackedFiles.tarGzip])
    func anArchiveBecomesTheFolderThatWasPacked(archive: [UInt8]) async throws {
        let object = try await store.fetch(try source(archive))
        #expect(object.kind == .directory && object.size == 1010)
        let path = try await store.location(of: object)
        let names = try FileManager.default.subpathsOfDirectory(atPath: path)
        #expect(names.sorted() == PackedFiles.names)
        #expect(try readFile("\(path)/link") == [UInt8](repeating: 0x30, count: 1000))
        #expect(try mode(of: "\(path)/data/run") == 0o555)
        #expect(try mode(of: "\(path)/data/zeros") == 0o444)
    }

    @Test func theSameContentIsTheSameObjectHoweverItWasPacked() async throws {
        var tar = TarFile()
        tar.add("link", kind: .link, mode: 0o777, link: "data/zeros")
        tar.add("data/run", "#!/bin/sh\n", mode: 0o700)
        tar.add("data/zeros", String(repeating: "0", count: 1000))
        tar.add("data/", kind: .folder, mode: 0o700)
        let objects = [
            try await store.fetch(try source(PackedFiles.zip)),
            try await store.fetch(try source(PackedFiles.tarGzip)),
            try await store.fetch(try source(tar.finished)),
        ]
        #expect(Set(objects).count == 1)
    }

    @Test func anArchiveIsUnpackedOnlyWhenThatIsAskedFor() async throws {
        var source = try source(PackedFiles.tarGzip)
        source.unpacks = false
        let object = try await store.fetch(source)
        #expect(object.kind == .file && object.sha256 == Digest.of(PackedFiles.tarGzip).hexadecimal)
        source.unpacks = true
        #expect(try await store.fetch(source).kind == .directory)
    }

    @Test func theDigestsAreTheArchivesOwn() async throws {
        var source = try source(PackedFiles.zip)
        source.digests = [Digest.of(PackedFiles.zip), Digest.of(PackedFiles.zip, .md5)]
        #expect(try await store.fetch(source).kind == .directory)
        source.digests = [Digest.of("another")]
        await #expect { try await store.fetch(source) } throws: {
            ($0 as? ObjectStoreError)?.code == .digestMismatch
        }
    }

    @Test func aFolderStaysAFolderWhenUnpackingIsAskedFor() async throws {
        try folder.write("data/a", "a")
        let object = try await store.fetch(Source(folder.file("data"), unpacks: true))
        #expect(object.kind == .directory)
    }

    @Test func namesBeyondASCIIAreKept() async throws {
        var tar = TarFile()
        tar.add("dätä/测试.txt", "x")
        let path = try await store.location(of: try await store.fetch(try source(tar.finished)))
        #expect(try readFile("\(path)/dätä/测试.txt") == Array("x".utf8))
    }

    @Test func anotherNameOfAFileIsThatFile() async throws {
        var tar = TarFile()
        tar.add("a", "content", mode: 0o755)
        tar.add("b", kind: .hardLink, link: "a")
        let object = try await store.fetch(try source(tar.finished))
        let path = try await store.location(of: object)
        #expect(try readFile("\(path)/b") == Array("content".utf8))
        #expect(try mode(of: "\(path)/b") == 0o555)
    }

    /// Entries of which each alone must condemn the archive.
    static let harmful: [(String, TarFile.Kind, String, ObjectStoreError.Code)] = [
        ("../out", .file, "", .unsafePath),
        ("a/../../out", .file, "", .unsafePath),
        ("a/..", .folder, "", .unsafePath),
        ("..", .folder, "", .unsafePath),
        ("/out", .file, "", .unsafePath),
        ("link", .link, "/etc/passwd", .unsafePath),
        ("link", .link, "..", .unsafePath),
        ("a/link", .link, "../../out", .unsafePath),
        ("a/link", .link, "b/../../../out", .unsafePath),
        ("link", .hardLink, "/etc/passwd", .unsafePath),
        ("link", .hardLink, "../out", .unsafePath),
        ("link", .hardLink, "missing", .badArchive),
        ("device", .characterDevice, "", .unsafePath),
        ("device", .blockDevice, "", .unsafePath),
        ("pipe", .pipe, "", .unsafePath),
    ]

    @Test(arguments: harmful) func anEntryThatLeadsOutCondemnsTheArchive(
        name: String, kind: TarFile.Kind, link: String, code: ObjectStoreError.Code
    ) async throws {
        var tar = TarFile()
        tar.add("good", "good")
        tar.add(name, kind: kind, link: link)
        let error = try #require(try await failure(tar.finished))
        #expect(error.code == code)
        #expect(!exists(folder.file("out")) && !exists(folder.file("objects/out")))
        try expectNothingLaidOut()
    }

    @Test func nothingIsWrittenThroughALink() async throws {
        var tar = TarFile()
        tar.add("here", kind: .link, link: ".")
        tar.add("here/file", "x")
        #expect(try await failure(tar.finished)?.code == .unsafePath)
        try expectNothingLaidOut()
    }

    @Test func aLinkToALinkDoesNotLeadOutEither() async throws {
        var tar = TarFile()
        // Each of them is harmless; `deep` is the root itself, so that a name below it would climb further than it looks.
        tar.add("a/deep", kind: .link, link: "..")
        tar.add("out", kind: .link, link: "a/deep/..")
        #expect(try await failure(tar.finished)?.code == .unsafePath)
    }

    @Test func aLinkThatStaysInsideIsKept() async throws {
        var tar = TarFile()
        tar.add("a/file", "x")
        tar.add("b/link", kind: .link, link: "../a/file")
        let path = try await store.location(of: try await store.fetch(try source(tar.finished)))
        #expect(try readFile("\(path)/b/link") == Array("x".utf8))
    }

    @Test func ofANameThatComesTwiceTheLastStands() async throws {
        var tar = TarFile()
        tar.add("a", "old")
        tar.add("a", "new!")
        let object = try await store.fetch(try source(tar.finished))
        #expect(object.size == 4, "only what is there in the end counts")
        #expect(try readFile("\(try await store.location(of: object))/a") == Array("new!".utf8))
    }

    @Test func aFileThatEndsWithAHoleHasItsZeros() async throws {
        var tar = TarFile()
        tar.addHole("zeros", size: 300_000)
        let object = try await store.fetch(try source(tar.finished))
        #expect(object.size == 300_000)
        let path = try await store.location(of: object)
        #expect(try readFile("\(path)/zeros") == [UInt8](repeating: 0, count: 300_000))
    }

    @Test func moreThanIsAllowedIsNotUnpacked() async throws {
        var tar = TarFile()
        for index in 0..<20 { tar.addHole("zeros\(index)", size: 100_000) }
        #expect(try await failure(tar.finished, maxSize: 1_000_000)?.code == .tooLarge)
        try expectNothingLaidOut()
    }

    @Test func aBombIsFoundOutWhereNoLimitIsGiven() async throws {
        var tar = TarFile()
        tar.addHole("zeros", size: 1 << 32)
        let error = try #require(try await failure(tar.finished))
        #expect(error.code == .tooLarge)
        try expectNothingLaidOut()
    }

    @Test func theLimitHoldsForWhatWasUnpackedBeforeToo() async throws {
        #expect(try await store.fetch(try source(PackedFiles.tarGzip)).size == 1010)
        #expect(try await failure(PackedFiles.tarGzip, maxSize: 1009)?.code == .tooLarge)
    }

    @Test func whatIsNoArchiveOrADamagedOneIsSaidToBeSo() async throws {
        var tar = TarFile()
        tar.add("a", String(repeating: "a", count: 5000))
        let cut = Array(tar.bytes.prefix(2000))
        let cutGzip = Array(PackedFiles.tarGzip.prefix(100))
        var flipped = PackedFiles.zip
        flipped[80] ^= 0xff
        for bytes in [Array("this is no archive".utf8), cut, cutGzip, flipped] {
            let error = try #require(try await failure(bytes))
            #expect(error.code == .badArchive, "\(error)")
            #expect(error.message.contains("archive"))
        }
        try expectNothingLaidOut()
    }

    @Test func whatWasUnpackedOnceIsNotUnpackedAgain() async throws {
        let object = try await store.fetch(try source(PackedFiles.zip))
        let file = folder.file("objects/sha256/" + object.sha256.prefix(2) + "/" + object.sha256)
        let before = try inode(of: file)
        #expect(try await store.fetch(try source(PackedFiles.zip)) == object)
        #expect(try inode(of: file) == before)
    }
}
