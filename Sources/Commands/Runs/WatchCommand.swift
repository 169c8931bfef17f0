internal import API
internal import BFFClient
internal import CommandLineArguments

/// `baictl watch`: follows runs until they have ended.
struct WatchCommand: Subcommand {
    static let syntax = CommandSyntax(
        ["watch", "benchmark"], aliases: [["watch"]], summary: "follow a run until it has ended",
        discussion: "The exit code says how it ended; see `baictl help exit-codes`.",
        options: [RunReference.option],
        arguments: [RunReference.argument],
        examples: ["baictl watch latest", "baictl watch 4f2a91c0 -o ndjson"])

    private let run: String

    init(_ invocation: Invocation) throws(UsageError) {
        run = try RunReference.run(of: invocation)
    }

    func run(_ context: CommandContext) async throws -> ExitCode {
        let id = try await context.client.run(run).summary.id
        return try await RunFollower(context: context, style: .everything).follow([id])
    }
}
