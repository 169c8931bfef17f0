import HTTPClient
import HTTPMessages
import Runtime
import TestSupport
import Testing

@Suite struct RedirectTests {
    private let client = HTTPClient()

    /// Sends `/N` to `/N-1`, answers `/0`, and sends `/away` to `elsewhere`.
    private func chain(elsewhere: String = "") throws -> RawServer {
        try RawServer { connection in
            let line = connection.read(until: "\r\n\r\n").split(separator: " ")
            let path = line.count > 1 ? line[1] : "/"
            let next = Int(path.dropFirst()).map { $0 > 0 ? "/\($0 - 1)" : "" } ?? elsewhere
            connection.write(
                next.isEmpty
                    ? "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nEnd: yes\r\n\r\nend"
                    : "HTTP/1.1 302 Found\r\nLocation: \(next)\r\nContent-Length: 4\r\nStep: \(path)\r\n\r\nstep"
            )
        }
    }

    @Test func aRedirectIsTheAnswerUnlessAskedOtherwise() async throws {
        let server = try chain()
        let response = try await client.send(HTTPRequest(.get, "\(server.url)/1"))
        #expect(response.status == 302)
        #expect(response.headers["Location"] == "/0")
        #expect(response.text == "step")
    }

    @Test func redirectsAreFollowedUpToTheLimit() async throws {
        let server = try chain()
        var request = HTTPRequest(.get, "\(server.url)/3")
        request.redirects = .follow(most: 3)
        let response = try await client.send(request)
        #expect(response.status == 200)
        #expect(response.headers == ["Content-Length": "3", "End": "yes"])
        #expect(response.text == "end")
        request.redirects = .follow(most: 2)
        #expect(await failure(request)?.code == .tooManyRedirects)
    }

    @Test func aStreamGivesTheLastHead() async throws {
        let server = try chain()
        var request = HTTPRequest(.get, "\(server.url)/2")
        request.redirects = .follow(most: 3)
        let stream = try await client.stream(request)
        #expect(stream.headers["End"] == "yes")
    }

    @Test(arguments: ["ftp://127.0.0.1/x", "file:///etc/passwd"])
    func aRedirectToAnotherSchemeIsNotFollowed(target: String) async throws {
        let server = try chain(elsewhere: target)
        var request = HTTPRequest(.get, "\(server.url)/away")
        request.redirects = .follow(most: 3)
        #expect(await failure(request)?.code == .invalidResponse)
    }

    /// No packet is sent: all of them are refused before anything is connected.
    private static let linkLocal = [
        "169.254.169.254", "169.254.0.1", "2852039166", "0xA9FEA9FE", "0251.0376.0251.0376", "[fe80::1]",
        "[febf::1]", "[::ffff:169.254.169.254]", "[64:ff9b::a9fe:a9fe]", "[fd00:ec2::254]",
        "100.100.100.200", "168.63.129.16",
    ]

    @Test(arguments: linkLocal)
    func aLinkLocalAddressIsOutOfReach(host: String) async throws {
        let client = HTTPClient(reach: .notLinkLocal)
        let direct = await #expect(throws: HTTPClientError.self) {
            try await client.send(HTTPRequest(.get, "http://\(host)/latest/meta-data/"))
        }
        #expect(direct?.code == .outOfReach)
        let server = try chain(elsewhere: "http://\(host)/latest/meta-data/")
        var request = HTTPRequest(.get, "\(server.url)/away")
        request.redirects = .follow(most: 3)
        let redirected = await #expect(throws: HTTPClientError.self) { try await client.send(request) }
        #expect(redirected?.code == .outOfReach)
    }

    @Test(arguments: ["/away", "/1"])
    func whatIsNotLinkLocalIsWithinReach(path: String) async throws {
        let other = try chain()
        let server = try chain(elsewhere: "http://localhost:\(other.port)/0")
        var request = HTTPRequest(.get, "\(server.url)\(path)")
        request.redirects = .follow(most: 3)
        #expect(try await HTTPClient(reach: .notLinkLocal).send(request).text == "end")
    }

    @Test func aRedirectOfAPostIsTheAnswer() async throws {
        let server = try chain()
        var request = HTTPRequest(.post, "\(server.url)/1")
        request.redirects = .follow(most: 3)
        #expect(try await client.send(request).status == 302)
    }

    @Test func authorizationStaysWithTheFirstHost() async throws {
        let heard = Locked("")
        let other = try RawServer { connection in
            let head = connection.read(until: "\r\n\r\n")
            heard.withLock { $0 = head }
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        }
        let server = try chain(elsewhere: "http://localhost:\(other.port)/")
        var request = HTTPRequest(.get, "\(server.url)/away", headers: ["Authorization": "Bearer secret"])
        request.redirects = .follow(most: 1)
        #expect(try await client.send(request).status == 200)
        #expect(heard.withLock { $0 }.hasPrefix("GET / HTTP/1.1"))
        #expect(!heard.withLock { $0 }.contains("secret"))
    }
}
