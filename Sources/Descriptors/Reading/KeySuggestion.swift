internal import Diagnostics
internal import TOML

/// Guesses which key or value somebody meant.
enum KeySuggestion {
    /// The key of the same table that `entry` was meant to be: one that the table does not have yet, unless it comes from the command
    /// line, which may as well replace one.
    static func sibling(of entry: TOMLEntry, in keys: [DescriptorKey], missing: [String]) -> String? {
        let isOverride = entry.keyPosition.source > 0
        return Spelling.nearest(to: entry.key, among: isOverride ? keys.map(\.name) : missing)
    }

    /// The path of the key that `name` was meant to be, in another table: the same name first, then a near one.
    static func elsewhere(_ name: String, near path: DescriptorPath) -> String? {
        let same = paths.filter { $0.name == name }
        if let found = same.min(by: { distance($0, path) < distance($1, path) }) { return place(found) }
        guard let near = Spelling.nearest(to: name, among: Set(paths.map(\.name))) else { return nil }
        return paths.first { $0.name == near }.map(place)
    }

    /// What to write instead of a value of the wrong type.
    static func value(_ value: TOMLValue, _ kind: KeyKind, at path: DescriptorPath) -> String? {
        switch (kind, value) {
        case (.integer(let range), .string(let text)):
            Int64(text).flatMap { range.contains($0) ? "\($0)" : nil }
        case (.number, .string(let text)): Double(text).flatMap { $0.isFinite ? text : nil }
        case (.boolean, .string(let text)):
            ["true", "false"].contains(text.lowercased()) ? text.lowercased() : nil
        case (.boolean, .integer(let number)): number == 1 ? "true" : number == 0 ? "false" : nil
        case (.text, .integer), (.text, .float), (.text, .boolean): "\"\(value.text)\""
        case (.duration, .integer(let number)), (.size, .integer(let number)),
            (.percentage, .integer(let number)):
            Quantity.suggestion("\(number)", kind)
        case (.percentage, .float(let number)): Quantity.suggestion("\(number)", kind)
        case (.list(let element, _), _): self.element(value, element).map { "[\($0)]" }
        case (.tables, .table): DescriptorPath(steps: path.steps + [.index(0)]).header
        default: nil
        }
    }

    private static func element(_ value: TOMLValue, _ kind: KeyKind) -> String? {
        switch (kind, value) {
        case (.text, .string), (.choice, .string), (.integer, .integer): value.scalarText
        default: nil
        }
    }

    // MARK: - All keys

    private struct Found {
        var tables: [DescriptorPath.Step]
        var name: String
    }

    private static let paths = collect(DescriptorKeys.all, below: [])

    private static func collect(_ keys: [DescriptorKey], below tables: [DescriptorPath.Step]) -> [Found] {
        keys.flatMap { key -> [Found] in
            let element: [DescriptorPath.Step] = if case .tables = key.kind { [.index(0)] } else { [] }
            return [Found(tables: tables, name: key.name)]
                + collect(key.kind.keys, below: tables + [.key(key.name)] + element)
        }
    }

    /// How far a table is from another: the steps out of one and into the other.
    private static func distance(_ found: Found, _ path: DescriptorPath) -> Int {
        let shared = zip(found.tables, path.steps).prefix { $0 == $1 }.count
        return found.tables.count + path.steps.count - 2 * shared
    }

    private static func place(_ found: Found) -> String {
        found.tables.isEmpty
            ? "\(found.name), before the first [table]"
            : "\(found.name) in \(DescriptorPath(steps: found.tables).header)"
    }
}
