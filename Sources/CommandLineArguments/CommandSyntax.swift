/// What a command understands: its words, options and arguments, with the help for each.
package struct CommandSyntax: Sendable {
    /// The words that name it: `["get", "alarms"]`.
    package var path: [String]
    /// Other words for the same: `[["ls"]]`.
    package var aliases: [[String]]
    /// One line for the list of commands.
    package var summary: String
    /// What else a user has to know; paragraphs.
    package var discussion: String
    package var options: [OptionSyntax]
    package var arguments: [ArgumentSyntax]
    /// Whole command lines.
    package var examples: [String]
    package var isHidden: Bool

    package init(
        _ path: [String], aliases: [[String]] = [], summary: String, discussion: String = "",
        options: [OptionSyntax] = [], arguments: [ArgumentSyntax] = [], examples: [String] = [],
        isHidden: Bool = false
    ) {
        self.path = path
        self.aliases = aliases
        self.summary = summary
        self.discussion = discussion
        self.options = options
        self.arguments = arguments
        self.examples = examples
        self.isHidden = isHidden
    }
}

/// One option: `--descriptor=FILE`, `-f FILE`, `--watch`.
package struct OptionSyntax: Sendable, Equatable {
    /// What follows the name.
    package enum Kind: Sendable, Equatable {
        case flag
        /// A value; the word stands for it in the help.
        case value(String)
    }

    package var name: String
    package var short: Character?
    package var kind: Kind
    package var isRepeated: Bool
    package var help: String
    /// The only values it takes; empty for any.
    package var choices: [String]
    package var completion: Completion

    package static func flag(_ name: String, short: Character? = nil, _ help: String) -> OptionSyntax {
        OptionSyntax(
            name: name, short: short, kind: .flag, isRepeated: false, help: help, choices: [],
            completion: .none)
    }

    package static func value(
        _ name: String, short: Character? = nil, _ placeholder: String, _ help: String,
        choices: [String] = [],
        isRepeated: Bool = false, completion: Completion = .none
    ) -> OptionSyntax {
        OptionSyntax(
            name: name, short: short, kind: .value(placeholder), isRepeated: isRepeated, help: help,
            choices: choices,
            completion: completion)
    }
}

/// One word after the options: a file, a run.
package struct ArgumentSyntax: Sendable, Equatable {
    package var name: String
    package var help: String
    package var isOptional: Bool
    /// Takes all that follow; only for the last.
    package var isRepeated: Bool
    package var choices: [String]
    package var completion: Completion

    package init(
        _ name: String, _ help: String, isOptional: Bool = false, isRepeated: Bool = false,
        choices: [String] = [],
        completion: Completion = .none
    ) {
        self.name = name
        self.help = help
        self.isOptional = isOptional
        self.isRepeated = isRepeated
        self.choices = choices
        self.completion = completion
    }
}

/// What a shell offers when a value is to be completed.
package enum Completion: Sendable, Equatable {
    case none, files, folders
    /// What the program itself prints, a line each, for these words: `list -o name`.
    case dynamic(String)
}
