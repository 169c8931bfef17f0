internal import API
internal import HTTPMessages
internal import HTTPServer
internal import ObjectStore
internal import Runtime

/// One line of the table that both answers requests and makes the OpenAPI document.
struct Operation: Sendable {
    typealias Handler = @Sendable (BFF, Call) async throws -> ServerResponse

    var method: HTTPMethod
    /// `/v1/runs/{run}`.
    var path: String
    /// Its name in the document, from which client generators make a function's.
    var name: String
    var tag: String
    var summary: String
    /// More to know, if there is.
    var note: String
    var parameters: [Parameter]
    /// The schema of a request's body; nil where it takes none.
    var body: String?
    var answers: [Answer]
    /// What it refuses with, beside what any operation may: `invalid_request`, `internal_error`, `unavailable`.
    var refusals: [APIErrorCode]
    /// Who may use it over the network.
    var access: OperationAccess
    var intake: Intake
    var handler: Handler

    /// What is done with a request's body before a handler sees it.
    enum Intake: Sendable {
        /// It is JSON, kept in memory.
        case json
        /// It is one JSON object a line, of so many bytes at most.
        case lines(most: Int)
        /// It is anything, written to a file of the object store's folder.
        case file(most: Int)
    }

    /// One way to succeed.
    struct Answer: Sendable {
        var status: Int
        var note: String
        /// The schema by media type; nil is a text.
        var contents: [(type: String, schema: Schema?)]

        static func json(_ status: Int, _ schema: Schema, _ note: String) -> Answer {
            Answer(status: status, note: note, contents: [("application/json", schema)])
        }

        static func json(_ schema: Schema, _ note: String) -> Answer { json(200, schema, note) }
    }

    init(
        _ method: HTTPMethod, _ path: String, _ name: String, tag: String, _ summary: String,
        note: String = "",
        parameters: [Parameter] = [], body: String? = nil, answers: [Answer], refusals: [APIErrorCode] = [],
        access: OperationAccess = .users, intake: Intake = .json, handler: @escaping Handler
    ) {
        self.method = method
        self.path = path
        self.name = name
        self.tag = tag
        self.summary = summary
        self.note = note
        self.parameters = parameters
        self.body = body
        self.answers = answers
        self.refusals = refusals
        self.access = access
        self.intake = intake
        self.handler = handler
    }

    /// How long an upload may take: the largest one over two megabits a second.
    private static let uploadPatience = Duration.seconds(1200)

    /// The names of the parts in braces.
    var pathParameters: [String] {
        path.split(separator: "/").filter { $0.hasPrefix("{") }.map { String($0.dropFirst().dropLast()) }
    }

    /// The operation as a route of `bff`: who asks and the parameters are held against the table before the handler sees them.
    ///
    /// - Parameter gatekeeper: nil where the listener itself lets in only who may do everything.
    func route(_ bff: BFF, _ gatekeeper: Gatekeeper?) -> Route {
        let admit: Route.Admit = { request, path in
            do throws(APIError) {
                _ = try caller(of: request, path, gatekeeper)
                return try admission(bff)
            } catch {
                return .refuse(error.response)
            }
        }
        return Route(method, path, admit: admit) { request, path in
            let caller = try caller(of: request, path, gatekeeper)
            return try await handler(bff, try Call(request, path, of: self, by: caller, now: bff.time.now))
        }
    }

    private func caller(
        of request: ServerRequest, _ path: PathParameters, _ gatekeeper: Gatekeeper?
    ) throws(APIError) -> Caller {
        guard let gatekeeper else { return .local }
        let run = pathParameters.contains("run") ? path["run"] : nil
        return try gatekeeper.caller(of: request, for: access, run: access == .pods ? run : nil)
    }

    private func admission(_ bff: BFF) throws(APIError) -> Admission {
        switch intake {
        case .json: .gather(most: nil)
        case .lines(let most): .gather(most: most)
        case .file(let most):
            .spool(path: try bff.requireObjects().uploadPath(), most: most, within: Operation.uploadPatience)
        }
    }
}
