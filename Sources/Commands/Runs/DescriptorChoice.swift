internal import CommandLineArguments

/// Which descriptor a command is about, and what the command line changes of it.
struct DescriptorChoice: Sendable {
    static let descriptor = OptionSyntax.value(
        "descriptor", short: "f", "FILE", "the descriptor; - reads standard input", completion: .files)
    static let set = OptionSyntax.value(
        "set", "KEY=VALUE", "override a key of the descriptor: run.repeats=3", isRepeated: true)
    static let script = OptionSyntax.value(
        "script", "DIR", "a folder or file that the benchmark finds in its work folder", completion: .folders)
    static let argument = ArgumentSyntax("FILE", "the descriptor", isOptional: true, completion: .files)

    /// As it was typed; `-` is standard input.
    let file: String
    let overrides: [String]
    /// An absolute path.
    let script: String?

    init(_ invocation: Invocation) throws(UsageError) {
        switch (invocation.value("descriptor"), invocation.argument("FILE")) {
        case (let file?, nil), (nil, let file?): self.file = file
        case (nil, nil):
            throw UsageError("Which descriptor? Give --descriptor=FILE.", command: invocation.command)
        case (_?, _?): throw UsageError("Name one descriptor, not two.", command: invocation.command)
        }
        overrides = invocation.values("set")
        script = invocation.value("script").map(DescriptorSource.absolute)
    }
}
