package import HTTPMessages

/// What a response says before its body.
package struct HTTPResponseHead: Sendable, Equatable {
    package var status: Int
    package var headers: HTTPHeaders

    package init(status: Int, headers: HTTPHeaders = [:]) {
        self.status = status
        self.headers = headers
    }

    /// 2xx.
    package var isSuccess: Bool { (200..<300).contains(status) }

    /// Whether the same request may be answered otherwise later: the server is busy, or something between us and it failed.
    package var isTransient: Bool { [408, 429, 500, 502, 503, 504].contains(status) }
}

/// A whole response.
package struct HTTPResponse: Sendable, Equatable {
    package var head: HTTPResponseHead
    package var body: [UInt8]

    package init(head: HTTPResponseHead, body: [UInt8]) {
        self.head = head
        self.body = body
    }

    package var status: Int { head.status }
    package var headers: HTTPHeaders { head.headers }
    package var isSuccess: Bool { head.isSuccess }

    /// The body as text, with replacement characters for what is not UTF-8.
    package var text: String { String(decoding: body, as: UTF8.self) }
}

/// A response whose body is still arriving.
package struct HTTPStream: Sendable {
    package var head: HTTPResponseHead
    /// The body in pieces, as they arrive. Letting go of it ends the transfer.
    package var body: HTTPBody

    package var status: Int { head.status }
    package var headers: HTTPHeaders { head.headers }
    package var isSuccess: Bool { head.isSuccess }
}
