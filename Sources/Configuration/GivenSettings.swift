internal import Diagnostics
internal import TOML

/// Collects what file, environment and flags say, in this order: what comes later wins.
struct GivenSettings {
    private(set) var values: [String: Settings.Resolved] = [:]
    private(set) var problems: [Problem] = []
    private let declarations: [String: SettingDeclaration]
    private let home: String?

    init(_ declarations: [SettingDeclaration], home: String?) {
        self.declarations = Dictionary(declarations.map { ($0.key, $0) }, uniquingKeysWith: { $1 })
        self.home = home
    }

    // MARK: - bai.toml

    mutating func take(file: SourceText) {
        let (table, errors) = TOMLParser().parseRecovering(file)
        problems += errors.map { harmless($0.problem(in: file), file) }
        take(table, below: "", file)
        problems.sort { ($0.line ?? 0, $0.column ?? 0) < ($1.line ?? 0, $1.column ?? 0) }
    }

    private mutating func take(_ table: TOMLTable, below prefix: String, _ file: SourceText) {
        for entry in table.entries {
            let key = prefix + entry.key
            if let declaration = declarations[key] {
                take(entry, declaration, file)
            } else if declarations.keys.contains(where: { $0.hasPrefix("\(key).") }) {
                take(group: entry, key, file)
            } else {
                report(unknown: key, at: entry.keyPosition, file)
            }
        }
    }

    private mutating func take(_ entry: TOMLEntry, _ declaration: SettingDeclaration, _ file: SourceText) {
        let folder = file.name.lastIndex(of: "/").map { String(file.name[..<$0]) }
        let form = SettingForm(declaration, home: home, folder: folder)
        do throws(SettingFault) {
            let value = try form.value(of: entry.node.value)
            let origin = Settings.Origin.file(file.name, line: entry.keyPosition.line)
            values[declaration.key] = Settings.Resolved(
                declaration: declaration, value: value, origin: origin)
        } catch {
            add(error, declaration, at: entry.node.position, file)
        }
    }

    /// A table whose keys are settings.
    private mutating func take(group entry: TOMLEntry, _ key: String, _ file: SourceText) {
        guard case .table(let table) = entry.node.value else {
            let problem = Problem(
                code: "wrong_type", message: "\(key) is \(entry.node.value.kind)", key: key,
                expected: "a table: [\(key)]")
            problems.append(harmless(problem.at(entry.node.position, in: file), file))
            return
        }
        take(table, below: "\(key).", file)
    }

    private mutating func report(unknown key: String, at position: SourcePosition, _ file: SourceText) {
        let near = Spelling.nearest(to: key, among: declarations.keys) ?? nearest(lastPartOf: key)
        let problem = Problem(
            code: "unknown_setting", message: "there is no setting \(Excerpt.quote(key))", key: key,
            suggestion: near)
        problems.append(harmless(problem.at(position, in: file), file))
    }

    /// A setting of the same or a near name in another table.
    private func nearest(lastPartOf key: String) -> String? {
        let name = key.split(separator: ".").last.map(String.init) ?? key
        let names = declarations.keys.sorted().map {
            (key: $0, name: String($0.split(separator: ".").last ?? ""))
        }
        guard let near = Spelling.nearest(to: name, among: names.map(\.name)) else { return nil }
        return names.first { $0.name == near }?.key
    }

    // MARK: - Environment and flags

    mutating func take(environment: [String: String]) {
        for declaration in declarations.values.sorted(by: { $0.key < $1.key }) {
            guard let text = environment[declaration.variable], !text.isEmpty else { continue }
            take(text, declaration, .environment(declaration.variable), name: declaration.variable)
        }
        reportMisspelt(environment)
    }

    /// Variables that are almost one of ours. Others with our prefix are not: benchmarks and tests have some of their own.
    private mutating func reportMisspelt(_ environment: [String: String]) {
        let variables = Set(declarations.values.map(\.variable))
        for name in environment.keys.sorted() where name.hasPrefix("BAI_") && !variables.contains(name) {
            guard let near = Spelling.nearest(to: name, among: variables.filter { environment[$0] == nil }),
                Spelling.nearest(to: String(name.dropFirst(4)), among: [String(near.dropFirst(4))]) != nil
            else { continue }
            problems.append(
                Problem(
                    code: "unknown_setting", severity: .warning, message: "\(name) is no setting",
                    source: name,
                    suggestion: near))
        }
    }

    mutating func take(_ flag: SettingFlag) {
        guard let declaration = declarations[flag.key] else {
            let near = Spelling.nearest(to: flag.key, among: declarations.keys)
            problems.append(
                Problem(
                    code: "unknown_setting", message: "there is no setting \(Excerpt.quote(flag.key))",
                    key: flag.key,
                    source: flag.flag, suggestion: near))
            return
        }
        take(flag.value, declaration, .flag(flag.flag), name: flag.flag)
    }

    private mutating func take(
        _ text: String, _ declaration: SettingDeclaration, _ origin: Settings.Origin, name: String
    ) {
        let form = SettingForm(declaration, home: home, folder: nil)
        do throws(SettingFault) {
            let value = try form.value(of: text)
            values[declaration.key] = Settings.Resolved(
                declaration: declaration, value: value, origin: origin)
        } catch {
            let source = SourceText(name: name, kind: .argument, bytes: Array(text.utf8))
            add(error, declaration, at: SourcePosition(line: 1, column: 1), source)
        }
    }

    // MARK: - Problems

    private mutating func add(
        _ fault: SettingFault, _ declaration: SettingDeclaration, at position: SourcePosition,
        _ text: SourceText
    ) {
        let subject = declaration.isSecret ? "the value of \(declaration.key)" : declaration.key
        var problem = Problem(
            code: fault.code, message: "\(subject) \(declaration.isSecret ? "is not right" : fault.message)",
            key: declaration.key, expected: declaration.kind.expected,
            suggestion: declaration.isSecret ? nil : fault.suggestion
        ).at(position, in: text)
        if declaration.isSecret { problem.excerpt = nil }
        problems.append(harmless(problem, text))
    }

    /// Takes the excerpt away where the line may hold a secret.
    private func harmless(_ problem: Problem, _ file: SourceText) -> Problem {
        guard let number = problem.line else { return problem }
        let line = file.line(number)
        let secrets = declarations.values.filter(\.isSecret).compactMap { $0.key.split(separator: ".").last }
        guard secrets.contains(where: { line.contains($0) }) else { return problem }
        var problem = problem
        problem.excerpt = nil
        // What a syntax error suggests has the value in it.
        problem.suggestion = nil
        return problem
    }
}
