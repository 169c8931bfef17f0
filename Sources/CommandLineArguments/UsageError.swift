internal import Diagnostics

/// Why a command line is not understood: one sentence, and what to do.
package struct UsageError: Error, Equatable, Sendable, CustomStringConvertible {
    package var message: String
    /// The command that it was about, if that much was clear; its help is worth pointing at.
    package var command: [String]

    package init(_ message: String, command: [String] = []) {
        self.message = message
        self.command = command
    }

    package var description: String { message }
}

extension UsageError {
    /// ` Did you mean X?`, or nothing.
    package static func suggestion(
        for word: String, among candidates: [String], prefix: String = ""
    ) -> String {
        Spelling.nearest(to: word, among: candidates).map { " Did you mean \(prefix)\($0)?" } ?? ""
    }
}
