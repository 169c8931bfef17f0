internal import HTTPClient
internal import HTTPMessages

/// How to reach an API server, and as whom.
package struct ClusterConnection: Sendable {
    /// `https://host:port`, with a path where the server is behind one, without a slash at its end.
    package var server: String
    /// The namespace to use where none is named.
    package var namespace: String
    package var credentials: any CredentialSource
    /// The authorities to trust, as a text in PEM; nil trusts the system's.
    package var authorities: [UInt8]?
    /// The name that the server's certificate must have, where it is not the URL's.
    package var serverName: String?
    /// Takes any certificate. Whoever makes such a connection is told by `warnings`.
    package var isInsecure: Bool
    package var proxy: String?
    /// Whom to act as (`Impersonate-User`, `-Group`, `-Uid`), for those who may.
    package var impersonation: [(name: String, value: String)]
    /// What a person should know about how this connection came to be.
    package var warnings: [String]

    package init(
        server: String, namespace: String = "default", credentials: any CredentialSource = FixedCredentials()
    ) {
        self.server = server.hasSuffix("/") ? String(server.dropLast()) : server
        self.namespace = namespace
        self.credentials = credentials
        isInsecure = false
        impersonation = []
        warnings = []
    }

    /// The request for a path of this server, without credentials.
    func request(_ method: HTTPMethod, _ target: String) -> HTTPRequest {
        var request = HTTPRequest(method, server + target)
        request.tls.authoritiesText = authorities
        request.tls.acceptsAnyCertificate = isInsecure
        request.proxy = proxy
        if let serverName, let parts = ServerAddressText(server) {
            request.url = "\(parts.scheme)://\(serverName):\(parts.port)\(parts.path)\(target)"
            request.connectTo = "\(parts.host):\(parts.port)"
            request.headers["Host"] = "\(parts.host):\(parts.port)"
        }
        for (name, value) in impersonation { request.headers.add(name, value) }
        return request
    }
}

/// The parts of a server's URL.
private struct ServerAddressText {
    var scheme: String
    /// With its brackets if it is an address of IPv6.
    var host: String
    var port: String
    var path: String

    init?(_ url: String) {
        let sides = url.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false)
        guard sides.count == 2 else { return nil }
        scheme = String(sides[0])
        let authority = sides[1].prefix { $0 != "/" }
        path = String(sides[1].dropFirst(authority.count))
        let name =
            authority.hasPrefix("[") ? authority.prefix { $0 != "]" } + "]" : authority.prefix { $0 != ":" }
        host = String(name)
        let rest = authority.dropFirst(host.count)
        port = rest.hasPrefix(":") ? String(rest.dropFirst()) : (scheme == "http" ? "80" : "443")
    }
}
