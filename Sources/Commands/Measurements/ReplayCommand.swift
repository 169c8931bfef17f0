internal import BFFClient
internal import CommandLineArguments

/// `baictl replay`: gives dead letters back to the services that could not handle them.
struct ReplayCommand: Subcommand {
    static let syntax = CommandSyntax(
        ["replay"], summary: "publish dead letters again",
        arguments: [
            ArgumentSyntax("ID", "dead letters, as `baictl get deadletters` names them", isRepeated: true)
        ])

    private let ids: [String]

    init(_ invocation: Invocation) {
        ids = invocation.arguments["ID"] ?? []
    }

    func run(_ context: CommandContext) async throws -> ExitCode {
        for id in ids {
            try await context.client.replay(id)
            context.terminal.say("Published \(id) again.")
        }
        return .ok
    }
}
