package import API
package import JSON
internal import Runtime

/// Why a call of the API did not give what was asked for.
package struct BFFClientError: Retryable, Equatable, Sendable, CustomStringConvertible {
    package enum Code: Equatable, Sendable {
        /// The BFF answered with an error of its own.
        case refused(APIErrorCode)
        /// Nobody listens there, or the connection broke.
        case unreachable
        /// No trust could be agreed on: the server's certificate is refused, or there is no TLS.
        case untrusted
        /// No answer came in time; whether the call was carried out is not known.
        case timedOut
        /// What answered speaks another language: not this API, or another version of it.
        case unexpectedAnswer
        /// The task was cancelled.
        case canceled
    }

    package var code: Code
    /// What was tried, what is wrong, what to do.
    package var message: String
    /// The mistakes in a descriptor, each as the API gives it.
    package var problems: [JSONValue]

    package init(_ code: Code, _ message: String, problems: [JSONValue] = []) {
        self.code = code
        self.message = message
        self.problems = problems
    }

    /// Whether the same call may succeed later. One that changes something is only safe to repeat if it is idempotent: with an idempotency key.
    package var isTransient: Bool {
        switch code {
        case .unreachable, .timedOut: true
        case .refused(let code): code == .unavailable || code == .overloaded
        case .unexpectedAnswer, .untrusted, .canceled: false
        }
    }

    /// Whether the server answered, and did not want to.
    package var isRefusal: Bool {
        if case .refused = code { true } else { false }
    }

    package var description: String { message }
}
