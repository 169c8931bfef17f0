/// Why there is no response, or no end of it.
package struct HTTPClientError: Error, Equatable, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable, CaseIterable {
        /// What was asked for cannot be sent: the URL, a header or the socket's path.
        case invalidRequest = "invalid_request"
        case couldNotResolve = "could_not_resolve"
        case couldNotConnect = "could_not_connect"
        /// No trust could be agreed on, or one of our own certificate files is no good.
        case tls
        case timedOut = "timed_out"
        case canceled
        /// The peer hung up before the response was whole.
        case peerClosed = "peer_closed"
        /// What came is not HTTP, is packed wrongly, or sends us where we do not go.
        case invalidResponse = "invalid_response"
        case tooLarge = "too_large"
        case tooManyRedirects = "too_many_redirects"
        /// The address is one that this client does not go to.
        case outOfReach = "out_of_reach"
        /// Anything else that libcurl reports.
        case failed
    }

    package var code: Code
    /// What was asked of whom, without credentials, and what happened.
    package var message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// Whether the same request may succeed later.
    package var isTransient: Bool {
        switch code {
        case .couldNotResolve, .couldNotConnect, .timedOut, .peerClosed: true
        case .invalidRequest, .tls, .canceled, .invalidResponse, .tooLarge, .tooManyRedirects, .outOfReach,
            .failed:
            false
        }
    }

    /// Whether the request can have reached nobody.
    package var isBeforeSending: Bool {
        switch code {
        case .invalidRequest, .couldNotResolve, .couldNotConnect: true
        case .tls, .timedOut, .canceled, .peerClosed, .invalidResponse, .tooLarge, .tooManyRedirects,
            .outOfReach,
            .failed:
            false
        }
    }

    package var description: String { message }
}
