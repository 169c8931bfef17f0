import HTTPClient
import HTTPMessages
import Runtime
import TestSupport
import Testing

/// A server that reads a request's head and answers with `answer`, for each connection once.
func server(_ answer: String) throws -> RawServer {
    try RawServer { connection in
        _ = connection.read(until: "\r\n\r\n")
        connection.write(answer)
    }
}

/// The error of a request that must fail.
func failure(_ request: HTTPRequest) async -> HTTPClientError? {
    await #expect(throws: HTTPClientError.self) { try await HTTPClient().send(request) }
}

@Suite struct HTTPClientTests {
    private let client = HTTPClient()

    @Test func aResponseIsGatheredWhole() async throws {
        let server = try server(
            "HTTP/1.1 201 Created\r\nContent-Length: 5\r\nX-A: 1\r\nx-a:2\r\nEmpty:\r\n\r\nhello")
        let response = try await client.send(HTTPRequest(.get, "\(server.url)/a"))
        #expect(response.status == 201)
        #expect(response.isSuccess)
        #expect(response.headers.values(of: "X-A") == ["1", "2"])
        #expect(response.headers["empty"] == "")
        #expect(response.text == "hello")
    }

    @Test func whatIsSentIsWhatWasAskedFor() async throws {
        let heard = Locked("")
        let server = try RawServer { connection in
            let head = connection.read(until: "\r\n\r\n")
            let body = connection.read(until: "body")
            heard.withLock { $0 = head + body }
            connection.write("HTTP/1.1 204 No Content\r\n\r\n")
        }
        var request = HTTPRequest(
            .put, "\(server.url)/a%20b/../c?q=1", headers: ["X-Empty": "", "X-Name": "größe"],
            body: Array("the body".utf8))
        request.headers["Accept"] = "text/plain"
        let response = try await client.send(request)
        #expect(response.status == 204)
        #expect(
            heard.withLock { $0 } == """
                PUT /a%20b/../c?q=1 HTTP/1.1\r
                Host: 127.0.0.1:\(server.port)\r
                User-Agent: benchmark-ai\r
                X-Empty:\r
                X-Name: größe\r
                Accept: text/plain\r
                Content-Length: 8\r
                \r
                the body
                """)
    }

    @Test(arguments: [
        (HTTPMethod.get, ""), (.post, "Content-Length: 0\r\n"), (.delete, ""), (.head, ""), (.options, ""),
        (.patch, "Content-Length: 0\r\n"), (.put, "Content-Length: 0\r\n"),
    ])
    func everyMethodIsSentWithoutABody(method: HTTPMethod, length: String) async throws {
        let heard = Locked("")
        let server = try RawServer { connection in
            let head = connection.read(until: "\r\n\r\n")
            heard.withLock { $0 = head }
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: \(method == .head ? 100 : 0)\r\n\r\n")
        }
        var request = HTTPRequest(method, "\(server.url)/")
        request.responseLimit = 10
        #expect(try await client.send(request).status == 200)
        #expect(heard.withLock { $0 }.hasPrefix("\(method.rawValue) / HTTP/1.1\r\n"))
        #expect(heard.withLock { $0 }.hasSuffix("Accept: */*\r\n\(length)\r\n"))
    }

    @Test func informationBeforeTheResponseIsSkipped() async throws {
        let server = try server(
            "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\nA: b\r\n\r\n")
        let response = try await client.send(HTTPRequest(.get, server.url))
        #expect(response.status == 200)
        #expect(response.headers == ["Content-Length": "0", "A": "b"])
    }

    @Test func trailersAreNoHeaders() async throws {
        let server = try server(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nLate: yes\r\n\r\n")
        let response = try await client.send(HTTPRequest(.get, server.url))
        #expect(response.text == "abc")
        #expect(response.headers["Late"] == nil)
    }

    @Test func manyRequestsShareOneConnection() async throws {
        let connections = Locked(0)
        let server = try RawServer { connection in
            connections.withLock { $0 += 1 }
            while !connection.read(until: "\r\n\r\n").isEmpty {
                connection.write("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")
            }
        }
        for _ in 0..<20 { #expect(try await client.send(HTTPRequest(.get, server.url)).text == "x") }
        #expect(connections.withLock { $0 } == 1)
    }

    /// "hello hello hello", by gzip.
    private static let packed: [UInt8] = [
        0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0x57, 0xc8,
        0x40, 0x90, 0x00, 0x80, 0x88, 0xf9, 0xe5, 0x11, 0x00, 0x00, 0x00,
    ]

    @Test func aPackedBodyIsUnpackedWhenAskedFor() async throws {
        let heard = Locked("")
        let server = try RawServer { connection in
            let head = connection.read(until: "\r\n\r\n")
            heard.withLock { $0 = head }
            connection.write(
                "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: \(Self.packed.count)\r\n\r\n")
            connection.write(Self.packed)
        }
        var request = HTTPRequest(.get, server.url)
        #expect(try await client.send(request).body == Self.packed)
        #expect(!heard.withLock { $0 }.contains("Accept-Encoding"))
        request.acceptsCompression = true
        #expect(try await client.send(request).text == "hello hello hello")
        #expect(heard.withLock { $0 }.contains("Accept-Encoding: deflate, gzip"))
        // The limit counts what is unpacked.
        request.responseLimit = 16
        let error = await #expect(throws: HTTPClientError.self) { try await client.send(request) }
        #expect(error?.code == .tooLarge)
    }

    @Test func makingManyClientsCostsNothing() {
        let time = ContinuousClock().measure {
            for _ in 0..<10_000 { _ = HTTPClient() }
        }
        // A thread or a libcurl handle for each would take seconds.
        #expect(time < .seconds(1))
    }
}
