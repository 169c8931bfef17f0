internal import API
internal import CommandLineArguments
internal import Deployment
internal import MessageLog

/// `baictl log skip`: goes on without a damaged record.
struct LogSkipCommand: Subcommand {
    static let syntax = CommandSyntax(
        ["log", "skip"], summary: "go on without a record of the message log that is damaged",
        discussion: """
            For when there is no backup to restore. A service that comes upon a damaged record leaves its partition alone
            and goes on with the others; this puts a mark in the record's place, so that every service passes over it. What
            can still be read of it becomes a dead letter, to be looked at with `baictl get deadletters`, and its run ends as
            an error if a service would have needed the record. A record that is sound is never touched. Works with the
            services up or down; keep a copy of the file first.
            """,
        options: [LogFileOption.option, .flag("yes", short: "y", "do not ask")],
        arguments: [
            ArgumentSyntax("POSITION", "the place that `baictl log check` names: TOPIC/PARTITION@OFFSET")
        ],
        examples: ["baictl log skip runs/2@41"])

    private let file: String?
    private let position: RecordPosition
    private let isSure: Bool

    init(_ invocation: Invocation) throws(UsageError) {
        let text = invocation.argument("POSITION") ?? ""
        guard let position = RecordPosition(text) else {
            throw UsageError(
                "'\(text)' is no place in the log, such as runs/2@41.", command: invocation.command)
        }
        self.position = position
        file = invocation.value("file")
        isSure = invocation.has("yes")
    }

    func run(_ context: CommandContext) async throws -> ExitCode {
        if !isSure, context.terminal.errorIsTerminal {
            context.terminal.say("Give up what is damaged at \(position)? Type yes:")
            guard readLine() == "yes" else { throw CommandFailure(.interrupted, "nothing was changed") }
        }
        let log = DamagedLog(
            path: file ?? context.installation.logFile, time: context.installation.time,
            username: context.requester.username)
        guard let outcome = try await log.skip(position) else {
            throw CommandFailure(.notFound, "Nothing is damaged at \(position); see `baictl log check`.")
        }
        let count = outcome.records == 1 ? "1 record" : "\(outcome.records) records"
        context.terminal.say("Passed over \(count) at \(position).")
        for run in outcome.endedRuns {
            context.terminal.say("Run \(run) ends as an error, unless it has ended.")
        }
        return .ok
    }
}

extension RecordPosition {
    /// Reads `runs/2@41`; nil for anything else.
    init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty else { return nil }
        let numbers = parts[1].split(separator: "@", omittingEmptySubsequences: false)
        guard numbers.count == 2, let partition = Int(numbers[0]), let offset = Int64(numbers[1]),
            partition >= 0,
            offset >= 0
        else { return nil }
        self.init(partition: TopicPartition(topic: String(parts[0]), partition: partition), offset: offset)
    }
}
