import Descriptors
import Digests
import Events
import ObjectStore
import Runtime
import TestSupport
import Testing

@testable import FetcherService

/// What a descriptor's sources are to the object store, and what the store's answer is to the benchmark.
@Suite struct ContentRequestTests {
    private static let md5 = Digest.of("x", .md5)
    private static let sha256 = Digest.of("x")

    @Test func datasetsComeBeforeTheScriptAndAreKnownByTheirIDOrNumber() {
        let run = RunSubmitted.sample(
            sources: [.init(src: "a", path: "/a"), .init(src: "b", path: "/b", id: "train")], script: ".")
        let requests = ContentRequest.all(of: run)
        #expect(requests.map(\.role) == [.dataset, .dataset, .script])
        #expect(requests.map(\.id) == ["0", "train", "script"])
        #expect(requests.map(\.path) == ["/a", "/b", nil])
    }

    @Test func whatTheDescriptorDemandsIsDemandedOfTheStore() throws {
        let data = Descriptor.DataSource(
            src: "data.zip", path: "/data", md5: Self.md5.hexadecimal, sha256: Self.sha256.hexadecimal,
            unpack: true, maxSize: ByteSize("1000B"))
        let request = try #require(
            ContentRequest.all(of: .sample(sources: [data], directory: "/home/ann")).first)
        #expect(
            request.source
                == Source(
                    "data.zip", directory: "/home/ann", digests: [Self.md5, Self.sha256], unpacks: true,
                    maxSize: 1000))
    }

    @Test(arguments: [
        ("scripts", false), ("run.sh", false), ("scripts.tar", true), ("scripts.TAR.GZ", true),
        ("scripts.tgz", true),
    ]) func aScriptIsUnpackedIfItIsATarArchive(script: String, unpacks: Bool) throws {
        let request = try #require(ContentRequest.all(of: .sample(script: script)).first)
        #expect(request.source.unpacks == unpacks)
    }

    @Test func secretsOfAURLDoNotGoOn() throws {
        let data = Descriptor.DataSource(src: "https://me:secret@example.org/a?token=secret", path: "/a")
        let request = try #require(ContentRequest.all(of: .sample(sources: [data])).first)
        let content = request.content(StoredObject(kind: .directory, sha256: "ab", size: 5))
        #expect(content.source == "https://example.org/a")
        #expect(content.kind == .directory && content.sha256 == "ab" && content.size == 5)
    }
}
