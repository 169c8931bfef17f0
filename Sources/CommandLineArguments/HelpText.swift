extension CommandLineParser {
    /// The list of all commands.
    package func overview(about: String) -> String {
        let shown = commands.filter { !$0.isHidden }
        let rows = shown.map { ($0.path.joined(separator: " "), $0.summary) }
        return """
            \(about)

            Usage: \(program) COMMAND [OPTIONS] [ARGUMENTS]

            Commands:
            \(HelpText.table(rows))

            `\(program) help COMMAND` says more about one of them, `\(program) help exit-codes` what the exit codes mean.

            """
    }

    /// The help for one command.
    package func help(for command: CommandSyntax, withCommon: Bool = true) -> String {
        var text = "\(command.summary.prefix(1).uppercased())\(command.summary.dropFirst()).\n\n"
        text += "Usage: \(HelpText.usage(of: command, program: program))\n"
        if !command.discussion.isEmpty { text += "\n\(command.discussion)\n" }
        if !command.arguments.isEmpty {
            text += "\nArguments:\n" + HelpText.table(command.arguments.map { ($0.name, $0.help) }) + "\n"
        }
        if !command.options.isEmpty {
            text += "\nOptions:\n" + HelpText.table(command.options.map(HelpText.row)) + "\n"
        }
        if withCommon, !commonOptions.isEmpty {
            text += "\nOptions of every command:\n" + HelpText.table(commonOptions.map(HelpText.row)) + "\n"
        }
        if !command.examples.isEmpty {
            text += "\nExamples:\n" + command.examples.map { "  \($0)" }.joined(separator: "\n") + "\n"
        }
        return text
    }
}

enum HelpText {
    /// Where the second column begins at the latest.
    private static let widestName = 30
    private static let width = 100

    static func usage(of command: CommandSyntax, program: String) -> String {
        var words = [program] + command.path
        if !command.options.isEmpty { words.append("[OPTIONS]") }
        for argument in command.arguments {
            let name = argument.name + (argument.isRepeated ? "..." : "")
            words.append(argument.isOptional ? "[\(name)]" : name)
        }
        return words.joined(separator: " ")
    }

    static func row(_ option: OptionSyntax) -> (String, String) {
        let short = option.short.map { "-\($0), " } ?? ""
        let choices = option.choices.isEmpty ? "" : " (\(option.choices.joined(separator: ", ")))"
        switch option.kind {
        case .flag: return ("\(short)--\(option.name)", option.help + choices)
        case .value(let placeholder):
            return ("\(short)--\(option.name)=\(placeholder)", option.help + choices)
        }
    }

    /// Two columns, the second one wrapped.
    static func table(_ rows: [(String, String)]) -> String {
        let column = min(rows.map(\.0.count).max() ?? 0, widestName) + 4
        return rows.map { name, help in
            let lines = wrap(help, to: width - column)
            let head = "  \(name)" + String(repeating: " ", count: max(2, column - 2 - name.count))
            let first = name.count > widestName ? "  \(name)\n" + String(repeating: " ", count: column) : head
            return first + lines.joined(separator: "\n" + String(repeating: " ", count: column))
        }.joined(separator: "\n")
    }

    private static func wrap(_ text: String, to width: Int) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            if !line.isEmpty, line.count + 1 + word.count > width {
                lines.append(line)
                line = ""
            }
            line += line.isEmpty ? "\(word)" : " \(word)"
        }
        return lines + [line]
    }
}
