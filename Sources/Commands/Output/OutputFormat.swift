internal import CommandLineArguments
internal import JSON
internal import Manifests

/// How data is printed: `-o`.
enum OutputFormat: String, CaseIterable, Sendable {
    case table, json, yaml, ndjson, csv, name

    static let option = OptionSyntax.value(
        "output", short: "o", "FORMAT",
        "how to print what was asked for; JSON keeps its shape from version to version",
        choices: allCases.map(\.rawValue))

    init(_ invocation: Invocation) {
        self = invocation.value("output").flatMap(OutputFormat.init(rawValue:)) ?? .table
    }
}

/// Values of one kind, printable in every format.
struct Listing {
    /// Each item as JSON; made when it is asked for, since a table of ten thousand rows has no use for it.
    private let makeItems: () throws -> [JSONValue]
    /// The item's name alone, for `-o name`.
    var names: [String]
    var table: Table
    /// What to say where there is nothing; on standard error.
    var emptyNote: String

    init(
        items: @escaping @autoclosure () throws -> [JSONValue], names: [String], table: Table,
        emptyNote: String
    ) {
        makeItems = items
        self.names = names
        self.table = table
        self.emptyNote = emptyNote
    }

    /// Whether there is nothing to print.
    var isEmpty: Bool { names.isEmpty && table.rows.isEmpty }

    /// The listing in `format`; an empty list is `[]` in JSON, and nothing where there are only lines.
    func text(as format: OutputFormat, for terminal: Terminal) throws -> String {
        switch format {
        case .table: isEmpty ? "" : table.text(for: terminal)
        // An encoder that is pretty spreads an empty list over three lines.
        case .json: isEmpty ? "[]\n" : try JSONCoding.text(makeItems(), pretty: true) + "\n"
        case .ndjson: try makeItems().map { try JSONCoding.text($0) + "\n" }.joined()
        case .yaml: YAML.text(of: .array(try makeItems()))
        case .csv: CSV.text(try makeItems())
        case .name: names.map { $0 + "\n" }.joined()
        }
    }
}

/// Comma-separated values as RFC 4180 has them.
enum CSV {
    /// A header and a row an item. Members of members become columns named with dots; what is in lists is written as JSON.
    static func text(_ items: [JSONValue]) -> String {
        let rows = items.map { item in
            var row: [String: String] = [:]
            flatten(item, path: "", into: &row)
            return row
        }
        let columns = rows.reduce(into: Set<String>()) { $0.formUnion($1.keys) }.sorted()
        if columns.isEmpty { return "" }
        let lines = [columns] + rows.map { row in columns.map { row[$0] ?? "" } }
        return lines.map { $0.map(quoted).joined(separator: ",") + "\r\n" }.joined()
    }

    private static func flatten(_ value: JSONValue, path: String, into row: inout [String: String]) {
        switch value {
        case .object(let members):
            for (key, member) in members {
                flatten(member, path: path.isEmpty ? key : "\(path).\(key)", into: &row)
            }
        case .null: row[path] = ""
        case .string(let text): row[path] = text
        case .bool, .integer, .number, .array:
            // A tree of JSON values is always JSON.
            row[path] = (try? JSONCoding.text(value)) ?? ""
        }
    }

    private static func quoted(_ text: String) -> String {
        let isPlain = !text.contains { $0 == "," || $0 == "\"" || $0.isNewline }
        return isPlain ? text : "\"\(text.replacing("\"", with: "\"\""))\""
    }
}
