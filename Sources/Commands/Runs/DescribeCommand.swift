internal import API
internal import BFFClient
internal import CommandLineArguments
internal import Events
internal import JSON
internal import Runtime

/// `baictl describe`: all about one run, for people.
struct DescribeCommand: Subcommand {
    static let syntax = CommandSyntax(
        ["describe", "benchmark"], aliases: [["describe"], ["describe", "run"]],
        summary: "tell all about one run",
        options: [RunReference.option], arguments: [RunReference.argument],
        examples: ["baictl describe latest"])

    private let run: String

    init(_ invocation: Invocation) throws(UsageError) {
        run = try RunReference.run(of: invocation)
    }

    func run(_ context: CommandContext) async throws -> ExitCode {
        let detail = try await context.client.run(run)
        guard context.format == .table else {
            try context.printDocument(try JSONCoding.tree(detail))
            return .ok
        }
        context.terminal.print(data: RunDescription(detail: detail, terminal: context.terminal).text)
        return .ok
    }
}

/// The text of `baictl describe`.
struct RunDescription {
    var detail: RunDetail
    var terminal: Terminal

    var text: String {
        [head, attempts, contents, environment, results, alarms, history].filter { !$0.isEmpty }.joined(
            separator: "\n")
    }

    private var head: String {
        let run = detail.summary
        var rows = [
            ("Run", run.id), ("Benchmark", RunTable.name(run)),
            ("Status", terminal.colored(run.status.rawValue, Words.color(of: run.status))),
            ("", RunTable.message(run)),
        ]
        if let reason = run.reason { rows.append(("Reason", reason.rawValue)) }
        rows.append(("Submitted", "\(Words.time(run.submitted)) by \(run.username)"))
        if let finished = run.finished {
            rows.append(
                ("Finished", "\(Words.time(finished)) (took \(Words.took(finished - run.submitted)))"))
        }
        rows.append(("Descriptor", "\(detail.source.filename) (sha256 \(detail.source.sha256.prefix(12)))"))
        if let sweep = run.sweep { rows.append(("Sweep", sweep)) }
        for (key, value) in run.labels.sorted(by: { $0.key < $1.key }) {
            rows.append(("Label", "\(key)=\(value)"))
        }
        for problem in detail.problems { rows.append(("Not valid", problem)) }
        return rows.map { name, value in
            let padded = name + String(repeating: " ", count: 12 - name.count)
            return terminal.colored(padded, .dim) + (name == "Status" ? value : Table.harmless(value)) + "\n"
        }.joined()
    }

    private var attempts: String {
        if detail.attempts.isEmpty { return "" }
        let warmups = Set(detail.attempts.filter(\.attempt.isWarmup).map(\.attempt.repetition)).count
        let rows = detail.attempts.map { finished -> [Table.Cell] in
            let (attempt, outcome) = (finished.attempt, finished.outcome)
            return [
                Table.Cell("\(attempt.number)"),
                // Repetitions count the warm-ups too, which come first.
                Table.Cell(
                    attempt.isWarmup
                        ? "warm-up \(attempt.repetition + 1)" : "repeat \(attempt.repetition - warmups + 1)"),
                Table.Cell(outcome.status.rawValue, Words.color(of: outcome.status)),
                Table.Cell(outcome.started.map { Words.seconds(outcome.finished - $0) } ?? "-"),
                Table.Cell(outcome.cpuSeconds.map { "\(Words.fixed($0, 2))s" } ?? "-"),
                Table.Cell(outcome.peakMemory.map(Words.bytes) ?? "-"),
                Table.Cell(outcome.metricCount.map { "\($0)" } ?? "-"), Table.Cell(outcome.message),
            ]
        }
        let table = Table(
            header: ["ATTEMPT", "KIND", "STATUS", "TOOK", "CPU", "MEMORY", "METRICS", "MESSAGE"], rows: rows,
            numbers: [0, 3, 4, 5, 6])
        return table.text(for: terminal)
    }

    private var contents: String {
        if detail.contents.isEmpty { return "" }
        let rows = detail.contents.map { content in
            [
                Table.Cell("\(content.role.rawValue) \(content.id)"), Table.Cell(content.path ?? "-"),
                Table.Cell(Words.bytes(content.size)), Table.Cell("sha256 \(content.sha256.prefix(12))"),
                Table.Cell(content.source),
            ]
        }
        return Table(header: ["DATA", "PATH", "SIZE", "DIGEST", "FROM"], rows: rows, numbers: [2]).text(
            for: terminal)
    }

    private var environment: String {
        guard let environment = detail.attempts.last?.outcome.environment, !environment.isEmpty else {
            return ""
        }
        // The data has a table of its own, with the same digests.
        let rows = environment.filter { $0.key != "contents" }.sorted { $0.key < $1.key }.map { key, value in
            [Table.Cell(key), Table.Cell(RunDescription.text(of: value, named: key))]
        }
        return Table(header: ["ENVIRONMENT", ""], rows: rows).text(for: terminal)
    }

    /// A fact of the environment: sizes with their unit, and what has parts as a list of them.
    private static func text(of value: JSONValue, named name: String) -> String {
        if name.hasSuffix("_bytes"), let count = value.integer { return Words.bytes(count) }
        if let parts = value.object {
            return parts.sorted { $0.key < $1.key }.map { "\($0.key) \(text(of: $0.value, named: $0.key))" }
                .joined(separator: ", ")
        }
        return value.string ?? value.number.map(Words.number) ?? (try? JSONCoding.text(value)) ?? ""
    }

    private var results: String {
        detail.results.isEmpty ? "" : ResultTable.table(detail.results).text(for: terminal)
    }

    private var alarms: String {
        if detail.alarms.isEmpty { return "" }
        let rows = detail.alarms.map { alarm in
            [
                Table.Cell(alarm.state.rawValue, alarm.state == .resolved ? .green : .red),
                Table.Cell(alarm.message),
            ]
        }
        return Table(header: ["ALARM", ""], rows: rows).text(for: terminal)
    }

    private var history: String {
        let rows = detail.history.map { step in
            [
                Table.Cell(Words.clock(step.time)),
                Table.Cell(step.status.rawValue, Words.color(of: step.status)),
                Table.Cell(step.attempt > 0 ? "\(step.attempt)" : "-"), Table.Cell(step.message),
            ]
        }
        return Table(header: ["TIME", "STATUS", "ATTEMPT", "MESSAGE"], rows: rows, numbers: [2]).text(
            for: terminal)
    }
}
