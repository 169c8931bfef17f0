internal import JSON
internal import Runtime

/// One key of the descriptor. The table of these (`DescriptorKeys`) is the only place that says which keys there are, what they hold
/// and what they mean: validation, the JSON schema and the reference in docs/ are all made from it.
struct DescriptorKey: Sendable {
    var name: String
    var kind: KeyKind
    var isRequired: Bool
    /// What it is when it is not written; nil where that is nothing at all.
    var fallback: JSONValue?
    /// A sentence, for people.
    var about: String
    /// A value as it is written in TOML; nil for tables, which speak for themselves.
    var example: String?

    /// A key that has to be there.
    static func required(_ name: String, _ kind: KeyKind, example: String? = nil, _ about: String)
        -> DescriptorKey
    {
        DescriptorKey(name: name, kind: kind, isRequired: true, fallback: nil, about: about, example: example)
    }

    /// A key without which something is not there, or not limited.
    static func optional(_ name: String, _ kind: KeyKind, example: String? = nil, _ about: String)
        -> DescriptorKey
    {
        DescriptorKey(
            name: name, kind: kind, isRequired: false, fallback: nil, about: about, example: example)
    }

    /// A key with a default.
    static func key(
        _ name: String, _ kind: KeyKind, default fallback: JSONValue, example: String? = nil, _ about: String
    ) -> DescriptorKey {
        DescriptorKey(
            name: name, kind: kind, isRequired: false, fallback: fallback, about: about, example: example)
    }
}

/// What a key holds.
indirect enum KeyKind: Sendable {
    case text(TextRule)
    case integer(ClosedRange<Int64>)
    /// An integer or a fraction; finite.
    case number
    case boolean
    case duration(ClosedRange<Duration>)
    case size(ClosedRange<Int64>)
    case percentage
    /// One of several words.
    case choice([String], ignoringCase: Bool = false)
    case list(KeyKind, count: ClosedRange<Int> = 0...1000)
    /// `[name]`.
    case table([DescriptorKey])
    /// `[[name]]`.
    case tables([DescriptorKey])
    /// A table whose keys are the team's own, with text values.
    case texts(key: TextRule, value: TextRule, limit: Int)
    /// A table of anything at all.
    case anything
    /// `[matrix]`: axes that are the team's own, and include and exclude.
    case matrix

    /// One of `Choice`'s words.
    static func choice<Choice: CaseIterable & RawRepresentable<String>>(
        _ type: Choice.Type, ignoringCase: Bool = false
    ) -> KeyKind {
        .choice(type.allCases.map(\.rawValue), ignoringCase: ignoringCase)
    }
}

extension KeyKind {
    /// What has to be written, for the end of "expected:".
    var expected: String {
        switch self {
        case .text(let rule): rule.expected
        case .integer(let range):
            range.upperBound == .max
                ? "an integer of at least \(range.lowerBound)"
                : "an integer from \(range.lowerBound) to \(range.upperBound)"
        case .number: "a finite number"
        case .boolean: "true or false"
        case .duration(let range):
            "a duration from \(TimeSpan(range.lowerBound)) to \(TimeSpan(range.upperBound)), such as \"30m\", \"1h30m\" or \"90s\""
        case .size(let range):
            "a size" + (range.lowerBound > 1 ? " of at least \(ByteSize(bytes: range.lowerBound))," : "")
                + " such as \"512MiB\" or \"10GB\""
        case .percentage: "a percentage above 0%, such as \"5%\""
        case .choice(let words, _): "one of " + words.map { "\"\($0)\"" }.joined(separator: ", ")
        case .list(let element, _): "an array; each element \(element.expected)"
        case .table, .anything, .matrix: "a table"
        case .tables: "an array of tables"
        case .texts: "a table of strings"
        }
    }

    /// One word or two for the reference.
    var name: String {
        switch self {
        case .text: "string"
        case .integer: "integer"
        case .number: "number"
        case .boolean: "boolean"
        case .duration: "duration"
        case .size: "size"
        case .percentage: "percentage"
        case .choice: "string"
        case .list(let element, _): "array of \(element.name)s"
        case .table, .anything, .matrix: "table"
        case .tables: "array of tables"
        case .texts: "table of strings"
        }
    }

    /// The keys of a table of ours; empty for everything else.
    var keys: [DescriptorKey] {
        switch self {
        case .table(let keys), .tables(let keys): keys
        case .text, .integer, .number, .boolean, .duration, .size, .percentage, .choice, .list, .texts,
            .anything,
            .matrix:
            []
        }
    }
}
