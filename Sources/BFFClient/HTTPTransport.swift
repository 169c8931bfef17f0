internal import HTTPClient
internal import HTTPMessages

/// Where a BFF listens.
package enum BFFEndpoint: Hashable, Sendable, CustomStringConvertible {
    /// A socket of this machine.
    case unixSocket(path: String)
    /// `http://host:port` or `https://…`, without a path.
    case url(String)

    /// Reads `unix:/path/to/bff.sock`, an absolute path, or a URL; nil for anything else.
    package init?(_ text: String) {
        let path = text.hasPrefix("unix:") ? text.dropFirst("unix:".count) : text[...]
        if path.hasPrefix("/") {
            // Some write unix:///path.
            self = .unixSocket(path: "/" + path.drop { $0 == "/" })
        } else if ["http://", "https://"].contains(where: text.hasPrefix) {
            self = .url(text.hasSuffix("/") ? String(text.dropLast()) : text)
        } else {
            return nil
        }
    }

    package var description: String {
        switch self {
        case .unixSocket(let path): "unix:\(path)"
        case .url(let url): url
        }
    }
}

extension BFFClient {
    /// Calls the BFF at `endpoint`.
    package init(endpoint: BFFEndpoint, settings: Settings = Settings()) {
        self.init(transport: HTTPTransport(endpoint: endpoint), settings: settings)
    }
}

/// Carries requests over HTTP.
struct HTTPTransport: BFFTransport {
    private let endpoint: BFFEndpoint
    private let client = HTTPClient()
    /// On a network the first connection may take this; on this machine it takes no time.
    private static let connectTimeout = Duration.seconds(5)
    /// The server says that it is alive three times as often.
    private static let idleTimeout = Duration.seconds(60)

    init(endpoint: BFFEndpoint) { self.endpoint = endpoint }

    func send(_ request: BFFRequest) async throws(BFFClientError) -> BFFAnswer {
        var asked = translated(request)
        asked.totalTimeout = request.timeout
        asked.idleTimeout = nil
        do {
            let response = try await client.send(asked)
            return BFFAnswer(status: response.status, body: response.body)
        } catch {
            throw BFFClientError(error, at: endpoint)
        }
    }

    func open(_ request: BFFRequest) async throws(BFFClientError) -> BFFStream {
        var asked = translated(request)
        asked.idleTimeout = HTTPTransport.idleTimeout
        do {
            let stream = try await client.stream(asked)
            let endpoint = endpoint
            return BFFStream(status: stream.status) { () async throws -> [UInt8]? in
                do {
                    var pieces = stream.body.makeAsyncIterator()
                    return try await pieces.next()
                } catch let error as HTTPClientError {
                    throw BFFClientError(error, at: endpoint)
                }
            }
        } catch {
            throw BFFClientError(error, at: endpoint)
        }
    }

    private func translated(_ request: BFFRequest) -> HTTPRequest {
        var asked =
            switch endpoint {
            case .unixSocket(let path):
                HTTPRequest(request.method, "http://localhost\(request.target)", unixSocket: path)
            case .url(let url): HTTPRequest(request.method, url + request.target)
            }
        asked.headers = request.headers
        asked.body = request.body
        asked.connectTimeout = HTTPTransport.connectTimeout
        return asked
    }
}

extension BFFClientError {
    init(_ error: HTTPClientError, at endpoint: BFFEndpoint) {
        switch error.code {
        case .canceled: self.init(.canceled, "canceled")
        case .timedOut: self.init(.timedOut, "no answer from \(endpoint) in time: \(error.message)")
        case .couldNotResolve, .couldNotConnect, .peerClosed, .tls, .failed:
            self.init(.unreachable, "nothing answers at \(endpoint): \(error.message)")
        case .invalidRequest, .invalidResponse, .tooLarge, .tooManyRedirects, .outOfReach:
            self.init(.unexpectedAnswer, "\(endpoint): \(error.message)")
        }
    }
}
