/// Splits a command into words by the rules of a POSIX shell's quoting, and nothing else of a shell: no variables, no globs, no comments. The same
/// words as Python's `shlex.split`, which descriptors were written for.
///
///     try ShellWords.split("train.py --name 'a b' --path=\"x\"")   // ["train.py", "--name", "a b", "--path=x"]
package enum ShellWords {
    /// Why a command cannot be split.
    package enum Failure: Error, Equatable, Sendable, CustomStringConvertible {
        /// A quote was opened, here, and never closed.
        case unclosedQuote(Character)
        /// The command ends in a backslash.
        case nothingEscaped

        package var description: String {
            switch self {
            case .unclosedQuote(let quote): "a \(quote) is opened and never closed"
            case .nothingEscaped: "it ends in a backslash with nothing after it"
            }
        }
    }

    private enum Place {
        case between, word, single, double
    }

    /// The words of `command`.
    package static func split(_ command: String) throws(Failure) -> [String] {
        var words: [String] = []
        var word = String.UnicodeScalarView()
        var place = Place.between
        // Scalars, not characters: "\r\n" is one character but two pieces of white space.
        var rest = command.unicodeScalars[...]
        while let next = rest.popFirst() {
            switch (place, next) {
            case (.between, " "), (.between, "\t"), (.between, "\r"), (.between, "\n"): break
            case (.word, " "), (.word, "\t"), (.word, "\r"), (.word, "\n"):
                words.append(String(word))
                word = String.UnicodeScalarView()
                place = .between
            case (.between, "'"), (.word, "'"): place = .single
            case (.between, "\""), (.word, "\""): place = .double
            case (.single, "'"), (.double, "\""): place = .word
            case (.between, "\\"), (.word, "\\"):
                guard let escaped = rest.popFirst() else { throw .nothingEscaped }
                word.append(escaped)
                place = .word
            case (.double, "\\"):
                guard let escaped = rest.popFirst() else { throw .nothingEscaped }
                // Between double quotes a backslash stands for itself, except before a quote or another one.
                if escaped != "\"", escaped != "\\" { word.append(next) }
                word.append(escaped)
            case (.between, _):
                word.append(next)
                place = .word
            case (.word, _), (.single, _), (.double, _): word.append(next)
            }
        }
        switch place {
        case .between: return words
        case .word: return words + [String(word)]
        case .single: throw .unclosedQuote("'")
        case .double: throw .unclosedQuote("\"")
        }
    }
}
