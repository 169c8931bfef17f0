internal import AgentService
internal import Descriptors

/// The words of a command, each in quotes, are the same words; and variables in them end.
enum CommandProperties {
    static func check(_ bytes: [UInt8]) throws(Violation) {
        let text = String(decoding: bytes, as: UTF8.self)
        let expanded = VariableExpansion.expand(text, with: ["A": "$(A)"])
        try expect(expanded.utf8.count <= 2 * text.utf8.count + 4, "a value is expanded again")
        guard let words = try? ShellWords.split(text) else { return }
        let quoted = words.map {
            "'"
                + $0.split(separator: "'", omittingEmptySubsequences: false)
                .joined(separator: "'\\''") + "'"
        }
        do throws(ShellWords.Failure) {
            let again = try ShellWords.split(quoted.joined(separator: " "))
            guard again == words else { throw .nothingEscaped }
        } catch {
            throw Violation("in quotes the words become others")
        }
    }
}
