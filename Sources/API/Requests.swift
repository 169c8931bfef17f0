package import JSON

/// What `POST /v1/runs` takes.
package struct SubmitRequest: Codable, Equatable, Sendable {
    /// The descriptor's text.
    package var descriptor: String
    /// The name of its file, for messages.
    package var filename: String
    /// The folder that its relative paths start from, absolute; only taken from clients on the same machine.
    package var directory: String?
    /// `key=value`, as given with `--set`.
    package var overrides: [String]
    /// As given with `--script`: a folder or file that goes to the benchmark's work folder, absolute.
    package var script: String?
    /// Only check; answer what would be submitted.
    package var dryRun: Bool
    package var client: Client

    /// Who asks.
    package struct Client: Codable, Equatable, Sendable {
        package var id: String
        package var version: String
        package var username: String

        package init(id: String, version: String, username: String) {
            self.id = id
            self.version = version
            self.username = username
        }
    }

    package init(
        descriptor: String, filename: String, directory: String? = nil, overrides: [String] = [],
        script: String? = nil, dryRun: Bool = false, client: Client
    ) {
        self.descriptor = descriptor
        self.filename = filename
        self.directory = directory
        self.overrides = overrides
        self.script = script
        self.dryRun = dryRun
        self.client = client
    }

    private enum CodingKeys: String, CodingKey {
        case descriptor, filename, directory, overrides, script, client
        case dryRun = "dry_run"
    }
}

/// What `POST /v1/runs` answers: one run, or one for each combination of the matrix.
package struct SubmitResponse: Codable, Equatable, Sendable {
    /// In the order of the matrix. Durable: each of them reaches a final status.
    package var runs: [Submitted]
    /// The id of the sweep that they belong to.
    package var sweep: String?
    /// Whether an earlier request with this idempotency key made them.
    package var isRepeated: Bool

    package struct Submitted: Codable, Equatable, Sendable {
        package var id: String
        package var name: String
        package var parameters: [String: JSONValue]

        package init(id: String, name: String, parameters: [String: JSONValue] = [:]) {
            self.id = id
            self.name = name
            self.parameters = parameters
        }
    }

    package init(runs: [Submitted], sweep: String? = nil, isRepeated: Bool = false) {
        self.runs = runs
        self.sweep = sweep
        self.isRepeated = isRepeated
    }

    private enum CodingKeys: String, CodingKey {
        case runs, sweep
        case isRepeated = "repeated"
    }
}

/// What `POST /v1/runs/{id}/cancel` takes; an empty body is the default.
package struct CancelRequest: Codable, Equatable, Sendable {
    package var reason: String?
    /// Kill at once instead of asking first.
    package var force: Bool

    package init(reason: String? = nil, force: Bool = false) {
        self.reason = reason
        self.force = force
    }
}

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
    case forbidden
    case unavailable
    case internalError = "internal_error"

    package var httpStatus: Int {
        switch self {
        case .invalidRequest: 400
        case .invalidDescriptor: 422
        case .notFound: 404
        case .conflict, .ambiguous: 409
        case .tooLarge: 413
        case .methodNotAllowed: 405
        case .forbidden: 403
        case .unavailable: 503
        case .internalError: 500
        }
    }
}
