internal import CommandLineArguments
internal import Deployment
internal import JSON
internal import MessageLog
internal import Runtime
internal import SQLiteLog

/// `baictl log check`: reads the whole message log and says what of it is damaged.
struct LogCheckCommand: Subcommand {
    static let syntax = CommandSyntax(
        ["log", "check"], summary: "read the whole message log and say what of it is damaged",
        discussion: """
            Verifies the checksum of every record, that none is missing, the structure of the file, and its write-ahead
            log where nobody has it open. Works with the services up or down and changes nothing. Where something is
            damaged the exit code is \(ExitCode.damaged.rawValue).
            """,
        options: [LogFileOption.option, LogFileOption.deadline],
        examples: ["baictl log check", "baictl log check -o json --file=log-backup.db"])

    private let file: LogFileOption

    init(_ invocation: Invocation) throws(UsageError) {
        file = try LogFileOption(invocation)
    }

    func run(_ context: CommandContext) async throws -> ExitCode {
        let path = file.path(context)
        var (report, lost) = (IntegrityReport(), LostRecords())
        report.isComplete = try await LogInspection(path, deadline: file.end).walk { finding in
            switch finding {
            case .records(let records):
                report.records += records.count
                if let last = records.last {
                    context.terminal.progress("\(last.position.partition): \(report.records) records read")
                }
            case .problem(let problem):
                lost.add(problem)
                if report.problems.count < IntegrityReport.mostProblems { report.problems.append(problem) }
            }
        }
        context.terminal.endProgress()
        try context.print(LogCheckCommand.listing(report.problems))
        context.terminal.say("\(path): \(report.records) records are sound\(lost.words).")
        return try file.exitCode(isComplete: report.isComplete, isSound: report.problems.isEmpty)
    }

    static func listing(_ problems: [LogProblem]) -> Listing {
        let rows = problems.map { problem in
            [
                Table.Cell(problem.partition?.topic ?? "-"),
                Table.Cell(problem.partition.map { "\($0.partition)" } ?? "-"),
                Table.Cell(problem.offset.map { "\($0)" } ?? "-"),
                Table.Cell(problem.lost.map { "\($0)" } ?? "-"), Table.Cell(problem.message),
            ]
        }
        let items = problems.map { problem in
            JSONValue.object([
                "topic": problem.partition.map { .string($0.topic) } ?? .null,
                "partition": problem.partition.map { .integer(Int64($0.partition)) } ?? .null,
                "offset": problem.offset.map { .integer($0) } ?? .null,
                "lost": problem.lost.map { .integer($0) } ?? .null, "message": .string(problem.message),
            ])
        }
        return Listing(
            items: items, names: problems.map { $0.partition?.description ?? "-" },
            table: Table(
                header: ["TOPIC", "PARTITION", "OFFSET", "LOST", "WHAT"], rows: rows, numbers: [1, 2, 3]),
            emptyNote: "Nothing is damaged.")
    }
}

/// Which file `baictl log` commands read, and for how long.
struct LogFileOption: Sendable {
    static let option = OptionSyntax.value(
        "file", "FILE", "another log than this installation's: a copy, a backup", completion: .files)
    static let deadline = OptionSyntax.value(
        "timeout", "DURATION", "end after this long, wherever it is (10m)")

    private let file: String?
    private let timeout: TimeSpan

    init(_ invocation: Invocation) throws(UsageError) {
        file = invocation.value("file")
        let text = invocation.value("timeout") ?? "10m"
        guard let timeout = TimeSpan(text) else {
            throw UsageError("--timeout is a duration such as 90s or 10m, not '\(text)'.")
        }
        self.timeout = timeout
    }

    func path(_ context: CommandContext) -> String { file ?? context.installation.logFile }

    var end: ContinuousClock.Instant { .now + timeout.duration }

    /// What a walk's end comes to.
    ///
    /// - Throws: `timedOut` where the deadline came first and nothing bad had been found until then.
    func exitCode(isComplete: Bool, isSound: Bool) throws(CommandFailure) -> ExitCode {
        if !isSound { return .damaged }
        if isComplete { return .ok }
        throw CommandFailure(
            .timedOut, "Not everything was read within \(timeout). Allow it more with --timeout.")
    }
}

/// How many records a damage has cost, in words.
struct LostRecords: Sendable {
    private var known: Int64 = 0
    private var isMore = false

    mutating func add(_ problem: LogProblem) {
        known += problem.lost ?? 0
        if problem.lost == nil { isMore = true }
    }

    /// `, 3 are lost`; nothing where nothing is.
    var words: String {
        switch (known, isMore) {
        case (0, false): ""
        case (0, true): ", how many are lost is not known"
        case (_, false): ", \(known) are lost"
        case (_, true): ", \(known) are lost and how many more is not known"
        }
    }
}
