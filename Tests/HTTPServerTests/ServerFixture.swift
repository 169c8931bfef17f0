import HTTPClient
import HTTPMessages
import HTTPServer
import Runtime
import TestSupport
import Testing

/// The two ways of reaching a server.
enum Transport: CaseIterable, Sendable { case unix, tcp }

/// A server at an address of its own, and a client for it.
final class ServerFixture: Sendable {
    let server: HTTPServer
    let client = HTTPClient()
    private let folder: TemporaryFolder

    init(
        _ transport: Transport = .unix, limits: ServerLimits = ServerLimits(),
        handler: @escaping @Sendable (ServerRequest) async -> ServerResponse
    ) throws {
        folder = try TemporaryFolder()
        let address: ServerAddress =
            transport == .unix ? .unixSocket(folder.file("s.sock")) : .tcp(host: "127.0.0.1", port: 0)
        server = try HTTPServer.start(at: address, limits: limits, handler: handler)
    }

    /// A request for `target` of this server.
    func request(_ method: HTTPMethod, _ target: String, body: [UInt8] = []) -> HTTPRequest {
        switch server.address {
        case .unixSocket(let path):
            HTTPRequest(method, "http://localhost\(target)", body: body, unixSocket: path)
        case .tcp(let host, let port): HTTPRequest(method, "http://\(host):\(port)\(target)", body: body)
        }
    }

    func get(_ target: String) async throws -> HTTPResponse {
        try await client.send(request(.get, target))
    }

    /// A connection to speak by hand.
    func connect() throws -> RawConnection {
        switch server.address {
        case .unixSocket(let path): try RawConnection.connect(path: path)
        case .tcp(_, let port): try RawConnection.connect(port: port)
        }
    }
}
