package import Runtime

/// One thing that an installation can be told, with the type of its value.
///
///     enum HTTPSettings {
///         static let bodyLimit = Setting<ByteSize>.size("http.body_limit", default: .mebibytes(1), "The largest request body.")
///         static let token = Setting<String?>.optionalString("http.token", isSecret: true, "Who has it may do everything.")
///     }
///     settings[HTTPSettings.bodyLimit].bytes
///
/// Its value comes from a flag, else from the environment (`BAI_HTTP_BODY_LIMIT`), else from bai.toml (`body_limit` under `[http]`), else it is
/// the default.
package struct Setting<Value: Sendable>: Sendable {
    /// What is known of the setting without its type; a program hands all of its own to `SettingsReader`.
    package let declaration: SettingDeclaration
    let read: @Sendable (SettingValue?) -> Value
}

/// A setting without the type of its value.
package struct SettingDeclaration: Sendable {
    /// `http.body_limit`: tables and key in bai.toml.
    package let key: String
    /// `BAI_HTTP_BODY_LIMIT`.
    package let variable: String
    /// What it is for, in a sentence.
    package let about: String
    /// Whether its value is never shown.
    package let isSecret: Bool
    /// The value where nothing is said; nil where there is none then.
    package let fallback: SettingValue?
    /// What stands for the value where there is none: `made from home`.
    package let fallbackText: String?
    package let kind: SettingKind

    init(
        _ key: String, _ kind: SettingKind, _ fallback: SettingValue?, _ about: String, isSecret: Bool,
        variable: String?,
        fallbackText: String?
    ) {
        self.key = key
        self.kind = kind
        self.fallback = fallback
        self.about = about
        self.isSecret = isSecret
        self.fallbackText = fallbackText
        let name = key.uppercased().map { $0.isLetter || $0.isNumber ? $0 : "_" }
        self.variable = variable ?? "BAI_\(String(name))"
    }
}

/// What a setting's value can be.
package enum SettingKind: Equatable, Sendable {
    case string
    case integer(ClosedRange<Int>)
    case boolean
    case duration(ClosedRange<Duration>)
    case size
    /// A file or folder; `~/` is the home folder, and a relative one in bai.toml is beside bai.toml.
    case path
    /// Strings; in the environment and on the command line with commas between them.
    case list
    case choice([String])

    /// What has to be written, for the end of "expected:".
    var expected: String {
        switch self {
        case .string: "a string"
        case .integer(let range): "an integer from \(range.lowerBound) to \(range.upperBound)"
        case .boolean: "true or false"
        case .duration(let range):
            "a duration from \(TimeSpan(range.lowerBound)) to \(TimeSpan(range.upperBound)), such as \"30s\" or \"1h30m\""
        case .size: "a size such as \"512MiB\" or \"10GB\""
        case .path: "a path"
        case .list: "an array of strings"
        case .choice(let words): "one of " + words.map { "\"\($0)\"" }.joined(separator: ", ")
        }
    }
}

/// A setting's value.
package enum SettingValue: Equatable, Sendable {
    case string(String)
    case integer(Int)
    case boolean(Bool)
    case duration(TimeSpan)
    case size(ByteSize)
    case list([String])

    /// As people read it.
    package var text: String {
        switch self {
        case .string(let text): text
        case .integer(let number): "\(number)"
        case .boolean(let value): "\(value)"
        case .duration(let span): span.text
        case .size(let size): size.text
        case .list(let elements): elements.joined(separator: ",")
        }
    }
}
