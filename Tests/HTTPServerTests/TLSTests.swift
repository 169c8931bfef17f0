import FoundationEssentials
import HTTPClient
import HTTPMessages
import HTTPServer
import Runtime
import TestSupport
import Testing

@Suite struct TLSTests {
    /// A server that speaks TLS, and what a client needs to talk to it.
    private final class Fixture: Sendable {
        let folder: TemporaryFolder
        let certificates: Certificates
        let server: HTTPServer
        let client = HTTPClient()

        init(
            limits: ServerLimits = ServerLimits(),
            handler: @escaping @Sendable (ServerRequest) async -> ServerResponse = { _ in .text("fine") }
        ) async throws {
            folder = try TemporaryFolder()
            certificates = try await Certificates(in: folder)
            let first = try Fixture.identity(try await certificates.server("first"))
            server = try HTTPServer.start(
                at: .tcp(host: "127.0.0.1", port: 0), limits: limits, identity: first, handler: handler)
        }

        static func identity(_ files: Certificates.Server) throws -> TLSIdentity {
            TLSIdentity(certificate: try bytes(of: files.certificate), key: try bytes(of: files.key))
        }

        var port: UInt16 {
            if case .tcp(_, let port) = server.address { port } else { 0 }
        }

        func request(_ method: HTTPMethod = .get, body: [UInt8] = [], trusts authority: String? = nil)
            -> HTTPRequest
        {
            var request = HTTPRequest(method, "https://127.0.0.1:\(port)/", body: body)
            request.tls.authorities = authority ?? certificates.authority
            request.connectsAnew = true
            return request
        }
    }

    @Test func whoTrustsTheAuthorityIsAnswered() async throws {
        let fixture = try await Fixture { request in .text("\(request.body.count)") }
        let answer = try await fixture.client.send(
            fixture.request(.post, body: [UInt8](repeating: 1, count: 1_000_000)))
        #expect(answer.text == "1000000")
        await fixture.server.stop()
    }

    @Test func whoDoesNotTrustItRefuses() async throws {
        let fixture = try await Fixture()
        let other = try TemporaryFolder()
        let strangers = try await Certificates(in: other)
        let error = await #expect(throws: HTTPClientError.self) {
            try await fixture.client.send(fixture.request(trusts: strangers.authority))
        }
        #expect(error?.code == .tls)
        await fixture.server.stop()
    }

    @Test func whatIsNoTLSIsHungUpOnAndHurtsNobody() async throws {
        let fixture = try await Fixture()
        let garbage: [[UInt8]] = [
            Array("GET / HTTP/1.1\r\nHost: x\r\n\r\n".utf8), [0x16, 3, 1, 0xff, 0xff, 1],
            [UInt8](repeating: 0, count: 100_000), Array("\u{15}\u{3}\u{3}\u{0}\u{2}\u{2}\u{28}".utf8),
        ]
        for bytes in garbage {
            let connection = try RawConnection.connect(port: fixture.port)
            await onThread { _ = connection.write(bytes) }
            connection.endSending()
            #expect(await connection.waitForEnd(), "\(bytes.prefix(4))")
        }
        #expect(try await fixture.client.send(fixture.request()).text == "fine")
        await fixture.server.stop()
    }

    @Test func aNewCertificateIsShownToNewConnectionsAndOldOnesGoOn() async throws {
        let (ticks, tick) = AsyncStream.makeStream(of: Void.self)
        let fixture = try await Fixture { request in
            guard request.method == .post else { return .text("fine") }
            return .stream(type: "text/plain") { writer in
                try await writer.write("begun")
                for await _ in ticks { break }
                try await writer.write(" ended")
            }
        }
        let stream = try await fixture.client.stream(fixture.request(.post, body: [1]))
        var pieces = stream.body.makeAsyncIterator()
        #expect(try await pieces.next() == Array("begun".utf8))
        // Of another authority, so that a client can tell them apart.
        let folder = try TemporaryFolder()
        let renewed = try await Certificates(in: folder)
        try fixture.server.replace(try Fixture.identity(try await renewed.server("second")))
        #expect(try await fixture.client.send(fixture.request(trusts: renewed.authority)).text == "fine")
        let error = await #expect(throws: HTTPClientError.self) {
            try await fixture.client.send(fixture.request())
        }
        #expect(error?.code == .tls)
        tick.yield()
        #expect(try await pieces.next() == Array(" ended".utf8))
        #expect(try await pieces.next() == nil)
        await fixture.server.stop()
    }

    @Test func anIdentityThatIsNoGoodChangesNothing() async throws {
        let fixture = try await Fixture()
        let first = try Fixture.identity(try await fixture.certificates.server("a"))
        let second = try Fixture.identity(try await fixture.certificates.server("b"))
        let bad = [
            TLSIdentity(certificate: first.certificate, key: second.key),
            TLSIdentity(certificate: [], key: first.key),
            TLSIdentity(certificate: first.certificate, key: [0]),
            TLSIdentity(certificate: Array("hello".utf8), key: Array("hello".utf8)),
        ]
        for identity in bad {
            let error = #expect(throws: HTTPServerError.self) { try fixture.server.replace(identity) }
            #expect(error?.message.contains("certificate") == true)
            #expect(throws: HTTPServerError.self) {
                try HTTPServer.start(at: .tcp(host: "127.0.0.1", port: 0), identity: identity) { _ in
                    .text("")
                }
            }
        }
        #expect(try await fixture.client.send(fixture.request()).text == "fine")
        await fixture.server.stop()
    }

    @Test func certificatesCanBeReplacedWhileRequestsCome() async throws {
        let fixture = try await Fixture()
        let identities = [
            try Fixture.identity(try await fixture.certificates.server("a")),
            try Fixture.identity(try await fixture.certificates.server("b")),
        ]
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for number in 0..<20 { try fixture.server.replace(identities[number % 2]) }
            }
            for _ in 0..<4 {
                group.addTask {
                    for _ in 0..<10 {
                        let answer = try await fixture.client.send(fixture.request())
                        #expect(answer.text == "fine")
                    }
                }
            }
            try await group.waitForAll()
        }
        await fixture.server.stop()
    }
}
