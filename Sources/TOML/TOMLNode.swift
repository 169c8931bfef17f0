package import Diagnostics

/// A value in a TOML text, and where it is.
package struct TOMLNode: Equatable, Sendable {
    package var value: TOMLValue
    /// Of the value's first character.
    package var position: SourcePosition

    package init(_ value: TOMLValue, at position: SourcePosition) {
        self.value = value
        self.position = position
    }
}

/// What a TOML value can be.
package enum TOMLValue: Equatable, Sendable {
    case string(String)
    case integer(Int64)
    case float(Double)
    case boolean(Bool)
    /// A date, a time or both, as RFC 3339 text.
    case date(String)
    case array([TOMLNode])
    case table(TOMLTable)

    /// The kind of value, as a sentence names it.
    package var kind: String {
        switch self {
        case .string: "a string"
        case .integer: "an integer"
        case .float: "a number with a fraction"
        case .boolean: "a boolean"
        case .date: "a date or time"
        case .array: "an array"
        case .table: "a table"
        }
    }
}

/// The keys and values of a table, in the order of the text.
package struct TOMLTable: Equatable, Sendable {
    package var entries: [TOMLEntry]

    package init(_ entries: [TOMLEntry] = []) { self.entries = entries }

    /// The entry of `key`.
    package subscript(key: String) -> TOMLEntry? {
        entries.first { $0.key == key }
    }
}

/// A key of a table with its value.
package struct TOMLEntry: Equatable, Sendable {
    package var key: String
    package var keyPosition: SourcePosition
    package var node: TOMLNode

    package init(_ key: String, at keyPosition: SourcePosition, _ node: TOMLNode) {
        self.key = key
        self.keyPosition = keyPosition
        self.node = node
    }
}
