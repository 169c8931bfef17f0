internal import JSON
internal import Runtime

/// The descriptor's keys as they stand in docs/descriptor.md, made from the table of keys.
package enum KeyReference {
    /// Every table with its keys, in Markdown, tables in the order in which people write them.
    package static var markdown: String {
        sections.map(section).joined(separator: "\n")
    }

    private struct Section {
        var path: DescriptorPath
        var keys: [DescriptorKey]
        /// What the table is for; nil for the file itself.
        var about: String?
        var isOptional: Bool
    }

    private static let sections = collect(
        Section(path: .root, keys: DescriptorKeys.all, about: nil, isOptional: false))

    private static func collect(_ section: Section) -> [Section] {
        [section]
            + section.keys.flatMap { key -> [Section] in
                guard !key.kind.keys.isEmpty else { return [] }
                var path = section.path.key(key.name)
                if case .tables = key.kind { path = path.index(0) }
                return collect(
                    Section(path: path, keys: key.kind.keys, about: key.about, isOptional: !key.isRequired))
            }
    }

    private static func section(_ section: Section) -> String {
        guard let about = section.about else { return "### The file\n\n" + table(section.keys) }
        let depth = section.path.steps.count { $0 != .index(0) }
        let heading = "\(depth > 1 ? "####" : "###") `\(section.path.header)`"
        let lead = "\(heading)\n\n\(about)\(section.isOptional ? "" : " Required.")\n\n"
        // The server's models and metrics are made of what stands above already.
        let twin = sections.first {
            $0.path != section.path && $0.keys.map(\.about) == section.keys.map(\.about)
        }
        if let twin, section.path.steps.first == .key("server") {
            return lead + "The same keys as `\(twin.path.header)`.\n"
        }
        return lead + table(section.keys)
    }

    private static func table(_ keys: [DescriptorKey]) -> String {
        (["| key | type | default | what it is |", "|---|---|---|---|"] + keys.map(row)).joined(
            separator: "\n") + "\n"
    }

    private static func row(_ key: DescriptorKey) -> String {
        let cells = ["`\(key.name)`", key.kind.name, fallback(key), key.about + limits(key) + example(key)]
        return "| " + cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |"
    }

    /// What the sentence about a key does not say already.
    private static func limits(_ key: DescriptorKey) -> String {
        switch key.kind {
        case .integer(let range): return " From \(range.lowerBound) to \(range.upperBound)."
        case .duration(let range):
            return " From `\(TimeSpan(range.lowerBound))` to `\(TimeSpan(range.upperBound))`."
        case .choice(let words, _):
            let told = words.allSatisfy { key.about.contains("`\($0)`") }
            return told ? "" : " One of " + words.map { "`\"\($0)\"`" }.joined(separator: ", ") + "."
        default: return ""
        }
    }

    private static func fallback(_ key: DescriptorKey) -> String {
        if key.isRequired { return "required" }
        switch key.fallback {
        case .string(let text): return "`\"\(text)\"`"
        case .integer(let number): return "`\(number)`"
        case .bool(let value): return "`\(value)`"
        case .array(let elements) where !elements.isEmpty:
            return "`[\(elements.compactMap(\.string).map { "\"\($0)\"" }.joined(separator: ", "))]`"
        case .array, .object, .number, .null, nil: return "none"
        }
    }

    private static func example(_ key: DescriptorKey) -> String {
        key.example.map { " Example: `\(key.name) = \($0)`." } ?? ""
    }
}
