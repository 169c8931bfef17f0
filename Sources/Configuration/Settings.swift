/// What an installation was told, resolved once when a program starts.
package struct Settings: Sendable {
    /// Who said a setting's value.
    package enum Origin: Equatable, Sendable, CustomStringConvertible {
        case flag(String)
        case environment(String)
        case file(String, line: Int)
        case fallback

        package var description: String {
            switch self {
            case .flag(let name): name
            case .environment(let variable): variable
            case .file(let name, let line): "\(name):\(line)"
            case .fallback: "default"
            }
        }
    }

    struct Resolved: Sendable {
        var declaration: SettingDeclaration
        var value: SettingValue?
        var origin: Origin
    }

    private let values: [String: Resolved]

    init(_ resolved: [Resolved]) {
        values = Dictionary(resolved.map { ($0.declaration.key, $0) }, uniquingKeysWith: { $1 })
    }

    /// The value of `setting`, which has to be one of those that were resolved.
    package subscript<Value>(_ setting: Setting<Value>) -> Value {
        guard let resolved = values[setting.declaration.key] else {
            preconditionFailure(
                "the setting \(setting.declaration.key) is used but was not declared to the reader")
        }
        return setting.read(resolved.value)
    }

    /// Who said the value of `setting`.
    package func origin<Value>(of setting: Setting<Value>) -> Origin {
        values[setting.declaration.key]?.origin ?? .fallback
    }

    /// Every setting with its value and who said it, by key; secrets masked. For `config explain` and the log's first line.
    package func explain() -> [Explanation] {
        values.values.sorted { $0.declaration.key < $1.declaration.key }.map(Explanation.init)
    }
}

/// One row of `config explain`.
package struct Explanation: Equatable, Sendable, Codable {
    package var key: String
    /// As people read it; `********` for a secret that is set; nil where there is no value.
    package var value: String?
    /// `--home`, `BAI_HOME`, `bai.toml:3` or `default`.
    package var origin: String
    /// The environment variable that sets it.
    package var variable: String
    package var about: String

    init(_ resolved: Settings.Resolved) {
        let declaration = resolved.declaration
        let text = resolved.value?.text ?? declaration.fallbackText
        key = declaration.key
        value = declaration.isSecret && resolved.value != nil ? "********" : text
        origin = resolved.origin.description
        variable = declaration.variable
        about = declaration.about
    }
}
