internal import HTTPMessages
internal import JSON

/// One thing to ask of the server.
struct APICall {
    var method: HTTPMethod
    var path: String
    var query: [QueryItem] = []
    var body: [UInt8] = []
    var contentType: String?
    /// What is tried on what, for messages: `create job bai/run-1`.
    var label: String
    /// Whether doing it twice is doing it once, or tells that it was done.
    var isRepeatable: Bool
    /// The most bytes of answer.
    var responseLimit = 64 * 1024 * 1024

    /// The path with the query.
    var target: String { query.isEmpty ? path : "\(path)?\(QueryItem.text(query))" }
}
