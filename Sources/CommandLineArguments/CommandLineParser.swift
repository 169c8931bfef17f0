/// A command line that was understood.
package struct Invocation: Equatable, Sendable {
    /// The command's own words, never an alias.
    package var command: [String]
    private var options: [String: [String]]
    package var arguments: [String: [String]]

    package init(command: [String], options: [String: [String]] = [:], arguments: [String: [String]] = [:]) {
        self.command = command
        self.options = options
        self.arguments = arguments
    }

    /// Whether the flag was given.
    package func has(_ option: String) -> Bool { options[option] != nil }

    /// The option's last value.
    package func value(_ option: String) -> String? { options[option]?.last }

    /// All values of a repeated option, in order.
    package func values(_ option: String) -> [String] { options[option] ?? [] }

    /// The argument of that name.
    package func argument(_ name: String) -> String? { arguments[name]?.first }

    /// The option's value as a whole number of at least `least`.
    package func integer(_ option: String, atLeast least: Int = 0) throws(UsageError) -> Int? {
        guard let text = value(option) else { return nil }
        guard let number = Int(text), number >= least else {
            throw UsageError(
                "--\(option) takes a whole number of at least \(least), not '\(text)'.", command: command)
        }
        return number
    }

    mutating func add(_ value: String, to option: OptionSyntax) {
        options[option.name, default: []].append(value)
    }
}

/// Reads command lines by the syntax of a program's commands.
package struct CommandLineParser: Sendable {
    package var program: String
    package var commands: [CommandSyntax]
    /// Options that every command takes.
    package var commonOptions: [OptionSyntax]

    package init(program: String, commands: [CommandSyntax], commonOptions: [OptionSyntax] = []) {
        self.program = program
        self.commands = commands
        self.commonOptions = commonOptions
    }

    /// Understands the words after the program's name. Options may stand anywhere after the command's words; `--` ends them.
    package func parse(_ words: [String]) throws(UsageError) -> Invocation {
        let (command, rest) = try command(of: words)
        var reader = Reader(words: rest, syntax: command, options: command.options + commonOptions)
        try reader.read()
        return try reader.finish()
    }

    /// The command that the words begin with; the one with the longest name wins.
    package func command(of words: [String]) throws(UsageError) -> (CommandSyntax, [String]) {
        let plain = Array(words.prefix { !$0.hasPrefix("-") })
        let matches = commands.flatMap { command in
            ([command.path] + command.aliases).filter { plain.starts(with: $0) }.map { (command, $0.count) }
        }
        guard let best = matches.max(by: { $0.1 < $1.1 }) else { throw unknown(plain) }
        return (best.0, Array(words.dropFirst(best.1)))
    }

    private func unknown(_ words: [String]) -> UsageError {
        guard let first = words.first else {
            return UsageError("Say what to do: `\(program) help` lists the commands.")
        }
        let group = commands.filter { !$0.isHidden && $0.path.first == first && $0.path.count > 1 }
        if !group.isEmpty {
            let nouns = group.map { $0.path[1] }
            let list = nouns.joined(separator: ", ")
            guard words.count > 1 else { return UsageError("\(program) \(first) what? One of: \(list).") }
            return UsageError(
                "\(program) \(first) does not know '\(words[1])'."
                    + UsageError.suggestion(for: words[1], among: nouns, prefix: "\(first) ")
                    + " It knows: \(list).")
        }
        let names = commands.filter { !$0.isHidden }.compactMap(\.path.first)
        return UsageError(
            "'\(first)' is not a command." + UsageError.suggestion(for: first, among: names)
                + " `\(program) help` lists them all.")
    }
}

/// Reads the words after a command's own.
private struct Reader {
    var words: [String]
    let syntax: CommandSyntax
    let options: [OptionSyntax]
    var plain: [String] = []
    var invocation: Invocation

    init(words: [String], syntax: CommandSyntax, options: [OptionSyntax]) {
        self.words = words
        self.syntax = syntax
        self.options = options
        invocation = Invocation(command: syntax.path)
    }

    mutating func read() throws(UsageError) {
        while !words.isEmpty {
            let word = words.removeFirst()
            if word == "--" {
                plain += words
                return
            } else if word.hasPrefix("--") {
                try long(String(word.dropFirst(2)))
            } else if word.hasPrefix("-"), word.count > 1, Double(word) == nil {
                try short(Array(word.dropFirst()))
            } else {
                plain.append(word)
            }
        }
    }

    private mutating func long(_ text: String) throws(UsageError) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let name = String(parts[0])
        guard let option = options.first(where: { $0.name == name }) else {
            let hint = UsageError.suggestion(for: name, among: options.map(\.name), prefix: "--")
            throw UsageError("There is no option --\(name).\(hint)", command: syntax.path)
        }
        try take(option, attached: parts.count == 2 ? String(parts[1]) : nil, as: "--\(name)")
    }

    private mutating func short(_ letters: [Character]) throws(UsageError) {
        for (index, letter) in letters.enumerated() {
            guard let option = options.first(where: { $0.short == letter }) else {
                throw UsageError("There is no option -\(letter).", command: syntax.path)
            }
            guard case .value = option.kind else {
                try take(option, attached: nil, as: "-\(letter)")
                continue
            }
            let rest = String(letters[(index + 1)...])
            return try take(option, attached: rest.isEmpty ? nil : rest, as: "-\(letter)")
        }
    }

    private mutating func take(_ option: OptionSyntax, attached: String?, as shown: String) throws(UsageError)
    {
        switch option.kind {
        case .flag:
            if let attached {
                throw UsageError(
                    "\(shown) takes no value, but was given '\(attached)'.", command: syntax.path)
            }
            invocation.add("", to: option)
        case .value(let placeholder):
            guard let value = attached ?? (words.isEmpty ? nil : words.removeFirst()) else {
                throw UsageError("\(shown) needs a value: \(shown) \(placeholder).", command: syntax.path)
            }
            try check(value, among: option.choices, as: shown)
            if !option.isRepeated, invocation.has(option.name) {
                throw UsageError("\(shown) was given twice.", command: syntax.path)
            }
            invocation.add(value, to: option)
        }
    }

    private func check(_ value: String, among choices: [String], as shown: String) throws(UsageError) {
        if choices.isEmpty || choices.contains(value) { return }
        throw UsageError(
            "\(shown) is one of \(choices.joined(separator: ", ")), not '\(value)'."
                + UsageError.suggestion(for: value, among: choices), command: syntax.path)
    }

    mutating func finish() throws(UsageError) -> Invocation {
        for argument in syntax.arguments {
            let taken = argument.isRepeated ? plain : Array(plain.prefix(1))
            plain.removeFirst(taken.count)
            if taken.isEmpty, !argument.isOptional {
                throw UsageError("\(argument.name) is missing: \(argument.help).", command: syntax.path)
            }
            for value in taken { try check(value, among: argument.choices, as: argument.name) }
            if !taken.isEmpty { invocation.arguments[argument.name] = taken }
        }
        if let extra = plain.first {
            throw UsageError("'\(extra)' is one word too many.", command: syntax.path)
        }
        return invocation
    }
}
