/// One mistake in a text that a person wrote: what, where, what was expected, and what was probably meant.
///
/// Encoded it is what `-o json` prints; `description` is for people.
package struct Problem: Error, Equatable, Sendable {
    /// How much it matters.
    package enum Severity: String, Codable, Sendable {
        /// The text cannot be used.
        case error
        /// The text can be used, but perhaps not as meant.
        case warning
    }

    /// Stable: `unknown_key`, `out_of_range`.
    package var code: String
    package var severity: Severity
    /// A sentence without a full stop.
    package var message: String
    /// The path of the key: `data.sources[0].md5`; nil when it is about no key.
    package var key: String?
    /// The file, or the argument; nil when it is about neither.
    package var source: String?
    /// Nil where the source is an argument.
    package var line: Int?
    package var column: Int?
    package var excerpt: Excerpt?
    /// What would have been right: `an integer from 1 to 1000`.
    package var expected: String?
    /// What was probably meant, ready to be typed.
    package var suggestion: String?
    /// Something more to know or to do.
    package var note: String?

    package init(
        code: String, severity: Severity = .error, message: String, key: String? = nil, source: String? = nil,
        line: Int? = nil, column: Int? = nil, excerpt: Excerpt? = nil, expected: String? = nil,
        suggestion: String? = nil, note: String? = nil
    ) {
        self.code = code
        self.severity = severity
        self.message = message
        self.key = key
        self.source = source
        self.line = line
        self.column = column
        self.excerpt = excerpt
        self.expected = expected
        self.suggestion = suggestion
        self.note = note
    }

    /// Points the problem at a place in a text.
    package func at(_ position: SourcePosition, in text: SourceText) -> Problem {
        var problem = self
        problem.source = text.name
        problem.excerpt = Excerpt(of: text, at: position)
        if text.kind == .file {
            problem.line = position.line
            problem.column = position.column
        }
        return problem
    }
}

extension Problem: CustomStringConvertible {
    /// Several lines: the place and the sentence, the source line with a caret, and the help. No line end at the end.
    package var description: String {
        var lines = ["\(place)\(severity.rawValue)[\(code)]: \(Excerpt.harmless(message))"]
        if let excerpt { lines += excerpt.lines(number: line) }
        if let expected { lines.append("  expected: \(Excerpt.harmless(expected))") }
        if let suggestion { lines.append("  did you mean: \(Excerpt.harmless(suggestion))") }
        if let note { lines.append("  note: \(Excerpt.harmless(note))") }
        return lines.joined(separator: "\n")
    }

    private var place: String {
        guard let source else { return "" }
        let name = Excerpt.harmless(source)
        guard let line, let column else { return "\(name): " }
        return "\(name):\(line):\(column): "
    }
}

extension Problem: Codable {
    package enum CodingKeys: String, CodingKey {
        case code, severity, message, key, source, line, column, excerpt, expected, suggestion, note
    }
}

extension [Problem] {
    /// Whether any of them forbids using the text.
    package var hasErrors: Bool { contains { $0.severity == .error } }

    /// The problems for people, an empty line between them, and how many there are.
    package var report: String {
        guard !isEmpty else { return "" }
        let errors = count { $0.severity == .error }
        let counts = [(errors, "error"), (count - errors, "warning")].filter { $0.0 > 0 }.map {
            number, name in
            "\(number) \(name)\(number == 1 ? "" : "s")"
        }
        return (map(\.description) + [counts.joined(separator: ", ")]).joined(separator: "\n\n")
    }
}
