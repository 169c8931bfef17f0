internal import API
internal import BFFClient
internal import CommandLineArguments
internal import JSON
internal import Runtime

/// `baictl events`: what happened, to one run or to all.
struct EventsCommand: Subcommand {
    static let syntax = CommandSyntax(
        ["events"], summary: "print what happened to a run, or to all runs",
        options: [
            RunReference.option, .flag("follow", short: "f", "go on with what happens from now"),
            .value("after", "CURSOR", "only what came after this cursor, which every event has"),
        ],
        arguments: [
            ArgumentSyntax(
                "RUN", "a run: its id, the beginning of it, or `latest`; all runs without it",
                isOptional: true,
                completion: .dynamic("list -o name"))
        ], examples: ["baictl events latest", "baictl events --follow -o ndjson"])

    private let run: String?
    private let isFollowing: Bool
    private let cursor: String?

    init(_ invocation: Invocation) throws(UsageError) {
        run = invocation.argument("RUN") ?? invocation.value("name")
        isFollowing = invocation.has("follow")
        cursor = invocation.value("after")
    }

    func run(_ context: CommandContext) async throws -> ExitCode {
        if isFollowing {
            let stream =
                run.map { context.client.events(of: $0, after: cursor) }
                ?? context.client.allEvents(after: cursor)
            for try await event in stream { try show(event, context) }
            return .ok
        }
        let events = try await context.all(upTo: .max) { limit, cursor throws(BFFClientError) in
            try await context.client.eventPage(of: run, after: cursor ?? self.cursor, limit: limit)
        }
        if context.format == .table {
            for event in events { try show(event, context) }
            if events.isEmpty { context.terminal.say("Nothing has happened.") }
            return .ok
        }
        try context.print(
            Listing(
                items: try events.map { try JSONCoding.tree($0) }, names: events.map(\.cursor),
                table: Table(header: [], rows: []), emptyNote: ""))
        return .ok
    }

    private func show(_ event: RunEvent, _ context: CommandContext) throws {
        if context.format == .table {
            let who = run == nil ? "\(Words.short(event.run))  \(Table.harmless(event.name))  " : ""
            context.terminal.print(data: who + RunFollower.line(event, context.terminal) + "\n")
        } else {
            context.terminal.print(document: try JSONCoding.text(event) + "\n")
        }
    }
}
