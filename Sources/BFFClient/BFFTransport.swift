package import HTTPMessages

/// Carries requests to a BFF: over a connection, or, in a test, straight to its routes.
package protocol BFFTransport: Sendable {
    /// Sends `request` and waits for the whole answer, whatever its status.
    ///
    /// - Throws: `unreachable` or `timedOut`.
    func send(_ request: BFFRequest) async throws(BFFClientError) -> BFFAnswer

    /// Sends `request` and gives the answer as soon as its head is there; the body comes piece by piece, for as long as it takes.
    ///
    /// - Throws: `unreachable` or `timedOut`.
    func open(_ request: BFFRequest) async throws(BFFClientError) -> BFFStream
}

/// A request to the API.
package struct BFFRequest: Equatable, Sendable {
    package var method: HTTPMethod
    /// Beginning with `/v1/`, encoded.
    package var path: String
    package var query: [QueryItem]
    package var headers: HTTPHeaders
    package var body: [UInt8]
    /// How long the whole answer, or the head of a stream, may take.
    package var timeout: Duration

    package init(
        method: HTTPMethod, path: String, query: [QueryItem] = [], headers: HTTPHeaders = [:],
        body: [UInt8] = [], timeout: Duration
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
        self.timeout = timeout
    }

    /// Path and query as the request line has them.
    package var target: String {
        query.isEmpty ? path : "\(path)?\(QueryItem.text(query))"
    }
}

/// A whole answer.
package struct BFFAnswer: Equatable, Sendable {
    package var status: Int
    package var body: [UInt8]

    package init(status: Int, body: [UInt8]) {
        self.status = status
        self.body = body
    }
}

/// An answer whose body still comes.
package struct BFFStream: Sendable {
    package var status: Int
    /// The next piece; nil when the server has ended it. Cancelling the waiting task ends the transfer.
    ///
    /// - Throws: `BFFClientError` when the connection breaks.
    package var next: @Sendable () async throws -> [UInt8]?

    package init(status: Int, next: @escaping @Sendable () async throws -> [UInt8]?) {
        self.status = status
        self.next = next
    }
}
