internal import API
internal import BFFClient
internal import CommandLineArguments
internal import Deployment
internal import JSON
internal import Runtime

/// `baictl status`: whether the services run, and how far behind they are.
struct StatusCommand: Subcommand {
    static let syntax = CommandSyntax(
        ["status"], summary: "show whether the services run and what they have yet to do")

    init(_ invocation: Invocation) {}

    func run(_ context: CommandContext) async throws -> ExitCode {
        let health = try? await context.client.health()
        if !context.isLocal {
            guard let health else { throw CommandFailure(.unreachable, "The API does not answer.") }
            return try remote(health, context)
        }
        let states = context.stack.states()
        let troubles = await context.stack.troubles()
        let rows = states.map { state in
            let lag = health?.lag[String(state.name.dropFirst("bai-".count))]
            return [
                Table.Cell(state.name),
                StatusCommand.cell(state, hasTrouble: troubles[state.name] != nil),
                Table.Cell(state.processID.map { "\($0)" } ?? "-"), Table.Cell(lag.map { "\($0)" } ?? "-"),
            ]
        }
        let items = states.map { state in
            JSONValue.object([
                "service": .string(state.name), "up": .bool(state.processID != nil),
                "pid": state.processID.map { .integer(Int64($0)) } ?? .null,
                "lag": (health?.lag[String(state.name.dropFirst("bai-".count))]).map { .integer($0) }
                    ?? .null,
                "problems": .array((troubles[state.name] ?? []).map { .string($0) }),
            ])
        }
        try context.print(
            Listing(
                items: items, names: states.map(\.name),
                table: Table(header: ["SERVICE", "STATE", "PID", "TO DO"], rows: rows, numbers: [2, 3]),
                emptyNote: ""))
        for problem in health?.problems ?? [] { context.terminal.say("problem: bai-bff: \(problem)") }
        for state in states {
            for problem in troubles[state.name] ?? [] {
                context.terminal.say("problem: \(state.name): \(problem)")
            }
        }
        if states.allSatisfy({ $0.processID == nil }) {
            context.terminal.say("Start the services with `baictl up`.")
        }
        return states.allSatisfy { $0.processID != nil } && health != nil ? .ok : .unreachable
    }

    private static func cell(_ state: LocalStack.ServiceState, hasTrouble: Bool) -> Table.Cell {
        if state.processID == nil { return Table.Cell("down", .red) }
        return hasTrouble ? Table.Cell("up, in trouble", .yellow) : Table.Cell("up", .green)
    }

    private func remote(_ health: HealthReport, _ context: CommandContext) throws -> ExitCode {
        let rows = health.lag.sorted { $0.key < $1.key }
        try context.print(
            Listing(
                items: [try JSONCoding.tree(health)], names: rows.map(\.key),
                table: Table(
                    header: ["SERVICE", "TO DO"],
                    rows: rows.map { [Table.Cell($0.key), Table.Cell("\($0.value)")] },
                    numbers: [1]), emptyNote: ""))
        for problem in health.problems { context.terminal.say("problem: \(problem)") }
        return health.problems.isEmpty ? .ok : .unreachable
    }
}
