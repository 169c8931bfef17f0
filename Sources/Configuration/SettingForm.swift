internal import Diagnostics
internal import Runtime
internal import TOML

/// Why a value is not taken.
struct SettingFault: Error, Equatable {
    var code: String
    /// The end of a sentence that begins with the setting's key.
    var message: String
    var suggestion: String?
}

/// Turns what was written into a setting's value.
struct SettingForm {
    private let kind: SettingKind
    private let home: String?
    /// Where relative paths start; nil for the process's own folder.
    private let folder: String?

    init(_ declaration: SettingDeclaration, home: String?, folder: String?) {
        kind = declaration.kind
        self.home = home
        self.folder = folder
    }

    /// The value of what stands in bai.toml.
    func value(of value: TOMLValue) throws(SettingFault) -> SettingValue {
        switch (kind, value) {
        case (.integer(let range), .integer(let number)): try integer(Int(number), in: range)
        case (.boolean, .boolean(let truth)): .boolean(truth)
        case (.list, .array(let nodes)):
            .list(try nodes.map { node throws(SettingFault) in try element(node) })
        case (.string, .string(let text)), (.path, .string(let text)), (.choice, .string(let text)),
            (.duration, .string(let text)), (.size, .string(let text)):
            try self.value(of: text)
        default:
            throw SettingFault(code: "wrong_type", message: "is \(value.kind)", suggestion: suggestion(value))
        }
    }

    /// The value of what stands in the environment or on the command line.
    func value(of text: String) throws(SettingFault) -> SettingValue {
        switch kind {
        case .string: return .string(text)
        case .path: return .string(try path(text))
        case .integer(let range): return try integer(Int(text), in: range, text)
        case .boolean: return try boolean(text)
        case .duration(let range): return try duration(text, in: range)
        case .size:
            guard let size = ByteSize(text) else { throw malformed(text) }
            return .size(size)
        case .list:
            let elements = text.split(separator: ",").map { String($0.drop { $0 == " " }) }
            return .list(elements)
        case .choice(let words):
            guard words.contains(text) else {
                throw malformed(text, code: "unknown_value", Spelling.nearest(to: text, among: words))
            }
            return .string(text)
        }
    }

    private func integer(_ number: Int?, in range: ClosedRange<Int>, _ text: String = "") throws(SettingFault)
        -> SettingValue
    {
        guard let number else { throw malformed(text) }
        guard range.contains(number) else {
            throw SettingFault(code: "out_of_range", message: "is \(number)")
        }
        return .integer(number)
    }

    private func boolean(_ text: String) throws(SettingFault) -> SettingValue {
        switch text.lowercased() {
        case "true", "yes", "on", "1": return .boolean(true)
        case "false", "no", "off", "0": return .boolean(false)
        default: throw malformed(text)
        }
    }

    private func duration(_ text: String, in range: ClosedRange<Duration>) throws(SettingFault)
        -> SettingValue
    {
        guard let span = TimeSpan(text) else {
            throw malformed(text, TimeSpan("\(text)s") == nil ? nil : "\(text)s")
        }
        guard range.contains(span.duration) else { throw malformed(text, code: "out_of_range") }
        return .duration(span)
    }

    private func path(_ text: String) throws(SettingFault) -> String {
        guard !text.isEmpty, !text.utf8.contains(0) else { throw malformed(text) }
        if text == "~" || text.hasPrefix("~/") {
            guard let home else {
                throw SettingFault(
                    code: "bad_value", message: "is \(Excerpt.quote(text)), but HOME is not set")
            }
            return home + text.dropFirst()
        }
        guard let folder, !text.hasPrefix("/") else { return text }
        return "\(folder)/\(text)"
    }

    private func element(_ node: TOMLNode) throws(SettingFault) -> String {
        guard case .string(let text) = node.value else {
            throw SettingFault(code: "wrong_type", message: "holds \(node.value.kind)")
        }
        return text
    }

    private func malformed(_ text: String, code: String = "bad_value", _ suggestion: String? = nil)
        -> SettingFault
    {
        SettingFault(code: code, message: "is \(Excerpt.quote(text))", suggestion: suggestion)
    }

    /// What was probably meant by a value of the wrong type.
    private func suggestion(_ value: TOMLValue) -> String? {
        switch (kind, value) {
        case (.integer, .string(let text)): Int(text).map { "\($0)" }
        case (.boolean, .string(let text)):
            ["true", "false"].contains(text.lowercased()) ? text.lowercased() : nil
        case (.duration, .integer(let number)): number >= 0 ? "\"\(number)s\"" : nil
        case (.list, .string(let text)): "[\"\(text)\"]"
        case (.string, .integer(let number)): "\"\(number)\""
        default: nil
        }
    }
}
