internal import CommandLineArguments

/// `baictl help`.
struct HelpCommand: Subcommand {
    static let syntax = CommandSyntax(
        ["help"], summary: "explain a command, or `exit-codes`",
        arguments: [ArgumentSyntax("COMMAND", "what to explain", isOptional: true, isRepeated: true)])

    private let words: [String]

    init(_ invocation: Invocation) {
        words = invocation.arguments["COMMAND"] ?? []
    }

    static var overview: String {
        CommandLineTool.parser.overview(
            about: "baictl runs benchmarks, keeps their history, and says when one got worse.")
    }

    func run(_ context: CommandContext) async throws -> ExitCode {
        if words.isEmpty {
            context.terminal.print(data: HelpCommand.overview)
        } else if words == ["exit-codes"] {
            for code in ExitCode.allCases {
                let number = "\(code.rawValue)"
                let padding = String(repeating: " ", count: 5 - number.count)
                context.terminal.print(data: "\(padding)\(number)  \(code.meaning)\n")
            }
        } else {
            let parser = CommandLineTool.parser
            context.terminal.print(data: parser.help(for: try parser.command(of: words).0))
        }
        return .ok
    }
}
