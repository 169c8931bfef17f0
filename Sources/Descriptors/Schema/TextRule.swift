internal import Diagnostics

/// What a string has to look like.
struct TextRule: Sendable {
    /// The code of its problems: `bad_label`.
    var code: String
    /// For the end of "expected:".
    var expected: String
    /// The same as a regular expression of the JSON schema, as far as one can say it.
    var schemaPattern: String?
    /// What is wrong with a string, after "... is "; nil when nothing is.
    var fault: @Sendable (String) -> TextFault?
    /// What is made of a string that is right; nil for nothing at all, as if the key were not there.
    var value: @Sendable (String) -> String? = { $0 }
}

/// What is wrong with a string.
struct TextFault: Equatable, Sendable {
    /// The end of a sentence that begins with key and string: `is no duration`.
    var message: String
    var suggestion: String?

    init(_ message: String, suggestion: String? = nil) {
        self.message = message
        self.suggestion = suggestion
    }
}

extension TextRule {
    /// A rule that is one test.
    private static func test(
        _ code: String, _ expected: String, schema: String? = nil,
        _ isRight: @escaping @Sendable (String) -> Bool
    ) -> TextRule {
        TextRule(code: code, expected: expected, schemaPattern: schema) {
            isRight($0) ? nil : TextFault("is not allowed")
        }
    }

    /// Any text, even an empty one or one of several lines.
    static let any = test("bad_text", "a string") { _ in true }

    /// One line, perhaps empty.
    static let line = test(
        "bad_text", "a string of one line, without control characters", schema: #"^[^\x00-\x1f\x7f]*$"#
    ) { text in
        !text.unicodeScalars.contains { $0.properties.generalCategory == .control }
    }

    /// Something without white space.
    static let word = test("bad_text", "a string without white space, not empty", schema: #"^\S+$"#) { text in
        !text.isEmpty && !text.contains { $0.isWhitespace } && line.fault(text) == nil
    }

    static let version = test(
        "bad_text", "a version such as \"0.1.0\"", schema: line.schemaPattern
    ) { line.fault($0) == nil }

    static let labelName = test(
        "bad_label", "1 to 63 letters, digits, '-', '_' or '.', with a letter or digit at both ends",
        schema: "^([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]$"
    ) { !$0.isEmpty && isLabel($0) }

    static let labelValue = test(
        "bad_label",
        "a string of up to 63 letters, digits, '-', '_' or '.', with a letter or digit at both ends",
        schema: "^(([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9])?$", isLabel)

    /// Whether `text` can be the value of a label, here and in Kubernetes.
    static func isLabel(_ text: String) -> Bool {
        let isInside = { (byte: UInt8) in isLetterOrDigit(byte) || "-_.".utf8.contains(byte) }
        guard text.utf8.count <= 63, text.utf8.allSatisfy(isInside) else { return false }
        return [text.utf8.first, text.utf8.last].allSatisfy { $0.map(isLetterOrDigit) ?? true }
    }

    static let variableName = test(
        "bad_variable_name", "letters, digits, '_', '-' or '.', not beginning with a digit or with '..'",
        schema: #"^(?!\.$|\.\.)[-._a-zA-Z][-._a-zA-Z0-9]*$"#
    ) { text in
        let isInside = { (byte: UInt8) in isLetterOrDigit(byte) || "-_.".utf8.contains(byte) }
        // Kubernetes refuses what would look like a way out of a folder.
        if text == "." || text.hasPrefix("..") { return false }
        return text.utf8.allSatisfy(isInside) && text.utf8.first.map { !(48...57).contains($0) } == true
    }

    /// A command, or a part of one: words as in a shell.
    static let command = TextRule(code: "bad_command", expected: "words as in a shell, each quote closed") {
        text in
        var quote: Unicode.Scalar?
        var isEscaped = false
        // Scalars, as whoever splits the words has it: a quote with an accent is still a quote.
        for character in text.unicodeScalars {
            if isEscaped {
                isEscaped = false
            } else if character == "\\", quote != "'" {
                isEscaped = true
            } else if character == quote {
                quote = nil
            } else if quote == nil, character == "'" || character == "\"" {
                quote = character
            }
        }
        if let quote { return TextFault("has no closing \(quote)") }
        return isEscaped ? TextFault("ends with a backslash") : nil
    }

    static let metricName = test(
        "bad_metric_name", "1 to 200 characters of one line", schema: #"^[^\x00-\x1f\x7f]{1,200}$"#
    ) { !$0.isEmpty && $0.count <= 200 && line.fault($0) == nil }

    /// A file's place: nothing that leads out of where it belongs.
    static let path = TextRule(
        code: "bad_path", expected: "a path, without \"..\"", schemaPattern: #"^(?!(.*/)?\.\.(/|$)).+$"#
    ) { text in
        if text.isEmpty || line.fault(text) != nil { return TextFault("is no path") }
        return text.split(separator: "/").contains("..") ? TextFault("leads out with \"..\"") : nil
    }

    /// The place of the team's own files: wherever whoever submits them can read.
    static let script = test("bad_path", "a path", schema: ".+") { !$0.isEmpty && line.fault($0) == nil }

    static let processes = TextRule(
        code: "bad_processes", expected: "\"gpus\", or a number such as \"4\"",
        schemaPattern: "^(gpus|[1-9][0-9]*)$"
    ) { text in
        if Descriptor.ProcessesPerInstance(text) != nil { return nil }
        return TextFault(
            "is not", suggestion: Spelling.nearest(to: text, among: ["gpus"]).map { "\"\($0)\"" })
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
    }
}

// MARK: - Digests

extension TextRule {
    /// Benchmark AI also takes an empty string, for no digest, and the algorithm before the digits.
    static let md5 = digest("md5", digits: 32)
    static let sha256 = digest("sha256", digits: 64)

    private static func digest(_ algorithm: String, digits: Int) -> TextRule {
        let bare = { @Sendable (text: String) -> String in
            let prefix = "\(algorithm):"
            return (text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : text).lowercased()
        }
        return TextRule(
            code: "bad_digest", expected: "\(digits) hexadecimal digits",
            schemaPattern: "^((\(algorithm):)?[0-9a-fA-F]{\(digits)})?$",
            fault: { digestFault(bare($0), digits: digits) },
            value: { $0.isEmpty ? nil : bare($0) })
    }

    private static func digestFault(_ text: String, digits: Int) -> TextFault? {
        let isHexadecimal = text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
        if text.isEmpty || (isHexadecimal && text.utf8.count == digits) { return nil }
        let other = [32: "md5", 64: "sha256"].first { isHexadecimal && $0.key == text.utf8.count }?.value
        if let other {
            return TextFault("has the length of another digest", suggestion: "\(other) = \"\(text)\"")
        }
        return TextFault(isHexadecimal ? "has \(text.utf8.count) digits" : "is no digest")
    }
}

// MARK: - Addresses

extension TextRule {
    private static let schemes = ["file", "http", "https", "s3"]

    static let address = TextRule(
        code: "bad_source", expected: "a path, or an address that begins with http:, https:, s3: or file:",
        schemaPattern: #"^(https?://[^/]+.*|s3://[^/]+.*|file:.+|(?![A-Za-z][A-Za-z0-9+.-]*:).+)$"#
    ) { text in
        guard !text.isEmpty, line.fault(text) == nil else { return TextFault("is no address") }
        guard let colon = text.firstIndex(of: ":"), !text[..<colon].contains("/") else { return nil }
        let scheme = text[..<colon].lowercased()
        let rest = text[text.index(after: colon)...]
        guard schemes.contains(scheme) else {
            let near = Spelling.nearest(to: scheme, among: schemes).map { "\"\($0):\(rest)\"" }
            return TextFault("begins with an unknown scheme", suggestion: near)
        }
        if scheme == "file" { return rest.isEmpty ? TextFault("names no file") : nil }
        let host = rest.dropFirst(2).prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        return rest.hasPrefix("//") && !host.isEmpty ? nil : TextFault("names no host")
    }

    private static let channels = ["log", "stdout", "webhook", "slack", "email"]

    static let channel = TextRule(
        code: "bad_channel",
        expected: "\"log\", \"stdout\", \"webhook:<name>\", \"slack:<channel>\" or \"email:<address>\"",
        schemaPattern: #"^(log|stdout|(webhook|slack):.+|email:[^@\s]+@[^@\s]+)$"#
    ) { text in
        let kind = String(text.prefix { $0 != ":" })
        let target = text.dropFirst(kind.count + 1)
        guard channels.contains(kind) else {
            let near = Spelling.nearest(to: kind, among: channels)
            return TextFault(
                "is no channel", suggestion: near.map { "\"\($0)\(text.dropFirst(kind.count))\"" })
        }
        if kind == "log" || kind == "stdout" {
            return text == kind ? nil : TextFault("takes nothing after its name")
        }
        if target.isEmpty || word.fault(String(target)) != nil { return TextFault("does not say to whom") }
        let isAddress =
            target.split(separator: "@", omittingEmptySubsequences: false).filter { !$0.isEmpty }.count == 2
        return kind == "email" && !isAddress ? TextFault("is no e-mail address") : nil
    }
}
