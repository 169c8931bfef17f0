import Digests
import Dispatch
import Runtime
import TestSupport
import Testing

@testable import ObjectStore

/// Fetching from a web server that is not always what it should be.
@Suite struct WebTests {
    static let content = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
    static let sha256 = Digest.of(content)
    static let md5 = Digest.of(content, .md5)

    let folder: TemporaryFolder
    let time = ImpatientTime()

    init() throws { folder = try TemporaryFolder() }

    private func store(idleTimeout: Duration = .seconds(20)) async throws -> FolderStore {
        var settings = FolderStore.Settings()
        settings.idleTimeout = idleTimeout
        return try await FolderStore.open(folder.file("objects"), time: time, settings: settings)
    }

    private func failure(_ store: FolderStore, _ source: Source) async -> ObjectStoreError? {
        do {
            _ = try await store.fetch(source)
            return nil
        } catch {
            return error
        }
    }

    private func expectContent(
        _ object: StoredObject, in store: FolderStore, _ content: [UInt8] = content,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        #expect(object.kind == .file && object.size == content.count, sourceLocation: sourceLocation)
        let path = try await store.location(of: object)
        #expect(try readFile(path) == content, sourceLocation: sourceLocation)
    }

    @Test func aFileIsFetchedVerifiedAndMadeReadOnly() async throws {
        let server = try FaultServer(Answers.good(Self.content))
        let store = try await store()
        let object = try await store.fetch(Source(server.url, digests: [Self.sha256, Self.md5]))
        #expect(object == StoredObject(kind: .file, sha256: Self.sha256.hexadecimal, size: 300_000))
        try await expectContent(object, in: store)
        #expect(try mode(of: try await store.location(of: object)) == 0o444)
    }

    @Test func manyWhoWantTheSameAtOnceDownloadItOnce() async throws {
        let server = try FaultServer(Answers.good(Self.content))
        let stores = [try await store(), try await store()]
        let objects = try await withThrowingTaskGroup(of: StoredObject.self) { group in
            for index in 0..<10 {
                // Two stores on one folder are as two programs; those of one see each other's digests.
                group.addTask {
                    try await stores[index % 2].fetch(Source(server.url, digests: [Self.sha256]))
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(objects.count == 10 && Set(objects).count == 1)
        #expect(server.requests.count == 1)
    }

    @Test func whatIsThereByItsDigestIsNotAskedForAgain() async throws {
        let server = try FaultServer(Answers.good(Self.content))
        let source = Source(server.url, digests: [Self.md5])
        _ = try await store().fetch(source)
        _ = try await store().fetch(source)
        _ = try await store().fetch(Source("http://127.0.0.1:1/elsewhere", digests: [Self.sha256]))
        #expect(server.requests.count == 1)
    }

    @Test func withoutADigestTheServerIsAskedWhetherItHasChanged() async throws {
        let other = Array(Self.content.reversed())
        let server = try FaultServer(
            Answers.good(Self.content), Answers.good(Self.content), Answers.good(other, etag: "\"two\""))
        let store = try await store()
        let first = try await store.fetch(Source(server.url))
        #expect(try await store.fetch(Source(server.url)) == first)
        #expect(server.requests.map { $0.header("If-None-Match") } == [nil, "\"one\""])
        try await expectContent(try await store.fetch(Source(server.url)), in: store, other)
    }

    @Test func aCutDownloadGoesOnWhereItWasCut() async throws {
        let server = try FaultServer(Answers.cut(Self.content, after: 100_000), Answers.good(Self.content))
        let store = try await store()
        try await expectContent(try await store.fetch(Source(server.url, digests: [Self.sha256])), in: store)
        #expect(server.requests.count == 2)
        #expect(server.requests.last?.rangeStart == 100_000)
        #expect(server.requests.last?.header("If-Range") == "\"one\"")
    }

    @Test func aKilledDownloadIsTakenUpByTheNextProgram() async throws {
        let goOn = Locked(false)
        let stuck: FaultServer.Answer = { _, connection in
            connection.write(Answers.head("200 OK", "Content-Length: 300000", "ETag: \"one\""))
            connection.write(Array(Self.content.prefix(100_000)))
            // The peer's end is the kill.
            _ = connection.read()
            goOn.withLock { $0 = true }
        }
        let server = try FaultServer(stuck, Answers.good(Self.content))
        let first = try await store()
        let task = Task { try await first.fetch(Source(server.url)) }
        let partial = folder.file("objects/partial/\(SourceIndex.key(server.url))")
        #expect(await eventually { (try? readFile(partial).count) == 100_000 })
        task.cancel()
        #expect(await eventually { goOn.withLock { $0 } })
        let second = try await store()
        try await expectContent(try await second.fetch(Source(server.url)), in: second)
        #expect(server.requests.last?.rangeStart == 100_000)
    }

    @Test func aContentThatChangesBetweenTheTriesIsFetchedWhole() async throws {
        let other = Array(Self.content.reversed())
        let server = try FaultServer(
            Answers.cut(Self.content, after: 100_000), Answers.good(other, etag: "\"two\""))
        let store = try await store()
        try await expectContent(try await store.fetch(Source(server.url)), in: store, other)
    }

    @Test func partsOfDifferentContentsAreFoundOutByTheDigest() async throws {
        let other = Array(Self.content.reversed())
        // No validator, so that the server cannot tell; the first part is of another content.
        let server = try FaultServer(
            Answers.cut(other, after: 100_000, etag: nil), Answers.good(Self.content))
        let store = try await store()
        try await expectContent(try await store.fetch(Source(server.url, digests: [Self.sha256])), in: store)
        #expect(server.requests.map(\.rangeStart) == [nil, 100_000, nil])
    }

    @Test func aServerThatKnowsNoRangesIsAskedForTheWhole() async throws {
        let whole: FaultServer.Answer = { _, connection in
            connection.write(Answers.head("200 OK", "Content-Length: 300000"))
            connection.write(Self.content)
        }
        let server = try FaultServer(Answers.cut(Self.content, after: 100_000), whole)
        let store = try await store()
        try await expectContent(try await store.fetch(Source(server.url)), in: store)
    }

    @Test func aPartThatNobodyAskedForIsNotTaken() async throws {
        let wrong: FaultServer.Answer = { _, connection in
            connection.write(
                Answers.head("206 Partial Content", "Content-Range: bytes 0-9/300000", "Content-Length: 10"))
            connection.write(Array(Self.content.prefix(10)))
        }
        let server = try FaultServer(
            Answers.cut(Self.content, after: 100_000), wrong, Answers.good(Self.content))
        let store = try await store()
        try await expectContent(try await store.fetch(Source(server.url)), in: store)
    }

    @Test func aWrongDigestIsSaidAndNothingIsKept() async throws {
        let server = try FaultServer(Answers.good(Self.content))
        let store = try await store()
        let wrong = Digest.of("something else")
        let error = try #require(await failure(store, Source(server.url, digests: [wrong])))
        #expect(error.code == .digestMismatch)
        #expect(error.message.contains(wrong.hexadecimal) && error.message.contains(Self.sha256.hexadecimal))
        // Nor is it the beginning of the next try.
        #expect(await failure(store, Source(server.url, digests: [wrong]))?.code == .digestMismatch)
        #expect(server.requests.map(\.rangeStart) == [nil, nil])
    }

    @Test func bothDigestsHaveToMatch() async throws {
        let server = try FaultServer(Answers.good(Self.content))
        let store = try await store()
        let wrong = Digest.of("something else", .md5)
        #expect(
            await failure(store, Source(server.url, digests: [Self.sha256, wrong]))?.code == .digestMismatch)
        _ = try await store.fetch(Source(server.url, digests: [Self.sha256]))
        #expect(
            await failure(store, Source(server.url, digests: [Self.sha256, wrong]))?.code == .digestMismatch)
    }

    @Test(arguments: ["500 Oops", "502 Oops", "503 Oops", "504 Oops", "429 Slow down", "408 Late"])
    func aFailureThatPassesIsTriedAgain(status: String) async throws {
        let server = try FaultServer(
            Answers.status(status), Answers.status(status), Answers.good(Self.content))
        let store = try await store()
        try await expectContent(try await store.fetch(Source(server.url)), in: store)
        #expect(time.slept.count == 2)
    }

    @Test func whoAsksForAWaitGetsIt() async throws {
        let server = try FaultServer(
            Answers.status("429 Slow down", "Retry-After: 7"), Answers.good(Self.content))
        _ = try await store().fetch(Source(server.url))
        #expect(time.slept == [.seconds(7)])
    }

    @Test func aServerThatStaysDownEndsTheFetchWithItsAnswer() async throws {
        let server = try FaultServer(Answers.status("503 Oops"))
        let error = try #require(await failure(try await store(), Source(server.url)))
        #expect(error.code == .downloadFailed)
        #expect(error.message.contains("503") && error.message.contains("6 tries"))
        #expect(server.requests.count == 6)
    }

    @Test func aDownloadThatGetsFurtherEachTimeIsNotGivenUp() async throws {
        let step = 20_000
        let piece: FaultServer.Answer = { request, connection in
            let start = request.rangeStart ?? 0
            let status = start == 0 ? "200 OK" : "206 Partial Content"
            connection.write(
                Answers.head(
                    status, "Content-Range: bytes \(start)-299999/300000",
                    "Content-Length: \(300_000 - start)",
                    "ETag: \"one\""))
            connection.write(Array(Self.content[start..<min(start + step, 300_000)]))
        }
        let server = try FaultServer(piece)
        let store = try await store()
        try await expectContent(try await store.fetch(Source(server.url, digests: [Self.sha256])), in: store)
        #expect(server.requests.count == 15)
    }

    @Test(arguments: [
        ("404 Not found", ObjectStoreError.Code.notFound), ("410 Gone", .notFound),
        ("401 Who", .accessDenied),
        ("403 No", .accessDenied), ("400 What", .downloadFailed), ("304 Same", .downloadFailed),
    ]) func aRefusalIsNotRetried(status: String, code: ObjectStoreError.Code) async throws {
        let server = try FaultServer(Answers.status(status))
        let error = try #require(await failure(try await store(), Source(server.url)))
        #expect(error.code == code)
        #expect(server.requests.count == 1 || status.hasPrefix("304"))
    }

    @Test func nobodyListeningIsADownloadThatFailed() async throws {
        let error = try #require(await failure(try await store(), Source("http://127.0.0.1:1/x")))
        #expect(error.code == .downloadFailed)
    }

    @Test func moreThanIsAllowedIsRefusedByWhatTheServerSays() async throws {
        let server = try FaultServer(Answers.good(Self.content))
        let error = try #require(await failure(try await store(), Source(server.url, maxSize: 299_999)))
        #expect(error.code == .tooLarge)
        let fits = try await store().fetch(Source(server.url, maxSize: 300_000))
        #expect(fits.size == 300_000)
    }

    @Test func moreThanIsAllowedIsRefusedWhateverTheServerSays() async throws {
        let liar: FaultServer.Answer = { _, connection in
            connection.write(Answers.head("200 OK", "Transfer-Encoding: chunked"))
            while connection.write("4000\r\n" + String(repeating: "x", count: 0x4000) + "\r\n") {}
        }
        let server = try FaultServer(liar)
        #expect(await failure(try await store(), Source(server.url, maxSize: 100_000))?.code == .tooLarge)
    }

    @Test func aServerThatFallsSilentIsGivenUp() async throws {
        let silent: FaultServer.Answer = { _, connection in
            connection.write(Answers.head("200 OK", "Content-Length: 300000"))
            _ = connection.read()
        }
        let server = try FaultServer(silent)
        let store = try await store(idleTimeout: .milliseconds(100))
        #expect(await failure(store, Source(server.url))?.code == .downloadFailed)
        #expect(server.requests.count == 6)
    }

    @Test func aRedirectIsFollowedButNotForEverAndNotToFiles() async throws {
        let target = try FaultServer(Answers.good(Self.content))
        let store = try await store()
        let there = try FaultServer(Answers.status("302 There", "Location: \(target.url)"))
        try await expectContent(try await store.fetch(Source(there.url)), in: store)
        let circle = try FaultServer(Answers.status("302 There", "Location: /again"))
        #expect(await failure(store, Source(circle.url))?.code == .downloadFailed)
        #expect(circle.requests.count == 11)
        let file = try FaultServer(Answers.status("302 There", "Location: file:///etc/passwd"))
        #expect(await failure(store, Source(file.url))?.code == .downloadFailed)
    }

    @Test func whoLeavesDoesNotTakeTheDownloadFromTheOthers() async throws {
        let isAsked = Locked(false)
        let mayAnswer = DispatchSemaphore(value: 0)
        let late: FaultServer.Answer = { request, connection in
            isAsked.withLock { $0 = true }
            mayAnswer.wait()
            // Whoever came too late to share the first download asks for a second, and must be answered too.
            mayAnswer.signal()
            Answers.good(Self.content)(request, connection)
        }
        let server = try FaultServer(late)
        let store = try await store()
        let leaver = Task { try await store.fetch(Source(server.url)) }
        #expect(await eventually { isAsked.withLock { $0 } })
        let stayer = Task { try await store.fetch(Source(server.url)) }
        leaver.cancel()
        await #expect(throws: ObjectStoreError(.canceled, "canceled")) { try await leaver.value }
        mayAnswer.signal()
        try await expectContent(try await stayer.value, in: store)
    }

    @Test func messagesHoldNoSecrets() async throws {
        let server = try FaultServer(Answers.status("404 Not found"))
        let url = server.root.replacing("http://", with: "http://me:secret@") + "/x?token=secret"
        let error = try #require(await failure(try await store(), Source(url)))
        #expect(!error.message.contains("secret"))
    }

    @Test func anObjectThatSomebodyWroteToIsFetchedAgain() async throws {
        let server = try FaultServer(Answers.good(Self.content))
        let store = try await store()
        let source = Source(server.url, digests: [Self.sha256])
        let path = try await store.location(of: try await store.fetch(source))
        try overwrite(path, with: Array(Self.content.reversed()))
        try await expectContent(try await store.fetch(source), in: store)
        #expect(server.requests.count == 2)
    }
}
