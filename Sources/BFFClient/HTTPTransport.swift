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

extension BFFEndpoint {
    /// Whether nobody between here and there can read what is sent: TLS, or this machine itself.
    package var isPrivate: Bool {
        guard case .url(let url) = self, url.hasPrefix("http://") else { return true }
        let host = url.dropFirst("http://".count).prefix { $0 != "/" && $0 != "?" }
        let name = host.hasPrefix("[") ? host.prefix { $0 != "]" }.dropFirst() : host.prefix { $0 != ":" }
        return name == "localhost" || name == "::1" || name.hasPrefix("127.")
    }
}

/// What a client shows to a server of the network, and whom it trusts.
package struct BFFAccess: Sendable {
    /// The user's token.
    package var token: String?
    /// A PEM file of the authorities to trust; nil trusts the system's.
    package var authorities: String?

    package init(token: String? = nil, authorities: String? = nil) {
        self.token = token
        self.authorities = authorities
    }
}

// A token that ends in a message by mistake tells nothing.
extension BFFAccess: CustomStringConvertible, CustomReflectable {
    package var description: String { token == nil ? "(no token)" : "(a token)" }
    package var customMirror: Mirror { Mirror(self, children: EmptyCollection<Mirror.Child>()) }
}

extension BFFClient {
    /// Calls the BFF at `endpoint`.
    package init(endpoint: BFFEndpoint, access: BFFAccess = BFFAccess(), settings: Settings = Settings()) {
        self.init(transport: HTTPTransport(endpoint: endpoint, access: access), settings: settings)
    }
}

/// Carries requests over HTTP.
struct HTTPTransport: BFFTransport {
    private let endpoint: BFFEndpoint
    private let access: BFFAccess
    private let client = HTTPClient()
    /// On a network the first connection may take this; on this machine it takes no time.
    private static let connectTimeout = Duration.seconds(5)
    /// The server says that it is alive three times as often.
    private static let idleTimeout = Duration.seconds(60)

    init(endpoint: BFFEndpoint, access: BFFAccess = BFFAccess()) {
        self.endpoint = endpoint
        self.access = access
    }

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
        if case .url = endpoint {
            asked.headers["Authorization"] = access.token.map { "Bearer \($0)" }
            asked.tls.authorities = access.authorities
        }
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
        case .tls: self.init(.untrusted, "\(error.message).\n\(BFFClientError.cure(endpoint))")
        case .peerClosed where endpoint.isPlainURL, .invalidResponse where endpoint.isPlainURL:
            self.init(
                .unreachable,
                "\(endpoint) gave no answer in HTTP: \(error.message)\nIf TLS is spoken there, say https:// instead of http://."
            )
        case .couldNotResolve, .couldNotConnect, .peerClosed, .failed:
            self.init(.unreachable, "nothing answers at \(endpoint): \(error.message)")
        case .invalidRequest, .invalidResponse, .tooLarge, .tooManyRedirects, .outOfReach:
            self.init(.unexpectedAnswer, "\(endpoint): \(error.message)")
        }
    }
}

extension BFFClientError {
    /// What to do when no trust could be agreed on.
    private static func cure(_ endpoint: BFFEndpoint) -> String {
        "If the certificate is of an authority of your own, name that authority's certificate in BAI_CA_FILE; "
            + "the name in \(endpoint) must be one that the certificate has. If no TLS is spoken there, say http://."
    }
}

extension BFFEndpoint {
    fileprivate var isPlainURL: Bool {
        if case .url(let url) = self { url.hasPrefix("http://") } else { false }
    }
}
