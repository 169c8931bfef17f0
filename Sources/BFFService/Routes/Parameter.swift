internal import HTTPMessages

/// One parameter of an operation: it is what the document tells, and what a request is held against.
struct Parameter: Sendable {
    enum Place: String, Sendable { case query, header, path }

    var name: String
    var place: Place
    var schema: Schema
    var note: String
    /// Whether it may come more than once.
    var isRepeated: Bool

    /// A parameter of the query.
    static func query(
        _ name: String, _ schema: Schema, isRepeated: Bool = false, _ note: String
    ) -> Parameter {
        Parameter(name: name, place: .query, schema: schema, note: note, isRepeated: isRepeated)
    }

    /// A parameter of the query that is a text.
    static func query(_ name: String, isRepeated: Bool = false, _ note: String) -> Parameter {
        query(name, .string, isRepeated: isRepeated, note)
    }

    static func header(_ name: String, _ note: String) -> Parameter {
        Parameter(name: name, place: .header, schema: .string, note: note, isRepeated: false)
    }

    /// The two that every list has.
    static func page(usual: Int, largest: Int) -> [Parameter] {
        [
            .query(
                "limit", .integer, "how many at most, from 1 to \(largest); \(usual) where nothing is said"),
            .query("cursor", "`next` of the page before; without it the list begins anew"),
        ]
    }
}
