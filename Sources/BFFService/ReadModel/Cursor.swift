internal import API
package import Runtime

/// A place in a list, as clients carry it: parts with points between them. Clients do not look into it.
struct Cursor: CustomStringConvertible {
    var parts: [String]

    init(_ parts: any CustomStringConvertible...) {
        self.parts = parts.map(\.description)
    }

    /// Reads what `description` wrote; the last of `count` parts may hold points of its own.
    init(_ text: String, count: Int) throws(APIError) {
        parts = text.split(separator: ".", maxSplits: count - 1, omittingEmptySubsequences: false).map(
            String.init)
        if parts.count != count { throw Cursor.refusal(text) }
    }

    var description: String { parts.joined(separator: ".") }

    /// A part that is a number.
    func integer(_ index: Int) throws(APIError) -> Int64 {
        guard let value = Int64(parts[index]) else { throw Cursor.refusal(description) }
        return value
    }

    private static func refusal(_ text: String) -> APIError {
        APIError(
            .invalidRequest,
            "'\(text)' is no cursor of this list: give the `next` of the page before, or leave it out to begin anew"
        )
    }
}

/// A place in the stream of events.
package struct EventCursor: Equatable {
    /// The building of the read model that counted it.
    package var incarnation: String
    package var sequence: Int64
    /// When the log took the event: where to begin when the model was built anew since.
    package var logged: Timestamp

    /// As clients carry it.
    package var text: String { Cursor(incarnation, sequence, logged.milliseconds).description }

    init(incarnation: String, sequence: Int64, logged: Timestamp) {
        self.incarnation = incarnation
        self.sequence = sequence
        self.logged = logged
    }

    /// Reads what `text` wrote.
    package init(_ text: String) throws(APIError) {
        let cursor = try Cursor(text, count: 3)
        incarnation = cursor.parts[0]
        sequence = try cursor.integer(1)
        logged = Timestamp(milliseconds: try cursor.integer(2))
    }
}
