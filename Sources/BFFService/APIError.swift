package import API
package import JSON

/// Why a request is refused.
package struct APIError: Error, Equatable, Sendable, CustomStringConvertible {
    package var code: APIErrorCode
    /// What was tried, what is wrong, what to do.
    package var message: String
    /// The mistakes in a descriptor.
    package var problems: [JSONValue]?

    package init(_ code: APIErrorCode, _ message: String, problems: [JSONValue]? = nil) {
        self.code = code
        self.message = message
        self.problems = problems
    }

    package var body: ErrorBody { ErrorBody(code, message, problems: problems) }
    package var description: String { message }
}
