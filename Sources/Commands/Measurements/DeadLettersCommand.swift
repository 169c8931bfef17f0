internal import Events
internal import Runtime
internal import API
internal import BFFClient
internal import CommandLineArguments
internal import JSON

/// `baictl get deadletters`: records that a service could not handle.
struct DeadLettersCommand: Subcommand {
    static let syntax = CommandSyntax(
        ["get", "deadletters"], aliases: [["list", "deadletters"]],
        summary: "list records that a service could not handle",
        discussion: "Once the cause is mended, `baictl replay ID` gives such a record back to its service.",
        options: [.value("limit", "N", "at most N records (50)")])

    private let limit: Int

    init(_ invocation: Invocation) throws(UsageError) {
        limit = try invocation.integer("limit", atLeast: 1) ?? 50
    }

    func run(_ context: CommandContext) async throws -> ExitCode {
        let letters = try await context.all(upTo: limit) { limit, cursor throws(BFFClientError) in
            try await context.client.deadLetters(limit: limit, cursor: cursor)
        }
        let now = context.time.now
        let rows = letters.map { entry in
            [
                Table.Cell(entry.id), Table.Cell(Words.age(of: entry.time, now: now)),
                Table.Cell(entry.letter.service),
                Table.Cell(entry.letter.topic), Table.Cell(Words.short(entry.letter.key)),
                Table.Cell(entry.letter.reason),
            ]
        }
        try context.print(
            Listing(
                items: try letters.map { try JSONCoding.tree($0) }, names: letters.map(\.id),
                table: Table(
                    header: ["ID", "AGE", "SERVICE", "TOPIC", "KEY", "REASON"], rows: rows, numbers: [1]),
                emptyNote: "There are no dead letters."))
        return .ok
    }
}
