internal import API
internal import BFFClient
internal import CommandLineArguments
internal import Descriptors
internal import Detection
internal import Events
internal import JSON

/// `baictl analyze`: where histories changed their level. Files need no service.
struct AnalyzeCommand: Subcommand {
    static let syntax = CommandSyntax(
        ["analyze"], summary: "find where a history changed its level",
        discussion: """
            A history is a file, or standard input (-), or a series of this installation by its id (baictl get series). Files are
            JSON ([1, 2, null] or {"latency": [1, 2]} or an object for each run), a table with commas, semicolons or tabs and a
            header, or a number a line. A column that is named commit, version, time or the like names the runs.

            With --batch each line of a file is {"id", "values": [number or null, ...]}, with an optional "group" for histories
            that move together, and becomes a line {"id", "cps": [index of the first run of each new level]}; --replay feeds the
            values one by one and adds "alarms": [{"t": last index seen, "index": where}] for changes that were confirmed.

            The exit code is 3 where something got worse; --direction says which way that is, else every change counts.
            docs/detection.md says how changes are found.
            """,
        options: [
            .value("column", "NAME", "only this series of a file", isRepeated: true),
            .value(
                "direction", "WAY", "which way is better", choices: MetricDirection.allCases.map(\.rawValue)),
            .value("false-alarm-rate", "RATE", "false changes for each run of a quiet history: 1/5000"),
            .value(
                "batch", "FILE", "many histories, a JSON object a line; - is standard input",
                completion: .files),
            .flag("replay", "with --batch: also what would have been confirmed when"),
        ],
        arguments: [
            ArgumentSyntax(
                "HISTORY", "a file, - or a series", isOptional: true, isRepeated: true, completion: .files)
        ],
        examples: [
            "baictl analyze latency.csv --direction=lower", "baictl analyze -o json < values.txt",
            "baictl analyze --batch=histories.jsonl --replay",
        ])

    private let histories: [String]
    private let columns: [String]
    private let direction: MetricDirection?
    private let rate: Double
    private let batch: String?
    private let replays: Bool

    init(_ invocation: Invocation) throws(UsageError) {
        histories = invocation.arguments["HISTORY"] ?? []
        columns = invocation.values("column")
        direction = invocation.value("direction").flatMap(MetricDirection.init(rawValue:))
        batch = invocation.value("batch")
        replays = invocation.has("replay")
        if batch != nil, !histories.isEmpty {
            throw UsageError("Give histories, or --batch=FILE, not both.", command: invocation.command)
        }
        if replays, batch == nil {
            throw UsageError("--replay goes with --batch=FILE.", command: invocation.command)
        }
        let text = invocation.value("false-alarm-rate")
        guard let rate = text.map(AnalyzeCommand.rate) ?? DetectionLimits.usualFalseAlarmRate else {
            throw UsageError(
                "--false-alarm-rate has to be between 0 and 0.01: 1/5000 or 0.0002.",
                command: invocation.command)
        }
        self.rate = rate
    }

    /// `1/5000` or `0.0002`.
    private static func rate(_ text: String) -> Double? {
        let parts = text.split(separator: "/", maxSplits: 1).map { Double($0) }
        guard let first = parts.first ?? nil else { return nil }
        guard parts.count == 2 else { return (0.0.nextUp...0.01).contains(first) ? first : nil }
        guard let second = parts[1], second > 0 else { return nil }
        return (0.0.nextUp...0.01).contains(first / second) ? first / second : nil
    }

    func run(_ context: CommandContext) async throws -> ExitCode {
        if let batch { return try await run(batch: batch, context) }
        let series = try await read(histories.isEmpty ? ["-"] : histories, context)
        let changes = ChangeGroups.aligned(
            series.map { ChangePointDetector.changePoints(in: $0.values, falseAlarmRate: rate) })
        let found = zip(series, changes).flatMap { series, changes in
            changes.map { FoundChange($0, in: series) }
        }
        try context.print(
            Listing(
                items: try found.map { try JSONCoding.tree($0) }, names: found.map(\.run),
                table: FoundChange.table(found), emptyNote: AnalyzeCommand.emptyNote(series)))
        return found.contains(where: \.isBad) ? .alarmFired : .ok
    }

    private static func emptyNote(_ series: [NamedSeries]) -> String {
        let runs = series.map { $0.values.count { $0 != nil } }.max() ?? 0
        return runs < ChangePointDetector.fewest
            ? "\(runs) values are too few: no change can be told with fewer than \(ChangePointDetector.fewest)."
            : "No change in \(series.count == 1 ? "this history" : "these \(series.count) histories")."
    }

    /// What was asked for, and which way is better in it.
    private func read(_ names: [String], _ context: CommandContext) async throws -> [NamedSeries] {
        var series: [NamedSeries] = []
        for name in names {
            if let reference = SeriesReference(name) {
                series.append(try await reference.read(context))
            } else {
                series += try SeriesFile.read(name, columns: columns)
            }
        }
        guard let direction else { return series }
        for index in series.indices { series[index].direction = direction }
        return series
    }

    // MARK: - Batches

    private func run(batch: String, _ context: CommandContext) async throws -> ExitCode {
        let lines = try SeriesFile.bytes(batch).split(separator: UInt8(ascii: "\n"))
        var requests: [BatchAnalysis.Request] = []
        var badLines = 0
        for (number, line) in lines.enumerated() where line.contains(where: { $0 > UInt8(ascii: " ") }) {
            do throws(BatchAnalysis.BadLine) {
                requests.append(try BatchAnalysis.request(Array(line)))
            } catch {
                badLines += 1
                context.terminal.say("\(batch): line \(number + 1): \(error.message)")
            }
        }
        let analysis = BatchAnalysis(falseAlarmRate: rate, replays: replays)
        var text = ""
        for answer in await analysis.answers(to: requests) { text += try JSONCoding.text(answer) + "\n" }
        context.terminal.print(document: text)
        return badLines == 0 ? .ok : .usage
    }
}
