/// Completion scripts for shells, made from the same syntax that parses the command line.
package struct CompletionScript: Sendable {
    private let parser: CommandLineParser

    package init(parser: CommandLineParser) {
        self.parser = parser
    }

    /// The script for `bash`, `zsh` or `fish`.
    package func text(for shell: String) -> String {
        switch shell {
        case "fish": fish
        case "zsh": "#compdef \(parser.program)\nautoload -U +X bashcompinit && bashcompinit\n" + bash
        default: bash
        }
    }

    private var visible: [CommandSyntax] { parser.commands.filter { !$0.isHidden } }

    /// Every command line's beginning with the words that may follow it.
    private var words: [(prefix: String, next: [String])] {
        let first = Set(visible.compactMap(\.path.first)).sorted()
        var table = [(prefix: "", next: first)]
        for word in first {
            let nouns = visible.filter { $0.path.first == word && $0.path.count > 1 }.map { $0.path[1] }
            if !nouns.isEmpty { table.append((word, nouns.sorted())) }
        }
        return table
    }

    private var bash: String {
        let program = parser.program
        let cases = words.map { "        \"\($0.prefix)\") words=\"\($0.next.joined(separator: " "))\" ;;" }
        let options = visible.map { command in
            "        \"\(command.path.joined(separator: " "))\"*) options=\"\(optionNames(command))\" ;;"
        }
        let choices = choiceCases
        return """
            # Completion for \(program). Load it with: source <(\(program) completion bash)
            _\(program)() {
                local current=${COMP_WORDS[COMP_CWORD]} line words= options=
                line="${COMP_WORDS[*]:1:COMP_CWORD-1}"
                case "$current" in
            \(choices)
                    -*)
                        case "$line" in
            \(options.joined(separator: "\n"))
                        esac
                        COMPREPLY=($(compgen -W "$options" -- "$current"))
                        [[ ${COMPREPLY[0]-} == *= ]] && compopt -o nospace
                        return ;;
                esac
                case "$line" in
            \(cases.joined(separator: "\n"))
                    *) COMPREPLY=($(compgen -f -- "$current")); return ;;
                esac
                COMPREPLY=($(compgen -W "$words" -- "$current"))
            }
            complete -F _\(program) \(program)

            """
    }

    private var choiceCases: String {
        let options = (visible.flatMap(\.options) + parser.commonOptions).filter { !$0.choices.isEmpty }
        var seen: Set<String> = []
        return options.filter { seen.insert($0.name).inserted }.map { option in
            "        --\(option.name)=*) COMPREPLY=($(compgen -W \"\(option.choices.joined(separator: " "))\" "
                + "-- \"${current#*=}\")); return ;;"
        }.joined(separator: "\n")
    }

    private func optionNames(_ command: CommandSyntax) -> String {
        (command.options + parser.commonOptions).map { option in
            if case .value = option.kind { "--\(option.name)=" } else { "--\(option.name)" }
        }.joined(separator: " ")
    }

    private var fish: String {
        let program = parser.program
        var lines = ["# Completion for \(program). Load it with: \(program) completion fish | source"]
        for (prefix, next) in words {
            let condition = prefix.isEmpty ? "__fish_use_subcommand" : "__fish_seen_subcommand_from \(prefix)"
            for word in next {
                let summary =
                    visible.first { $0.path == (prefix.isEmpty ? [word] : [prefix, word]) }?.summary ?? ""
                lines.append("complete -c \(program) -n '\(condition)' -a \(word) -d '\(escaped(summary))'")
            }
        }
        for command in visible {
            for option in command.options + parser.commonOptions {
                var line =
                    "complete -c \(program) -n '__fish_seen_subcommand_from \(command.path[0])' -l \(option.name)"
                if let short = option.short { line += " -s \(short)" }
                if case .value = option.kind { line += " -r" }
                if !option.choices.isEmpty { line += " -a '\(option.choices.joined(separator: " "))'" }
                lines.append(line + " -d '\(escaped(option.help))'")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func escaped(_ text: String) -> String { text.split(separator: "'").joined(separator: "\\'") }
}
