internal import JSON
internal import TOML

extension TOMLValue {
    /// The value as JSON; dates as their text.
    var json: JSONValue {
        switch self {
        case .string(let text), .date(let text): .string(text)
        case .integer(let number): .integer(number)
        // JSON knows no infinities.
        case .float(let number): number.isFinite ? .number(number) : .string("\(number)")
        case .boolean(let value): .bool(value)
        case .array(let nodes): .array(nodes.map(\.value.json))
        case .table(let table):
            .object(Dictionary(table.entries.map { ($0.key, $0.node.value.json) }, uniquingKeysWith: { $1 }))
        }
    }

    /// The value in a sentence.
    var text: String {
        switch self {
        case .string(let text): "\"\(text)\""
        case .date(let text): text
        case .integer(let number): "\(number)"
        case .float(let number): "\(number)"
        case .boolean(let value): "\(value)"
        case .array, .table: kind
        }
    }

    /// The text of a value that is neither table nor array.
    var scalarText: String? {
        switch self {
        case .string, .date, .integer, .float, .boolean: text
        case .array, .table: nil
        }
    }
}
