import FoundationEssentials
import HTTPClient
import HTTPMessages
import HTTPServer
import Runtime
import TestSupport
import Testing

@Suite struct AdmissionTests {
    private let folder: TemporaryFolder
    private let client = HTTPClient()

    init() throws { folder = try TemporaryFolder() }

    private func start(
        limits: ServerLimits = ServerLimits(), admit: @escaping @Sendable (ServerRequest) -> Admission,
        handler: @escaping @Sendable (ServerRequest) async -> ServerResponse
    ) throws -> HTTPServer {
        try HTTPServer.start(
            at: .unixSocket(folder.file("s.sock")), limits: limits, admit: admit, handler: handler)
    }

    private func post(_ body: [UInt8], headers: HTTPHeaders = [:]) async throws -> HTTPResponse {
        try await client.send(
            HTTPRequest(
                .post, "http://localhost/x", headers: headers, body: body, unixSocket: folder.file("s.sock")))
    }

    @Test func whoIsRefusedByTheHeadNeverReachesAHandler() async throws {
        let server = try start { request in
            request.headers["Authorization"] == "yes"
                ? .gather(most: nil) : .refuse(.error(401, code: "unauthorized", message: "no"))
        } handler: { request in
            .text("\(request.body.count)")
        }
        let refused = try await post([UInt8](repeating: 1, count: 3_000_000))
        #expect(refused.status == 401)
        #expect(try await post([1, 2], headers: ["Authorization": "yes"]).text == "2")
        await server.stop()
    }

    @Test func eachRequestMayHaveALimitOfItsOwn() async throws {
        let server = try start { _ in
            .gather(most: 10)
        } handler: { _ in
            .text("fine")
        }
        #expect(try await post([UInt8](repeating: 1, count: 10)).status == 200)
        #expect(try await post([UInt8](repeating: 1, count: 11)).status == 413)
        await server.stop()
    }

    @Test func aLargeBodyGoesToAFileThatIsRemovedAfterwards() async throws {
        let path = folder.file("body")
        let server = try start { _ in
            .spool(path: path, most: 10_000_000, within: .seconds(60))
        } handler: { request in
            #expect(request.body.isEmpty)
            let file = request.bodyFile?.path ?? ""
            return .text("\((try? bytes(of: file).count) ?? -1)")
        }
        #expect(try await post([UInt8](repeating: 1, count: 9_000_000)).text == "9000000")
        let isGone = await eventually { !FileManager.default.fileExists(atPath: path) }
        #expect(isGone)
        #expect(try await post([UInt8](repeating: 1, count: 10_000_001)).status == 413)
        let isGoneAgain = await eventually { !FileManager.default.fileExists(atPath: path) }
        #expect(isGoneAgain)
        await server.stop()
    }

    @Test func aFileThatCannotBeMadeIsSaidAsAFullDisk() async throws {
        let server = try start { _ in
            .spool(path: "/nonexistent/body", most: 100, within: .seconds(60))
        } handler: { _ in
            .text("fine")
        }
        #expect(try await post([1]).status == 507)
        await server.stop()
    }

    @Test func anUploadThatDoesNotGetAnyFurtherIsHungUpOnAndLeavesNothing() async throws {
        let path = folder.file("body")
        let server = try start { _ in
            .spool(path: path, most: 100, within: .milliseconds(100))
        } handler: { _ in
            .text("fine")
        }
        let connection = try RawConnection.connect(path: folder.file("s.sock"))
        await connection.write("PUT /x HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhello")
        #expect(await connection.waitForEnd())
        let isGone = await eventually { !FileManager.default.fileExists(atPath: path) }
        #expect(isGone)
        await server.stop()
    }

    @Test func whatAllBodiesTakeTogetherIsBounded() async throws {
        var limits = ServerLimits()
        limits.bodyMemory = 1_500_000
        let (gate, open) = AsyncStream.makeStream(of: Void.self)
        let isHeld = Locked(false)
        let server = try start(limits: limits) { _ in
            .gather(most: nil)
        } handler: { _ in
            isHeld.withLock { $0 = true }
            for await _ in gate { break }
            return .text("fine")
        }
        async let first = post([UInt8](repeating: 1, count: 1_000_000))
        let hasCome = await eventually { isHeld.withLock { $0 } }
        #expect(hasCome)
        let second = try await post([UInt8](repeating: 1, count: 1_000_000))
        #expect(second.status == 503)
        #expect(second.headers["Retry-After"] == "1")
        open.finish()
        #expect(try await first.status == 200)
        // Its bytes are given back when it is over.
        #expect(try await post([UInt8](repeating: 1, count: 1_000_000)).status == 200)
        await server.stop()
    }

    @Test func aPartOfAFileIsAnAnswer() async throws {
        let path = try folder.write("file", "0123456789")
        let server = try start { _ in
            .gather(most: nil)
        } handler: { request in
            guard let slice = FileSlice(path: path, { 3..<min(7, $0) }) else {
                return .text("none", status: 404)
            }
            return ServerResponse(body: .file(slice))
        }
        let answer = try await post([])
        #expect(answer.text == "3456")
        #expect(answer.headers["Content-Length"] == "4")
        let head = try await client.send(
            HTTPRequest(.head, "http://localhost/x", unixSocket: folder.file("s.sock")))
        #expect(head.headers["Content-Length"] == "4" && head.body.isEmpty)
        await server.stop()
    }
}
