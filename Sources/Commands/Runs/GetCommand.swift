internal import API
internal import Runtime
internal import BFFClient
internal import CommandLineArguments
internal import JSON

/// `baictl get benchmark`: one run, for programs.
struct GetCommand: Subcommand {
    static let syntax = CommandSyntax(
        ["get", "benchmark"], aliases: [["get", "run"]], summary: "print one run",
        discussion: "With -o json everything that is known about it; `baictl describe` says it for people.",
        options: [RunReference.option], arguments: [RunReference.argument],
        examples: ["baictl get benchmark --name=4f2a91c0 -o json", "baictl get benchmark latest"])

    private let run: String

    init(_ invocation: Invocation) throws(UsageError) {
        run = try RunReference.run(of: invocation)
    }

    func run(_ context: CommandContext) async throws -> ExitCode {
        let detail = try await context.client.run(run)
        switch context.format {
        case .table, .name, .csv:
            try context.print(try RunTable.listing([detail.summary], now: context.time.now))
        case .json, .yaml, .ndjson: try context.printDocument(try JSONCoding.tree(detail))
        }
        return .ok
    }
}
