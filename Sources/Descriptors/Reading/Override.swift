internal import Diagnostics
internal import TOML

/// `--set run.repeats=3`: a value given beside the file.
struct Override {
    var path: DescriptorPath
    /// Where each step of the path begins in the argument.
    var columns: [Int]
    var value: TOMLNode

    /// Why an argument is no override.
    struct Fault: Error {
        var code: String
        var message: String
        var column: Int
        var expected: String?
    }

    /// Reads `key=value`.
    ///
    /// The value is a TOML value; what is none is a string. Where the key holds a string anyway, the text is taken as it stands,
    /// so that `--set env.vars.N=3` needs no quotes in quotes.
    init(_ argument: String, source: Int) throws(Fault) {
        var parser = OverrideKeyParser(argument)
        (path, columns) = try parser.parse()
        guard path.steps.count <= TOMLLimits().depth else {
            let message = "the key has more than \(TOMLLimits().depth) parts"
            throw Fault(code: "bad_override", message: message, column: 1, expected: nil)
        }
        let raw = String(parser.rest)
        let position = SourcePosition(line: 1, column: parser.column, source: source)
        value = TOMLNode(Override.value(raw, for: DescriptorKeys.kind(at: path), at: position), at: position)
    }

    private static func value(_ raw: String, for kind: KeyKind?, at position: SourcePosition) -> TOMLValue {
        let text = "v = \(raw)"
        let table = try? TOMLParser().parse(SourceText(name: "", kind: .argument, bytes: Array(text.utf8)))
        // Only one key, or the argument had a line end in it and more after that.
        guard let table, table.entries.count == 1, let node = table["v"]?.node else { return .string(raw) }
        if case .string = node.value { return node.value }
        return kind?.isWritten == true ? .string(raw) : node.moved(to: position).value
    }
}

extension KeyKind {
    /// Whether its values are strings in TOML.
    fileprivate var isWritten: Bool {
        switch self {
        case .text, .duration, .size, .percentage, .choice: true
        case .integer, .number, .boolean, .list, .table, .tables, .texts, .anything, .matrix: false
        }
    }
}

extension DescriptorKeys {
    /// What the key at `path` holds; nil when there is no such key.
    static func kind(at path: DescriptorPath) -> KeyKind? {
        var kind: KeyKind? = .table(all)
        for step in path.steps {
            switch (kind, step) {
            case (.table(let keys), .key(let name)): kind = keys.first { $0.name == name }?.kind
            case (.tables(let keys), .index): kind = .table(keys)
            case (.list(let element, _), .index): kind = element
            case (.texts(_, let value, _), .key): kind = .text(value)
            default: return nil
            }
        }
        return kind
    }
}

/// Reads the key of an override: `data.sources[0].src`, `info.labels."a b"`.
private struct OverrideKeyParser {
    private let characters: [Character]
    private var index = 0

    init(_ argument: String) { characters = Array(argument) }

    /// From 1.
    var column: Int { index + 1 }
    var rest: ArraySlice<Character> { characters[min(index, characters.count)...] }

    /// Reads up to and including the `=`.
    mutating func parse() throws(Override.Fault) -> (DescriptorPath, [Int]) {
        guard characters.contains("=") else { throw fault("there is no \"=\"") }
        var path = DescriptorPath.root
        var columns: [Int] = []
        while index < characters.count {
            columns.append(column)
            path = path.key(try key())
            while index < characters.count, characters[index] == "[" {
                columns.append(column)
                path = path.index(try number())
            }
            guard index < characters.count else { break }
            let separator = characters[index]
            index += 1
            if separator == "=" { return (path, columns) }
            guard separator == "." else {
                index -= 1
                throw fault("\(Excerpt.quote(String(separator))) is not expected here")
            }
        }
        throw fault("the key has no end")
    }

    private mutating func key() throws(Override.Fault) -> String {
        if index < characters.count, characters[index] == "\"" {
            index += 1
            let name = characters[index...].prefix { $0 != "\"" }
            index += name.count + 1
            return String(name)
        }
        let name = characters[index...].prefix { !".=[\"".contains($0) }
        guard !name.isEmpty else { throw fault("a key is missing") }
        index += name.count
        return String(name)
    }

    private mutating func number() throws(Override.Fault) -> Int {
        let digits = characters[(index + 1)...].prefix { $0 != "]" }
        guard let number = Int(String(digits)), number >= 0, index + 1 + digits.count < characters.count
        else {
            throw fault("a number and \"]\" are expected after \"[\"")
        }
        index += digits.count + 2
        return number
    }

    private func fault(_ message: String) -> Override.Fault {
        Override.Fault(
            code: "bad_override", message: message, column: min(column, characters.count + 1),
            expected: "key=value, such as run.repeats=3")
    }
}

extension TOMLNode {
    /// The same value as if all of it were at one place.
    fileprivate func moved(to position: SourcePosition) -> TOMLNode {
        switch value {
        case .array(let nodes): TOMLNode(.array(nodes.map { $0.moved(to: position) }), at: position)
        case .table(let table):
            TOMLNode(
                .table(
                    TOMLTable(
                        table.entries.map { TOMLEntry($0.key, at: position, $0.node.moved(to: position)) })),
                at: position)
        case .string, .integer, .float, .boolean, .date: TOMLNode(value, at: position)
        }
    }
}
