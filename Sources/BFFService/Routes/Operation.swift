internal import API
internal import HTTPMessages
internal import HTTPServer
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
    var handler: Handler

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
        handler: @escaping Handler
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
        self.handler = handler
    }

    /// The names of the parts in braces.
    var pathParameters: [String] {
        path.split(separator: "/").filter { $0.hasPrefix("{") }.map { String($0.dropFirst().dropLast()) }
    }

    /// The operation as a route of `bff`: the parameters are held against the table before the handler sees them.
    func route(_ bff: BFF) -> Route {
        Route(method, path) { request, path in
            try await handler(bff, try Call(request, path, of: self, now: bff.time.now))
        }
    }
}
