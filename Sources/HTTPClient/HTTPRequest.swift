package import HTTPMessages

/// What to ask of whom, and how long to wait for it.
package struct HTTPRequest: Sendable {
    package var method: HTTPMethod
    /// An absolute http or https URL, already percent-encoded. A user and password in it become basic authentication.
    package var url: String
    package var headers: HTTPHeaders
    package var body: [UInt8]

    /// The path of a socket to connect to instead of the URL's host.
    package var unixSocket: String?
    /// How long finding the host, connecting and the TLS handshake may take together.
    package var connectTimeout: Duration = .seconds(10)
    /// How long no byte may move in either direction, the wait for the answer included; nil waits for ever. While the reader of a stream
    /// lets it wait, this clock stands still.
    package var idleTimeout: Duration? = .seconds(60)
    /// How long everything may take; nil is five minutes for `send` and any time for `stream`.
    package var totalTimeout: Duration?
    /// The most bytes of body to accept, after decompression; nil is 64 MiB for `send` and any number for `stream`.
    package var responseLimit: Int?
    package var redirects = Redirects.hand
    package var tls = TLSOptions()
    package var version = Version.http1
    /// `host:port` to connect to instead of the URL's, whose name still is the one that the certificate must have.
    package var connectTo: String?
    /// The URL of the proxy to go through instead of the environment's.
    package var proxy: String?
    /// How long what was sent may stay unacknowledged, and a quiet connection's probes unanswered, before the kernel gives the connection up;
    /// nil leaves that to the system, where it takes a quarter of an hour. For streams, and for connections that many requests share.
    package var deadPeerTimeout: Duration?
    /// Uses no connection that is open already: for another try after one on which nothing came.
    package var connectsAnew = false
    /// Asks for a gzip, brotli or zstd answer and unpacks it. Not with `Range`: a part of a packed body cannot be unpacked.
    package var acceptsCompression = false

    package init(
        _ method: HTTPMethod, _ url: String, headers: HTTPHeaders = [:], body: [UInt8] = [],
        unixSocket: String? = nil
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.unixSocket = unixSocket
    }

    /// What is asked of whom, without credentials: for messages.
    var label: String {
        let target = URLText(url)?.withoutSecrets ?? "(no URL)"
        return "\(method.rawValue) \(target)" + (unixSocket.map { " over \($0)" } ?? "")
    }

    /// What to do with an answer that points elsewhere.
    package enum Redirects: Sendable, Equatable {
        /// It is the answer.
        case hand
        /// GET and HEAD go there, at most so many times in a row, from https to https only; `Authorization` stays with the first host.
        /// For other methods it is the answer.
        case follow(most: Int)
    }

    /// What to speak.
    package enum Version: Sendable, Equatable {
        /// One request a connection at a time, so that a stream that waits for its reader never holds up another.
        case http1
        /// HTTP/2 over TLS where the peer agrees to it, with many requests on one connection; otherwise HTTP/1.1.
        case newest
    }

    /// Whom to trust, and who we are.
    package struct TLSOptions: Sendable {
        /// A PEM file of the authorities to trust; nil trusts the system's.
        package var authorities: String?
        /// PEM files of our certificate and its key.
        package var certificate: String?
        package var certificateKey: String?
        /// The same three as texts in PEM, which win over the files: what came in a message need not be written anywhere.
        package var authoritiesText: [UInt8]?
        package var certificateText: [UInt8]?
        package var certificateKeyText: [UInt8]?
        /// Takes any certificate for any name. For experiments only: it protects against nobody.
        package var acceptsAnyCertificate = false

        package init() {}
    }
}
