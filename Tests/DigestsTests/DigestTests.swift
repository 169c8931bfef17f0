import Digests
import TestSupport
import Testing

@Suite struct DigestTests {
    @Test(arguments: [
        ("", "d41d8cd98f00b204e9800998ecf8427e"),
        ("foo", "acbd18db4cc2f85cedef654fccc4a4d8"),
        ("message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
    ])
    func md5GivesThePublishedValues(text: String, value: String) {
        #expect(Digest.of(text, .md5).hexadecimal == value)
    }

    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
    ])
    func sha256GivesThePublishedValues(text: String, value: String) {
        #expect(Digest.of(text).hexadecimal == value)
    }

    @Test(arguments: Digest.Algorithm.allCases)
    func piecesGiveTheSameAsTheWhole(algorithm: Digest.Algorithm) {
        let content = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let digest = IncrementalDigest(algorithm)
        for start in stride(from: 0, to: content.count, by: 777) {
            digest.update(content[start..<min(start + 777, content.count)])
        }
        #expect(digest.finalize() == Digest.of(content, algorithm))
    }

    @Test func aCollectionThatIsNotContiguousIsReadToo() {
        #expect(Digest.of("cba".utf8.reversed()) == Digest.of("abc"))
    }

    @Test func aDigestSurvivesItsText() {
        let digest = Digest.of("foo", .md5)
        #expect(digest.description == "md5:acbd18db4cc2f85cedef654fccc4a4d8")
        #expect(Digest(digest.description) == digest)
        #expect(Digest(.md5, hexadecimal: "ACBD18DB4CC2F85CEDEF654FCCC4A4D8") == digest)
    }

    @Test(arguments: [
        "", "md5", "md5:", "md5:abc", "md5:zz", "sha1:00", "sha256:acbd18db4cc2f85cedef654fccc4a4d8",
    ])
    func whatIsNoDigestIsRefused(text: String) {
        #expect(Digest(text) == nil)
    }

    @Test func aFileLongerThanAChunkHasTheDigestOfItsContent() throws {
        let folder = try TemporaryFolder()
        let text = String(repeating: "benchmark\n", count: 50_000)
        let path = try folder.write("data", text)
        #expect(try Digest.ofFile(path) == Digest.of(text))
    }

    @Test func aMissingFileAndAFolderHaveNoDigest() throws {
        let folder = try TemporaryFolder()
        let missing = #expect(throws: DigestError.self) { try Digest.ofFile(folder.file("none")) }
        #expect(missing?.code == .notFound)
        #expect(missing?.message == "open \(folder.file("none")): No such file or directory")
        let directory = #expect(throws: DigestError.self) { try Digest.ofFile(folder.path) }
        #expect(directory?.code == .unreadable)
    }

    @Test func aDigestCannotBeUpdatedAfterItsEnd() async {
        await #expect(processExitsWith: .failure) {
            let digest = IncrementalDigest(.sha256)
            _ = digest.finalize()
            digest.update([1])
        }
    }
}
