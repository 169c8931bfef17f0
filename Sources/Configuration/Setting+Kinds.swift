package import Runtime

// How settings are declared: one function a kind. `variable` names another environment variable than the key gives; `fallbackText` says
// what stands in for an optional value that is not there.

extension Setting where Value == String {
    package static func string(
        _ key: String, default value: String, isSecret: Bool = false, variable: String? = nil, _ about: String
    ) -> Setting {
        text(key, .string, value, isSecret, variable, about)
    }

    package static func path(
        _ key: String, default value: String, variable: String? = nil, _ about: String
    ) -> Setting {
        text(key, .path, value, false, variable, about)
    }

    /// One of `words`.
    package static func choice(
        _ key: String, of words: [String], default value: String, variable: String? = nil, _ about: String
    ) -> Setting {
        text(key, .choice(words), value, false, variable, about)
    }

    private static func text(
        _ key: String, _ kind: SettingKind, _ value: String, _ isSecret: Bool, _ variable: String?,
        _ about: String
    ) -> Setting {
        Setting(key, kind, .string(value), about, isSecret: isSecret, variable: variable) {
            $0.string ?? value
        }
    }
}

extension Setting where Value == String? {
    package static func optionalString(
        _ key: String, isSecret: Bool = false, variable: String? = nil, fallbackText: String? = nil,
        _ about: String
    ) -> Setting {
        Setting(
            key, .string, nil, about, isSecret: isSecret, variable: variable, fallbackText: fallbackText
        ) { $0.string }
    }

    package static func optionalPath(
        _ key: String, variable: String? = nil, fallbackText: String? = nil, _ about: String
    ) -> Setting {
        Setting(key, .path, nil, about, variable: variable, fallbackText: fallbackText) { $0.string }
    }
}

extension Setting where Value == Int {
    package static func integer(
        _ key: String, in range: ClosedRange<Int>, default value: Int, variable: String? = nil,
        _ about: String
    ) -> Setting {
        Setting(key, .integer(range), .integer(value), about, variable: variable) { given in
            if case .integer(let number) = given { number } else { value }
        }
    }
}

extension Setting where Value == Bool {
    package static func boolean(
        _ key: String, default value: Bool, variable: String? = nil, _ about: String
    ) -> Setting {
        Setting(key, .boolean, .boolean(value), about, variable: variable) { given in
            if case .boolean(let truth) = given { truth } else { value }
        }
    }
}

extension Setting where Value == TimeSpan {
    package static func duration(
        _ key: String, in range: ClosedRange<Duration> = .zero...TimeSpan.maximum, default value: TimeSpan,
        variable: String? = nil, _ about: String
    ) -> Setting {
        Setting(key, .duration(range), .duration(value), about, variable: variable) { given in
            if case .duration(let span) = given { span } else { value }
        }
    }
}

extension Setting where Value == ByteSize {
    package static func size(
        _ key: String, default value: ByteSize, variable: String? = nil, _ about: String
    ) -> Setting {
        Setting(key, .size, .size(value), about, variable: variable) { given in
            if case .size(let size) = given { size } else { value }
        }
    }
}

extension Setting where Value == [String] {
    package static func list(
        _ key: String, default value: [String] = [], variable: String? = nil, _ about: String
    ) -> Setting {
        Setting(key, .list, .list(value), about, variable: variable) { given in
            if case .list(let elements) = given { elements } else { value }
        }
    }
}

extension Setting {
    private init(
        _ key: String, _ kind: SettingKind, _ fallback: SettingValue?, _ about: String,
        isSecret: Bool = false,
        variable: String?, fallbackText: String? = nil, read: @escaping @Sendable (SettingValue?) -> Value
    ) {
        declaration = SettingDeclaration(
            key, kind, fallback, about, isSecret: isSecret, variable: variable, fallbackText: fallbackText)
        self.read = read
    }
}

extension SettingValue? {
    /// The text of a string.
    fileprivate var string: String? {
        if case .string(let text)? = self { text } else { nil }
    }
}
