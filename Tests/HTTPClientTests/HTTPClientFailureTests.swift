import HTTPClient
import HTTPMessages
import Runtime
import TestSupport
import Testing

@Suite struct HTTPClientFailureTests {
    @Test(arguments: [
        "", "localhost/x", "ftp://localhost/", "file:///etc/passwd", "http://", "http://a b/", "http://a/\n",
        "http://a/ü",
    ])
    func whatIsNoURLOfOursIsRefused(url: String) async {
        #expect(await failure(HTTPRequest(.get, url))?.code == .invalidRequest)
    }

    @Test func aHeaderThatWouldAddAnotherIsRefused() async {
        let request = HTTPRequest(.get, "http://127.0.0.1/", headers: ["X": "a\r\nAuthorization: b"])
        let error = await failure(request)
        #expect(error?.code == .invalidRequest)
        #expect(error?.message.contains("'X'") == true)
    }

    @Test func aSocketPathTooLongIsRefused() async {
        let path = "/tmp/" + String(repeating: "x", count: 200)
        let error = await failure(HTTPRequest(.get, "http://localhost/", unixSocket: path))
        #expect(error?.code == .invalidRequest)
        #expect(error?.message.contains("at most 107 bytes") == true)
    }

    @Test func nobodyListeningIsAConnectionRefused() async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("none.sock")
        let error = await failure(
            HTTPRequest(.get, "http://localhost/v1/runs?token=secret", unixSocket: path))
        #expect(error?.code == .couldNotConnect)
        #expect(error?.isTransient == true)
        #expect(error?.message.hasPrefix("GET http://localhost/v1/runs over \(path): ") == true)
        #expect(error?.message.contains("secret") == false)
    }

    @Test func credentialsAreInNoMessage() async throws {
        let server = try RawServer { _ in }
        let url = "http://user:secret@127.0.0.1:\(server.port)/path?signature=secret#secret"
        let error = await failure(HTTPRequest(.get, url))
        #expect(error?.message.contains("GET http://127.0.0.1:\(server.port)/path: ") == true)
        #expect(error?.message.contains("secret") == false)
    }

    @Test(arguments: [
        "", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", "HTTP/1.1 200 OK\r\nContent-Le",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n",
    ])
    func aResponseCutShortIsAPeerThatHungUp(answer: String) async throws {
        let server = try server(answer)
        let error = await failure(HTTPRequest(.get, server.url))
        #expect(error?.code == .peerClosed)
        #expect(error?.isTransient == true)
    }

    @Test func aResetIsAPeerThatHungUp() async throws {
        let server = try RawServer { connection in
            _ = connection.read(until: "\r\n\r\n")
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
            connection.endWithReset()
        }
        #expect(await failure(HTTPRequest(.get, server.url))?.code == .peerClosed)
    }

    @Test(arguments: [
        "garbage\r\n\r\n", "\u{0}\u{1}\u{2}\u{3}\u{4}\u{5}\u{6}\u{7}", "SSH-2.0-OpenSSH_9.2\r\n",
    ])
    func aPeerThatSpeaksNoHTTPIsNamed(answer: String) async throws {
        let server = try server(answer)
        #expect(await failure(HTTPRequest(.get, server.url))?.code == .invalidResponse)
    }

    @Test func aBrokenPackedBodyIsAnInvalidResponse() async throws {
        let server = try server(
            "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 7\r\n\r\nno gzip")
        var request = HTTPRequest(.get, server.url)
        request.acceptsCompression = true
        #expect(await failure(request)?.code == .invalidResponse)
    }

    @Test func aHeadWithoutEndIsTooLarge() async throws {
        let server = try RawServer { connection in
            connection.write("HTTP/1.1 200 OK\r\n")
            while connection.write("X: " + String(repeating: "x", count: 1000) + "\r\n") {}
        }
        #expect(await failure(HTTPRequest(.get, server.url))?.code == .tooLarge)
    }

    @Test(arguments: [
        "Content-Length: 11\r\n\r\n", "\r\nhello world",
        "Transfer-Encoding: chunked\r\n\r\nb\r\nhello world\r\n0\r\n\r\n",
    ])
    func aBodyBeyondTheLimitIsTooLarge(rest: String) async throws {
        let server = try server("HTTP/1.1 200 OK\r\n" + rest)
        var request = HTTPRequest(.get, server.url)
        request.responseLimit = 10
        let error = await failure(request)
        #expect(error?.code == .tooLarge)
        #expect(error?.isTransient == false)
    }

    @Test func aPeerThatSaysNothingTimesOut() async throws {
        let server = try RawServer { _ = $0.readAll() }
        var request = HTTPRequest(.get, server.url)
        request.idleTimeout = .milliseconds(100)
        let error = await failure(request)
        #expect(error?.code == .timedOut)
        #expect(error?.message == "GET \(server.url): nothing came within 0.1 seconds")
    }

    @Test func aPeerThatTricklesForEverTimesOut() async throws {
        let server = try RawServer { connection in
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
            while connection.write("x") {}
        }
        var request = HTTPRequest(.get, server.url)
        request.totalTimeout = .milliseconds(200)
        request.idleTimeout = .seconds(20)
        #expect(await failure(request)?.message == "GET \(server.url): not done within 0.2 seconds")
    }

    @Test func aPeerThatStopsHalfWayTimesOut() async throws {
        let server = try RawServer { connection in
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
            _ = connection.readAll()
            _ = connection.readAll()
        }
        var request = HTTPRequest(.get, server.url)
        request.idleTimeout = .milliseconds(100)
        #expect(await failure(request)?.code == .timedOut)
    }

    @Test func aRequestThatWaitsForAConnectionTimesOutToo() async throws {
        let server = try RawServer { _ = $0.readAll() }
        var limits = HTTPClient.Limits()
        limits.connectionsPerHost = 1
        let client = HTTPClient(limits: limits)
        let first = Task { try await client.send(HTTPRequest(.get, server.url)) }
        var request = HTTPRequest(.get, server.url)
        request.totalTimeout = .milliseconds(200)
        let error = await #expect(throws: HTTPClientError.self) { try await client.send(request) }
        #expect(error?.code == .timedOut)
        first.cancel()
        #expect(await #expect(throws: HTTPClientError.self) { try await first.value }?.code == .canceled)
    }

    @Test func cancellingEndsTheRequestAtOnceAndHangsUp() async throws {
        let (arrived, hungUp) = (Locked(false), Locked(false))
        let server = try RawServer { connection in
            _ = connection.read(until: "\r\n\r\n")
            arrived.withLock { $0 = true }
            let isOver = connection.waitForEnd()
            hungUp.withLock { $0 = isOver }
        }
        let client = HTTPClient()
        let task = Task { try await client.send(HTTPRequest(.get, server.url)) }
        #expect(await eventually { arrived.withLock { $0 } })
        let time = await ContinuousClock().measure {
            task.cancel()
            let error = await #expect(throws: HTTPClientError.self) { try await task.value }
            #expect(error?.code == .canceled)
        }
        // Far below the timeouts that would have ended it otherwise.
        #expect(time < .seconds(15))
        #expect(await eventually { hungUp.withLock { $0 } })
    }

    @Test func aTaskThatIsCancelledBeforehandSendsNothing() async throws {
        let connections = Locked(0)
        let server = try RawServer { _ in connections.withLock { $0 += 1 } }
        let task = Task {
            #expect(await eventually { Task.isCancelled })
            return try await HTTPClient().send(HTTPRequest(.get, server.url))
        }
        task.cancel()
        let error = await #expect(throws: HTTPClientError.self) { try await task.value }
        #expect(error?.code == .canceled)
        #expect(connections.withLock { $0 } == 0)
    }

    @Test func plainHTTPIsNoTLS() async throws {
        let server = try RawServer { connection in
            _ = connection.read()
            connection.write("HTTP/1.1 400 Bad Request\r\n\r\n")
        }
        let error = await failure(HTTPRequest(.get, "https://127.0.0.1:\(server.port)/"))
        #expect(error?.code == .tls)
    }

    @Test func aMissingFileOfAuthoritiesIsAFailureOfTLS() async throws {
        let server = try RawServer { _ = $0.readAll() }
        var request = HTTPRequest(.get, "https://127.0.0.1:\(server.port)/")
        request.tls.authorities = "/nonexistent/authorities.pem"
        #expect(await failure(request)?.code == .tls)
    }
}
