extension CommandLineParser {
    /// All commands as one page of Markdown: docs/commands.md.
    package func page(title: String, introduction: String) -> String {
        let shown = commands.filter { !$0.isHidden }
        let rows = shown.map { "| [`\($0.name)`](#\(anchor($0))) | \($0.summary) |" }
        var text = "# \(title)\n\n\(introduction)\n\n| command | what it does |\n|---|---|\n"
        text += rows.joined(separator: "\n") + "\n"
        for command in shown {
            text += "\n## \(program) \(command.name)\n\n```\n\(help(for: command, withCommon: false))```\n"
        }
        text +=
            "\n## Options of every command\n\n```\n" + HelpText.table(commonOptions.map(HelpText.row))
            + "\n```\n"
        return text
    }

    private func anchor(_ command: CommandSyntax) -> String {
        ([program] + command.path).joined(separator: "-")
    }
}

extension CommandSyntax {
    /// The words as they are typed.
    package var name: String { path.joined(separator: " ") }
}
