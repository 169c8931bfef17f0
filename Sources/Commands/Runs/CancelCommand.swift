internal import Events
internal import Runtime
internal import API
internal import BFFClient
internal import CommandLineArguments
internal import JSON

/// `baictl cancel`: ends runs.
struct CancelCommand: Subcommand {
    static let syntax = CommandSyntax(
        ["cancel", "benchmark"], aliases: [["cancel"], ["delete", "job"]], summary: "cancel runs",
        discussion: """
            Asks the benchmark to end (SIGTERM) and ends it by force after the descriptor's grace period. Works in every
            state and any number of times; a run that has ended stays as it is.
            """,
        options: [
            RunReference.option, .flag("force", "end it by force at once"),
            .value("reason", "TEXT", "why, for the record"),
            .flag("wait", "return when it has ended"),
        ],
        arguments: [
            ArgumentSyntax(
                "RUN", "runs: ids, the beginnings of them, or `latest`", isOptional: true, isRepeated: true,
                completion: .dynamic("list -o name"))
        ], examples: ["baictl cancel latest", "baictl list --status RUNNING -o name | xargs baictl cancel"])

    private let runs: [String]
    private let request: CancelRequest
    private let waits: Bool

    init(_ invocation: Invocation) throws(UsageError) {
        runs = try invocation.runs()
        request = CancelRequest(reason: invocation.value("reason"), force: invocation.has("force"))
        waits = invocation.has("wait")
    }

    func run(_ context: CommandContext) async throws -> ExitCode {
        var canceled: [RunSummary] = []
        for run in runs { canceled.append(try await context.client.cancel(run, request)) }
        if waits {
            for run in canceled { for try await _ in context.client.events(of: run.id) {} }
        }
        for run in canceled {
            let outcome = waits ? try await context.client.run(run.id).summary : run
            let words = outcome.status.isFinal ? "is \(outcome.status.rawValue)" : "is being canceled"
            context.terminal.say("\(Words.short(run.id)) \(Table.harmless(run.name)) \(words).")
        }
        if context.format != .table {
            try context.print(try RunTable.listing(canceled, now: context.time.now))
        }
        return .ok
    }
}

extension Invocation {
    /// The runs of a command that takes several.
    func runs() throws(UsageError) -> [String] {
        let runs = (arguments["RUN"] ?? []) + values("name")
        if runs.isEmpty {
            throw UsageError("Which run? Give its id, the beginning of it, or `latest`.", command: command)
        }
        return runs
    }
}
