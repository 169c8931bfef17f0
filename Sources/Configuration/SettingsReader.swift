package import Diagnostics
internal import TOML

/// A setting's value as it was given on the command line.
package struct SettingFlag: Equatable, Sendable {
    /// The setting's key.
    package var key: String
    /// As it was written: `--home`.
    package var flag: String
    package var value: String

    package init(key: String, flag: String, value: String) {
        self.key = key
        self.flag = flag
        self.value = value
    }
}

/// What reading the settings gave: the settings unless there is an error, and every problem.
package struct SettingsReading: Sendable {
    /// Nil when one of the problems is an error.
    package var settings: Settings?
    package var problems: [Problem]
}

/// Resolves settings: a flag wins over the environment, that over bai.toml, and that over the default. All that is wrong is told at once.
package struct SettingsReader: Sendable {
    private let declarations: [SettingDeclaration]

    /// - Parameter declarations: all settings of the program; bai.toml may hold no others.
    package init(_ declarations: [SettingDeclaration]) {
        let keys = Set(declarations.map(\.key))
        precondition(keys.count == declarations.count, "two settings have the same key")
        self.declarations = declarations
    }

    /// Reads bai.toml at `path` - which may be missing, unless `isRequired` - and resolves.
    package func read(
        path: String, isRequired: Bool, environment: [String: String], flags: [SettingFlag] = []
    ) -> SettingsReading {
        do throws(SourceFileError) {
            let bytes = try SourceFile.read(path, limit: TOMLLimits().bytes)
            return read(file: SourceText(name: path, bytes: bytes), environment: environment, flags: flags)
        } catch {
            let reading = read(file: nil, environment: environment, flags: flags)
            guard isRequired || !error.isMissing else { return reading }
            return SettingsReading(problems: [error.problem(name: path)] + reading.problems)
        }
    }

    /// Resolves.
    ///
    /// - Parameters:
    ///   - file: bai.toml.
    ///   - environment: all of the process's; an empty variable counts as none.
    ///   - flags: the last one for a key counts.
    package func read(
        file: SourceText?, environment: [String: String], flags: [SettingFlag] = []
    ) -> SettingsReading {
        var given = GivenSettings(declarations, home: environment["HOME"])
        if let file { given.take(file: file) }
        given.take(environment: environment)
        for flag in flags { given.take(flag) }
        guard !given.problems.hasErrors else { return SettingsReading(problems: given.problems) }
        let resolved = declarations.map { declaration in
            given.values[declaration.key]
                ?? Settings.Resolved(declaration: declaration, value: declaration.fallback, origin: .fallback)
        }
        return SettingsReading(settings: Settings(resolved), problems: given.problems)
    }
}
