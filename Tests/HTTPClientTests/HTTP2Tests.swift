import FoundationEssentials
import Glibc
import HTTPClient
import HTTPMessages
import Runtime
import TestSupport
import Testing

private let node = "/usr/bin/node"

/// A server that speaks HTTP/2 over TLS, and says which version a request came by and over which connection, by Node.js.
private final class HTTP2Server: Sendable {
    static let script = """
        const http2 = require('http2'), fs = require('fs');
        let sessions = 0;
        const server = http2.createSecureServer(
          {key: fs.readFileSync('key.pem'), cert: fs.readFileSync('certificate.pem'), allowHTTP1: true},
          (request, response) => {
            const session = request.httpVersion === '2.0' ? request.stream.session : request.socket;
            if (!session.number) session.number = ++sessions;
            response.end(`${request.httpVersion} ${session.number} ${request.headers.host || request.headers[':authority']}`);
          });
        server.listen(0, '127.0.0.1', () => fs.writeFileSync('port', `${server.address().port}`));
        """

    let folder: TemporaryFolder
    let port: Int
    private let process: ChildProcess

    init() async throws {
        let folder = try TemporaryFolder()
        try folder.write("server.js", HTTP2Server.script)
        let make = try ChildProcess.start(
            .init(
                program: "/usr/bin/openssl",
                arguments: [
                    "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                    "1",
                    "-subj", "/CN=api.internal", "-addext", "subjectAltName=DNS:api.internal,DNS:localhost",
                    "-keyout", folder.file("key.pem"), "-out", folder.file("certificate.pem"),
                ], environment: [:]))
        let exit = try await make.wait().exit
        #expect(exit == .code(0))
        process = try ChildProcess.start(
            .init(program: node, arguments: ["server.js"], environment: [:], directory: folder.path))
        var port: Int?
        let isUp = await eventually {
            port = SystemFile.text(folder.file("port")).flatMap { Int($0) }
            return port != nil
        }
        #expect(isUp)
        self.port = try #require(port)
        self.folder = folder
    }

    deinit {
        kill(process.processID, SIGKILL)
        process.waitUnattended()
    }

    func request(host: String = "localhost") -> HTTPRequest {
        var request = HTTPRequest(.get, "https://\(host):\(port)/")
        request.tls.authoritiesText = SystemFile.bytes(folder.file("certificate.pem"))
        request.version = .newest
        return request
    }
}

@Suite(.enabled(if: access(node, X_OK) == 0, "there is no Node.js to be the server"))
struct HTTP2Tests {
    @Test func requestsShareAConnection() async throws {
        let server = try await HTTP2Server()
        let client = HTTPClient()
        #expect(try await client.send(server.request()).text == "2.0 1 localhost:\(server.port)")
        let answers = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<50 { group.addTask { try await client.send(server.request()).text } }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(answers == ["2.0 1 localhost:\(server.port)"])
    }

    @Test func anotherTryUsesAConnectionOfItsOwn() async throws {
        let server = try await HTTP2Server()
        let client = HTTPClient()
        _ = try await client.send(server.request())
        var again = server.request()
        again.connectsAnew = true
        #expect(try await client.send(again).text.hasPrefix("2.0 2 "))
    }

    @Test func whoAsksForTheOldVersionGetsIt() async throws {
        let server = try await HTTP2Server()
        var request = server.request()
        request.version = .http1
        #expect(try await HTTPClient().send(request).text.hasPrefix("1.1 "))
    }

    @Test func aServerIsReachedUnderTheNameOfItsCertificate() async throws {
        let server = try await HTTP2Server()
        var request = server.request(host: "api.internal")
        request.connectTo = "127.0.0.1:\(server.port)"
        #expect(try await HTTPClient().send(request).status == 200)
        request.url = "https://other.internal:\(server.port)/"
        let other = request
        let error = await #expect(throws: HTTPClientError.self) { try await HTTPClient().send(other) }
        #expect(error?.code == .tls)
    }
}
