internal import Runtime

/// Why the cluster did not do what it was asked, and what can be done about it.
package struct KubernetesError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What happened, by what a caller does next.
    package enum Code: String, Sendable, CaseIterable {
        /// The kubeconfig, the service account's files or a credential plugin cannot be used.
        case configuration
        /// What was asked for makes no sense, found here or by the server (400, 405, 406, 415).
        case badRequest = "bad_request"
        /// 401: the server does not know who we are.
        case unauthorized
        /// 403: it knows, and we may not; or a quota or an admission rule is against it.
        case forbidden
        case notFound = "not_found"
        /// 409 for a name that is taken.
        case alreadyExists = "already_exists"
        /// 409 for a version that is not the newest, a precondition, or fields that another manager holds.
        case conflict
        /// 410: the version or the continue token is older than what the server remembers.
        case gone
        /// 413.
        case tooLarge = "too_large"
        /// 422: `causes` names each field.
        case invalid
        /// 429: `retryAfter` says how long the server wants to be left alone.
        case tooManyRequests = "too_many_requests"
        /// 5xx.
        case serverFault = "server_fault"
        /// Nobody answered, or the answer broke off.
        case unreachable
        /// The deadline passed.
        case timedOut = "timed_out"
        /// No trust could be agreed on.
        case tls
        /// What came is not what an API server says.
        case invalidResponse = "invalid_response"
        case canceled
    }

    /// One thing that is wrong with one field.
    package struct Cause: Hashable, Sendable {
        /// `spec.template.spec.containers[0].name`; empty for the whole object.
        package var field: String
        /// `FieldValueInvalid`, `FieldManagerConflict`, ….
        package var reason: String
        package var message: String
    }

    package var code: Code
    /// What was tried on what, the server's words, and what to do. Never a token, a key or a body.
    package var message: String
    /// The status of the response, if there was one.
    package var status: Int?
    /// The server's own word for it: `AlreadyExists`, `Expired`, `Invalid`, ….
    package var reason: String
    package var causes: [Cause]
    package var retryAfter: Duration?

    package init(
        _ code: Code, _ message: String, status: Int? = nil, reason: String = "", causes: [Cause] = [],
        retryAfter: Duration? = nil
    ) {
        self.code = code
        self.message = message
        self.status = status
        self.reason = reason
        self.causes = causes
        self.retryAfter = retryAfter
    }

    package var description: String { message }
}

extension KubernetesError: Retryable {
    /// Whether the same call may succeed later.
    package var isTransient: Bool {
        switch code {
        case .tooManyRequests, .serverFault, .unreachable, .timedOut: true
        case .configuration, .badRequest, .unauthorized, .forbidden, .notFound, .alreadyExists, .conflict,
            .gone,
            .tooLarge, .invalid, .tls, .invalidResponse, .canceled:
            false
        }
    }
}

extension KubernetesError.Code {
    /// What a person can do about it; nil where the server's words say it all.
    var advice: String? {
        switch self {
        case .unauthorized:
            "the credentials are missing, expired or of another cluster: check the kubeconfig's user, or log in again"
        case .forbidden: "grant it with a Role and a RoleBinding, or ask for less if a quota refused it"
        case .gone: "list again, and watch from the version of that list"
        case .conflict: "read the object again and make the change on what it is now"
        case .tooManyRequests: "the server sheds load: wait, then try again"
        case .tooLarge: "the object is larger than the server takes (about 1.5 MB)"
        case .timedOut, .unreachable: "check that the API server is up and that this machine can reach it"
        case .tls: "check certificate-authority-data of the cluster and the client certificate's dates"
        case .configuration, .badRequest, .notFound, .alreadyExists, .invalid, .serverFault, .invalidResponse,
            .canceled:
            nil
        }
    }
}
