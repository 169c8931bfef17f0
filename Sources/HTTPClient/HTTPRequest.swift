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

    /// Whom to trust, and who we are.
    package struct TLSOptions: Sendable {
        /// A PEM file of the authorities to trust; nil trusts the system's.
        package var authorities: String?
        /// PEM files of our certificate and its key.
        package var certificate: String?
        package var certificateKey: String?
        /// Takes any certificate for any name. For experiments only: it protects against nobody.
        package var acceptsAnyCertificate = false

        package init() {}
    }
}
