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
            "        \(patterns(command))) options=\"\(optionNames(command))\" ;;"
        }
        let choices = choiceCases
        return """
            # Completion for \(program). Load it with: source <(\(program) completion bash)
            _\(program)() {
                local current=${COMP_WORDS[COMP_CWORD]} line words= options=
                line="${COMP_WORDS[*]:1:COMP_CWORD-1}"
                # The shell breaks words at "=": put the option and its value together again.
                if [[ $current == "=" ]]; then
                    current="${COMP_WORDS[COMP_CWORD-1]}="
                elif [[ ${COMP_WORDS[COMP_CWORD-1]} == "=" ]]; then
                    current="${COMP_WORDS[COMP_CWORD-2]}=$current"
                fi
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
            \(dynamicCases)
                    *) COMPREPLY=($(compgen -f -- "$current")); return ;;
                esac
                COMPREPLY=($(compgen -W "$words" -- "$current"))
            }
            complete -F _\(program) \(program)

            """
    }

    /// Commands whose arguments the program itself can name: asked when they are wanted, silent when nobody answers.
    private var dynamicCases: String {
        visible.compactMap { command -> String? in
            guard let list = dynamicList(command) else { return nil }
            return "        \(patterns(command))) words=$(\(list)) ;;"
        }.joined(separator: "\n")
    }

    /// What a command line of this command begins with, as patterns of the shell. Longer names come first, so that `run benchmark` is not `run`.
    private func patterns(_ command: CommandSyntax) -> String {
        ([command.path] + command.aliases).sorted { $0.count > $1.count }
            .map { "\"\($0.joined(separator: " "))\"*" }.joined(separator: "|")
    }

    /// The command line that prints what a command's arguments can be, a line each.
    private func dynamicList(_ command: CommandSyntax) -> String? {
        let completions = command.arguments.map(\.completion)
        for case .dynamic(let words) in completions { return "\(parser.program) \(words) 2>/dev/null" }
        return nil
    }

    /// What the values of options can be, once for each name.
    private var choiceCases: String {
        var seen: Set<String> = []
        return (visible.flatMap(\.options) + parser.commonOptions).compactMap { option in
            guard let generator = generator(option), seen.insert(option.name).inserted else { return nil }
            return
                "        --\(option.name)=*) COMPREPLY=($(compgen \(generator) -- \"${current#*=}\")); return ;;"
        }.joined(separator: "\n")
    }

    /// The words for `compgen` that list an option's values.
    private func generator(_ option: OptionSyntax) -> String? {
        if !option.choices.isEmpty { return "-W \"\(option.choices.joined(separator: " "))\"" }
        switch option.completion {
        case .none: return nil
        case .files: return "-f"
        case .folders: return "-d"
        case .dynamic(let words): return "-W \"$(\(parser.program) \(words) 2>/dev/null)\""
        }
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
            if let list = dynamicList(command) {
                lines.append(
                    "complete -c \(program) -n '__fish_seen_subcommand_from \(command.path[0])' -a '(\(list))'"
                )
            }
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
