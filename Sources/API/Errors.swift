package import JSON

/// The body of every answer that is no success.
package struct ErrorBody: Codable, Equatable, Sendable {
    package var error: Content

    package struct Content: Codable, Equatable, Sendable {
        package var code: APIErrorCode
        /// What was tried, what is wrong, what to do.
        package var message: String
        /// The mistakes in a descriptor, each as `baictl validate -o json` prints it.
        package var problems: [JSONValue]?

        package init(code: APIErrorCode, message: String, problems: [JSONValue]? = nil) {
            self.code = code
            self.message = message
            self.problems = problems
        }
    }

    package init(_ code: APIErrorCode, _ message: String, problems: [JSONValue]? = nil) {
        error = Content(code: code, message: message, problems: problems)
    }
}

/// Why the API refused. The code decides the HTTP status here, and the exit code in `Commands`.
package enum APIErrorCode: String, Codable, Sendable, CaseIterable {
    case invalidRequest = "invalid_request"
    case invalidDescriptor = "invalid_descriptor"
    case notFound = "not_found"
    /// The idempotency key was used with another request, the run is still going on, and the like.
    case conflict
    case ambiguous
    case tooLarge = "too_large"
    case methodNotAllowed = "method_not_allowed"
    /// Nobody who is known asks: a token is missing or wrong.
    case unauthorized
    case forbidden
    /// It is over: it was there, and comes back no more.
    case gone
    /// More comes than is taken; what was sent is to be sent again later.
    case overloaded
    case unavailable
    /// The disk has no room for more; reading goes on. It takes somebody who makes room.
    case full
    case internalError = "internal_error"

    package var httpStatus: Int {
        switch self {
        case .invalidRequest: 400
        case .invalidDescriptor: 422
        case .notFound: 404
        case .conflict, .ambiguous: 409
        case .tooLarge: 413
        case .methodNotAllowed: 405
        case .unauthorized: 401
        case .forbidden: 403
        case .gone: 410
        case .overloaded: 429
        case .unavailable: 503
        case .full: 507
        case .internalError: 500
        }
    }
}
