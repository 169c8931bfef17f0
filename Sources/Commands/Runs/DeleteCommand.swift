internal import API
internal import BFFClient
internal import CommandLineArguments

/// `baictl delete`: removes runs that have ended.
struct DeleteCommand: Subcommand {
    static let syntax = CommandSyntax(
        ["delete", "benchmark"], aliases: [["delete"], ["delete", "run"]],
        summary: "remove runs that have ended, with their logs and metrics",
        options: [RunReference.option, .flag("yes", short: "y", "do not ask")],
        arguments: [
            ArgumentSyntax(
                "RUN", "runs: ids, the beginnings of them, or `latest`", isOptional: true, isRepeated: true,
                completion: .dynamic("list -o name"))
        ])

    private let runs: [String]
    private let isSure: Bool

    init(_ invocation: Invocation) throws(UsageError) {
        runs = try invocation.runs()
        isSure = invocation.has("yes")
    }

    func run(_ context: CommandContext) async throws -> ExitCode {
        let found = try await withThrowingTaskGroup(of: (String, String).self) { group in
            for run in runs {
                group.addTask {
                    let summary = try await context.client.run(run).summary
                    return (summary.id, summary.name)
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        if !isSure, context.terminal.errorIsTerminal {
            for (id, name) in found { context.terminal.say("\(Words.short(id)) \(Table.harmless(name))") }
            context.terminal.say("Remove \(found.count) run(s) with logs and metrics? Type yes:")
            guard readLine() == "yes" else { throw CommandFailure(.interrupted, "nothing was removed") }
        }
        for (id, name) in found {
            try await context.client.delete(id)
            context.terminal.say("Removed \(Words.short(id)) \(Table.harmless(name)).")
        }
        return .ok
    }
}
