internal import CommandLineArguments
internal import JSON
internal import Runtime

/// `baictl version`. Asks nobody: it is what scripts call to see that the tool is there.
struct VersionCommand: Subcommand {
    static let syntax = CommandSyntax(["version"], summary: "print the version of this tool")

    init(_ invocation: Invocation) {}

    func run(_ context: CommandContext) async throws -> ExitCode {
        switch context.format {
        case .table, .name, .csv: context.terminal.print(data: "baictl \(Version.current)\n")
        case .json, .ndjson, .yaml:
            try context.printDocument(["version": .string(Version.current)])
        }
        return .ok
    }
}
