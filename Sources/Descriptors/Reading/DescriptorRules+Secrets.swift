internal import Diagnostics
internal import JSON
internal import Runtime

/// Secrets: where a placeholder can stand, and what looks like a secret that was written down.
extension DescriptorRules {
    private typealias Keys = [String]

    private static let variables: [Keys] = [["env", "vars"], ["server", "env", "vars"]]
    private static let addresses: [Keys] = [["data", "sources"], ["server", "models"]]

    static func secrets(_ context: inout RuleContext) {
        placeholders(in: context.values, at: DescriptorPath(steps: []), &context)
        commandLines(&context)
        for keys in addresses {
            let path = DescriptorPath(steps: keys.map(DescriptorPath.Step.key))
            let sources = keys.reduce(Optional(context.values)) { value, key in value?[key] }?.array ?? []
            for (index, source) in sources.enumerated() {
                guard let text = source["src"]?.string, let parts = AddressParts(text) else { continue }
                written(parts, at: path.index(index).key("src"), &context)
            }
        }
    }

    // MARK: - Placeholders

    private static func placeholders(
        in value: JSONValue, at path: DescriptorPath, _ context: inout RuleContext
    ) {
        switch value {
        case .object(let members):
            for (name, value) in members.sorted(by: { $0.key < $1.key }) {
                placeholders(in: value, at: path.key(name), &context)
            }
        case .array(let elements):
            for (index, element) in elements.enumerated() {
                placeholders(in: element, at: path.index(index), &context)
            }
        case .string(let text) where SecretPlaceholder.isIn(text): placeholders(in: text, at: path, &context)
        case .null, .bool, .integer, .number, .string: break
        }
    }

    private static func placeholders(
        in text: String, at path: DescriptorPath, _ context: inout RuleContext
    ) {
        guard canHoldSecrets(text, at: path) else {
            context.refuse(
                "misplaced_secret", "a secret cannot stand here: it would be seen", at: path,
                expected: "secrets in env.vars, or in the user, password or query of an http(s) address")
            return
        }
        for name in SecretPlaceholder.names(in: text) where !SecretFolder.isName(name) {
            context.refuse(
                "bad_secret_name", "\(Excerpt.quote(name)) cannot be a secret's name", at: path,
                expected: "letters, digits, '-', '_' and '.', at most 63")
        }
    }

    /// Variables are shown to nobody. Of an address only what is left out of every message can be secret.
    private static func canHoldSecrets(_ text: String, at path: DescriptorPath) -> Bool {
        let keys = path.steps.compactMap { step in
            if case .key(let name) = step { name } else { nil }
        }
        if variables.contains(where: { keys.starts(with: $0) && keys.count == $0.count + 1 }) { return true }
        guard addresses.contains(where: { keys == $0 + ["src"] }), let parts = AddressParts(text) else {
            return false
        }
        return parts.isWeb && !SecretPlaceholder.isIn(parts.shown)
    }

    // MARK: - Command lines

    /// Every user of a machine can read the command lines of its processes.
    private static func commandLines(_ context: inout RuleContext) {
        let commands: [(variables: Keys, keys: [Keys])] = [
            (["env", "vars"], [["ml", "benchmark_code"], ["ml", "args"]]),
            (
                ["server", "env", "vars"],
                [["server", "env", "start_command"], ["server", "env", "start_command_args"]]
            ),
        ]
        func value(_ keys: Keys) -> JSONValue? {
            keys.reduce(Optional(context.values)) { value, key in value?[key] }
        }
        for command in commands {
            let secret = (value(command.variables)?.object ?? [:])
                .filter { SecretPlaceholder.isIn($0.value.string ?? "") }.keys.sorted()
            for keys in command.keys {
                guard let text = value(keys)?.string,
                    let name = secret.first(where: { text.contains("$(\($0))") })
                else { continue }
                context.refuse(
                    "secret_on_command_line",
                    "\(name) is secret, and everybody on the machine can read a command line",
                    at: DescriptorPath(steps: keys.map(DescriptorPath.Step.key)),
                    expected: "a benchmark that reads \(name) from its environment")
            }
        }
    }

    // MARK: - Secrets that are written down

    private static let tellingNames: Set<String> = [
        "access_token", "api_key", "apikey", "auth", "key", "password", "secret", "sig", "signature", "token",
        "x-amz-security-token", "x-amz-signature", "x-goog-signature",
    ]

    private static func written(
        _ parts: AddressParts, at path: DescriptorPath, _ context: inout RuleContext
    ) {
        let advice = "keep it as a secret of the installation and write ${secret.<name>} in its place"
        if let password = parts.password, !password.isEmpty, !SecretPlaceholder.isIn(password) {
            context.refuse(
                "secret_in_address", "the address has a password in it, and descriptors are kept and shown",
                at: path, note: advice, hidesText: true)
        }
        for item in parts.query where tellingNames.contains(item.name.lowercased()) && !item.value.isEmpty {
            guard !SecretPlaceholder.isIn(item.value) else { continue }
            context.warn(
                "secret_in_query",
                "the address has a \"\(item.name)\" in it, and descriptors are kept and shown",
                at: path, note: advice, hidesText: true)
        }
    }
}

/// The parts of an address that matter to secrets.
private struct AddressParts {
    let isWeb: Bool
    /// After the user's name and a colon; nil when there is none.
    let password: String?
    let query: [(name: String, value: String)]
    /// What messages say of it.
    let shown: String

    /// Nil when `text` is a path.
    init?(_ text: String) {
        guard let scheme = text.firstRange(of: "://") else { return nil }
        isWeb = ["http", "https"].contains(text[..<scheme.lowerBound].lowercased())
        let rest = text[scheme.upperBound...]
        let authority = rest.prefix { !"/?#".contains($0) }
        let user = authority.lastIndex(of: "@").map { authority[..<$0] }
        password = user.flatMap { user in
            user.firstIndex(of: ":").map { String(user[user.index(after: $0)...]) }
        }
        let host = authority[(user.map { authority.index(after: $0.endIndex) } ?? authority.startIndex)...]
        let tail = rest[authority.endIndex...]
        let path = tail.prefix { !"?#".contains($0) }
        let afterPath = tail[path.endIndex...]
        let query = afterPath.first == "?" ? afterPath.dropFirst().prefix { $0 != "#" } : ""
        self.query = query.split(separator: "&").map { item in
            let sides = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (String(sides[0]), sides.count > 1 ? String(sides[1]) : "")
        }
        let fragment = afterPath.firstIndex(of: "#").map { afterPath[$0...] } ?? ""
        shown = "\(text[..<scheme.upperBound])\(host)\(path)\(fragment)"
    }
}
