internal import API
internal import BFFClient
internal import CommandLineArguments
internal import Events
internal import JSON

/// `baictl metrics`: what a run measured.
struct MetricsCommand: Subcommand {
    static let syntax = CommandSyntax(
        ["metrics"], aliases: [["get", "metrics"]], summary: "print what a run measured",
        discussion: """
            A result is one metric of one run: the median over its samples with a 95 % interval. A sample is the median
            of one repeat's points. --points prints the single points instead.
            """,
        options: [
            RunReference.option, .flag("points", "every single point"),
            .value("metric", "NAME", "only this metric"),
            .value("attempt", "N", "with --points: only this attempt"),
        ], arguments: [RunReference.argument],
        examples: ["baictl metrics latest", "baictl metrics latest --points -o csv"])

    private let run: String
    private let showsPoints: Bool
    private let metric: String?
    private let attempt: Int?

    init(_ invocation: Invocation) throws(UsageError) {
        run = try RunReference.run(of: invocation)
        showsPoints = invocation.has("points")
        metric = invocation.value("metric")
        attempt = try invocation.integer("attempt", atLeast: 1)
    }

    func run(_ context: CommandContext) async throws -> ExitCode {
        if showsPoints { return try await points(context) }
        let metrics = try await context.client.metrics(of: run)
        let results = metrics.results.filter { metric == nil || $0.series.metric == metric }
        if let metric, results.isEmpty, !metrics.results.isEmpty {
            let names = metrics.results.map(\.series.metric)
            throw CommandFailure(
                .notFound,
                "The run has no metric '\(metric)'." + UsageError.suggestion(for: metric, among: names)
                    + " It has: \(names.joined(separator: ", ")).")
        }
        try context.print(
            Listing(
                items: try results.map { try JSONCoding.tree($0) }, names: results.map(\.series.metric),
                table: ResultTable.table(results),
                emptyNote: metrics.status.isFinal
                    ? "The run measured nothing." : "No results yet: the run is \(metrics.status.rawValue)."))
        for problem in metrics.problems { context.terminal.say("not valid: \(Table.harmless(problem))") }
        return metrics.problems.isEmpty ? .ok : .measurementInvalid
    }

    private func points(_ context: CommandContext) async throws -> ExitCode {
        let entries = try await context.all(upTo: .max) { limit, cursor throws(BFFClientError) in
            var query = PointQuery()
            query.metric = metric
            query.attempt = attempt
            query.limit = limit
            query.cursor = cursor
            return try await context.client.points(of: run, query)
        }
        let rows = entries.map { entry in
            [
                Table.Cell("\(entry.attempt)"), Table.Cell("\(entry.point.sequence)"),
                Table.Cell(Words.clock(entry.point.time)), Table.Cell(entry.point.name),
                Table.Cell(Words.number(entry.point.value)), Table.Cell(entry.point.unit ?? "-"),
                Table.Cell(entry.point.step.map { "\($0)" } ?? "-"),
                Table.Cell(entry.isAccepted ? "yes" : "no"),
            ]
        }
        try context.print(
            Listing(
                items: try entries.map { try JSONCoding.tree($0) }, names: entries.map(\.point.name),
                table: Table(
                    header: ["ATTEMPT", "NUMBER", "TIME", "METRIC", "VALUE", "UNIT", "STEP", "COUNTS"],
                    rows: rows,
                    numbers: [0, 1, 4, 6]), emptyNote: "There are no points."))
        return .ok
    }
}
