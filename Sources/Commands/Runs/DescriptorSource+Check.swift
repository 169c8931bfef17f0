internal import CommandLineArguments
internal import Descriptors
internal import Diagnostics
internal import JSON

extension DescriptorSource {
    /// The text; what is no UTF-8 in it has been refused by `check`.
    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// Reads the descriptor and prints what is wrong with it: errors end the command, warnings do not.
    @discardableResult
    func check(overrides: [String], _ context: CommandContext) throws -> Descriptor {
        let reading = DescriptorReader.read(bytes, filename: name, overrides: overrides)
        for problem in reading.problems { context.terminal.say(problem.description + "\n") }
        guard let descriptor = reading.descriptor else {
            throw CommandFailure(.usage, reading.problems.summary(of: name), code: "invalid_descriptor")
        }
        return descriptor
    }
}

extension [DescriptorProblem] {
    /// `d.toml: 2 errors, 1 warning.`
    func summary(of name: String) -> String {
        let errors = count { $0.severity == .error }
        let warnings = count - errors
        var parts: [String] = []
        if errors > 0 { parts.append(errors == 1 ? "1 error" : "\(errors) errors") }
        if warnings > 0 { parts.append(warnings == 1 ? "1 warning" : "\(warnings) warnings") }
        return "\(name): \(parts.isEmpty ? "no mistakes" : parts.joined(separator: ", "))."
    }
}
