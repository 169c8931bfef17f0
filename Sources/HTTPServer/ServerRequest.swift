package import HTTPMessages
package import JSON

/// A whole request.
package struct ServerRequest: Sendable {
    package var method: HTTPMethod
    /// The path as it came, percent-encoded.
    package var path: String
    /// The path's parts, decoded: `/v1/runs/a%2Fb` is `["v1", "runs", "a/b"]`.
    package var segments: [String]
    package var query: [QueryItem]
    package var headers: HTTPHeaders
    package var body: [UInt8]
    /// The body, where the server was told to write it to a file; `body` is empty then.
    package var bodyFile: BodyFile?
    package var peer: Peer

    /// Who asks.
    package enum Peer: Sendable, Equatable {
        /// A process of this machine, over a unix socket.
        case process(id: Int32, user: UInt32)
        /// Over TCP: host and port.
        case address(String)
        /// Nobody: a request that a test made, or a connection that ended already.
        case unknown
    }

    /// Reads the request's target (`/path?query`).
    ///
    /// - Returns: nil when the target is no path, or has a broken escape.
    package init?(
        _ method: HTTPMethod, _ target: String, headers: HTTPHeaders = [:], body: [UInt8] = [],
        peer: Peer = .unknown
    ) {
        let parts = ServerRequest.originForm(target).split(
            separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard let path = parts.first, path.hasPrefix("/"),
            let query = QueryItem.parse(parts.count > 1 ? parts[1] : "")
        else { return nil }
        var segments: [String] = []
        for part in path.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
            guard let segment = PercentEncoding.decode(part) else { return nil }
            segments.append(segment)
        }
        self.method = method
        self.path = String(path)
        self.segments = segments
        self.query = query
        self.headers = headers
        self.body = body
        self.peer = peer
    }

    /// A proxy asks for `http://host/path`.
    private static func originForm(_ target: String) -> Substring {
        guard target.lowercased().hasPrefix("http://") else { return target[...] }
        let rest = target.dropFirst("http://".count).drop { $0 != "/" && $0 != "?" }
        return rest.isEmpty ? "/" : rest
    }

    /// The value of the first query item called `name`.
    package func queryValue(_ name: String) -> String? {
        query.first { $0.name == name }?.value
    }

    /// The body as JSON.
    package func json<Value: Decodable>(_ type: Value.Type) throws(JSONError) -> Value {
        try JSONCoding.decode(type, from: body)
    }
}
