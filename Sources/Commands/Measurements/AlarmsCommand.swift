internal import Descriptors
internal import Runtime
internal import API
internal import BFFClient
internal import CommandLineArguments
internal import Events
internal import JSON

/// `baictl get alarms`.
struct AlarmsCommand: Subcommand {
    static let syntax = CommandSyntax(
        ["get", "alarms"], aliases: [["list", "alarms"], ["get", "alarm"]],
        summary: "list alarms, newest first",
        options: [
            .value(
                "state", "STATE", "only alarms in this state; can be given more than once",
                choices: Alarm.State.allCases.map(\.rawValue), isRepeated: true),
            .value("run", "RUN", "only alarms that this run raised", completion: .dynamic("list -o name")),
            .value("limit", "N", "at most N alarms (50)"),
        ])

    private var query = AlarmQuery()
    private let limit: Int

    init(_ invocation: Invocation) throws(UsageError) {
        query.states = invocation.values("state").compactMap(Alarm.State.init(rawValue:))
        query.run = invocation.value("run")
        limit = try invocation.integer("limit", atLeast: 1) ?? 50
    }

    func run(_ context: CommandContext) async throws -> ExitCode {
        let alarms = try await context.all(upTo: limit) { limit, cursor throws(BFFClientError) in
            var page = query
            page.limit = limit
            page.cursor = cursor
            return try await context.client.alarms(page)
        }
        let now = context.time.now
        let rows = alarms.map { alarm in
            [
                Table.Cell(Words.short(alarm.id)),
                Table.Cell(alarm.state.rawValue, alarm.state == .resolved ? .green : .red),
                Table.Cell(alarm.rule.severity.rawValue), Table.Cell(alarm.series.benchmark),
                Table.Cell(alarm.series.metric), Table.Cell(Words.short(alarm.run)),
                Table.Cell(Words.age(of: alarm.opened, now: now)), Table.Cell(alarm.message),
            ]
        }
        try context.print(
            Listing(
                items: try alarms.map { try JSONCoding.tree($0) }, names: alarms.map(\.id),
                table: Table(
                    header: ["ID", "STATE", "SEVERITY", "BENCHMARK", "METRIC", "RUN", "AGE", "MESSAGE"],
                    rows: rows,
                    numbers: [6]), emptyNote: "There are no alarms."))
        return .ok
    }
}
