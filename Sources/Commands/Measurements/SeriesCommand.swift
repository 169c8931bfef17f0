internal import API
internal import BFFClient
internal import CommandLineArguments
internal import Events
internal import JSON
internal import Runtime

/// `baictl get series`.
struct SeriesCommand: Subcommand {
    static let syntax = CommandSyntax(
        ["get", "series"], aliases: [["list", "series"]],
        summary: "list the series that results join, those with the newest first",
        discussion: """
            A series is one metric of one benchmark in one environment, with the labels that the team tells series apart by.
            Its id is what `baictl analyze` takes.
            """,
        options: [
            .value("benchmark", "NAME", "only series of this benchmark"),
            .value("metric", "NAME", "only series of this metric"),
            .value("limit", "N", "at most N series (50)"),
        ])

    private var query = SeriesQuery()
    private let limit: Int

    init(_ invocation: Invocation) throws(UsageError) {
        query.benchmark = invocation.value("benchmark")
        query.metric = invocation.value("metric")
        limit = try invocation.integer("limit", atLeast: 1) ?? 50
    }

    func run(_ context: CommandContext) async throws -> ExitCode {
        let series = try await context.all(upTo: limit) { limit, cursor throws(BFFClientError) in
            var page = query
            page.limit = limit
            page.cursor = cursor
            return try await context.client.series(page)
        }
        let now = context.time.now
        let rows = series.map { entry in
            let labels = entry.series.labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            return [
                Table.Cell(entry.series.id), Table.Cell(entry.series.benchmark),
                Table.Cell(entry.series.metric),
                Table.Cell(labels.isEmpty ? "-" : labels.joined(separator: " ")),
                Table.Cell("\(entry.count)"),
                Table.Cell(Words.number(entry.last.median)), Table.Cell(entry.series.unit ?? "-"),
                Table.Cell(Words.age(of: entry.last.finished, now: now)),
            ]
        }
        try context.print(
            Listing(
                items: try series.map { try JSONCoding.tree($0) }, names: series.map(\.series.id),
                table: Table(
                    header: ["ID", "BENCHMARK", "METRIC", "LABELS", "RESULTS", "LAST", "UNIT", "AGE"],
                    rows: rows, numbers: [4, 5, 7]), emptyNote: "There are no series yet."))
        return .ok
    }
}
