internal import API
internal import BFFClient
internal import CommandLineArguments
internal import Events
internal import JSON
internal import Runtime

/// `baictl logs`: what a run's benchmark printed.
struct LogsCommand: Subcommand {
    static let syntax = CommandSyntax(
        ["logs"], aliases: [["logs", "benchmark"]], summary: "print what a run's benchmark printed",
        options: [
            RunReference.option, .flag("follow", short: "f", "go on until the run has ended"),
            .value("since", "AGE", "only lines of the last AGE: 90s, 30m"),
            .value("tail", "N", "only the last N lines"),
            .value("grep", "TEXT", "only lines that contain TEXT"),
            .value("attempt", "N", "only this attempt"),
            .value("stream", "NAME", "only this stream", choices: ["stdout", "stderr", "agent"]),
            .flag("timestamps", short: "t", "begin each line with its time, attempt and stream"),
        ], arguments: [RunReference.argument],
        examples: ["baictl logs latest -f", "baictl logs 4f2a91c0 --grep error"])

    private let run: String
    private let query: LogQuery
    private let since: Duration?
    private let isFollowing: Bool
    private let showsTimes: Bool

    init(_ invocation: Invocation) throws(UsageError) {
        run = try RunReference.run(of: invocation)
        var query = LogQuery()
        query.attempt = try invocation.integer("attempt", atLeast: 1)
        query.tail = try invocation.integer("tail")
        query.grep = invocation.value("grep")
        query.stream = invocation.value("stream").flatMap(LogLine.Stream.init(rawValue:))
        self.query = query
        since = try invocation.age("since")
        isFollowing = invocation.has("follow")
        showsTimes = invocation.has("timestamps")
    }

    func run(_ context: CommandContext) async throws -> ExitCode {
        var query = query
        query.since = since.map {
            Timestamp(milliseconds: context.time.now.milliseconds - $0.wholeMilliseconds)
        }
        // Standard output is data whether it is a file or a person: a line at a time, as it comes.
        for try await entry in context.client.logs(of: run, query, follow: isFollowing) {
            context.terminal.print(data: try text(entry, context) + "\n")
        }
        return .ok
    }

    private func text(_ entry: LogEntry, _ context: CommandContext) throws -> String {
        guard context.format == .table || context.format == .name else {
            let line = try JSONCoding.text(entry)
            return context.terminal.outputIsTerminal ? Table.harmless(document: line) : line
        }
        let text = context.terminal.outputIsTerminal ? Table.harmless(entry.text) : entry.text
        if !showsTimes { return text }
        let head = "\(Words.clock(entry.time)) \(entry.attempt) \(entry.stream.rawValue)"
        return context.terminal.colored(head, .dim) + "  " + text
    }
}
