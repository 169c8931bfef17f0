package import Diagnostics

/// Why a text is not taken as TOML, and where.
package struct TOMLError: Error, Equatable, Sendable {
    package enum Code: String, Sendable {
        case syntax
        case invalidUTF8 = "invalid_utf8"
        case nulCharacter = "nul_character"
        case tooLarge = "too_large"
        case tooDeep = "too_deep"
        case tooManyKeys = "too_many_keys"
        case tooManyValues = "too_many_values"
    }

    package var code: Code
    package var message: String
    package var position: SourcePosition
    /// What was probably meant, ready to be typed.
    package var suggestion: String?

    package init(
        _ code: Code, _ message: String, at position: SourcePosition, suggestion: String? = nil
    ) {
        self.code = code
        self.message = message
        self.position = position
        self.suggestion = suggestion
    }

    /// The error as a problem of `text`.
    package func problem(in text: SourceText) -> Problem {
        Problem(code: code.rawValue, message: message, suggestion: suggestion).at(position, in: text)
    }
}

/// How large a TOML text may be. Whoever writes it by hand never meets these; they keep time and memory in bounds for everything else.
package struct TOMLLimits: Sendable {
    package var bytes = 1 << 20
    /// Tables and arrays in one another, dotted keys included.
    package var depth = 32
    /// Keys, each part of a dotted one counted, and table headers.
    package var keys = 10_000
    /// Elements of arrays.
    package var values = 100_000

    package init() {}
}
