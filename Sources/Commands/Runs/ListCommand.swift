internal import API
internal import BFFClient
internal import CommandLineArguments
internal import Events
internal import Runtime

/// `baictl list`: the runs, newest first.
struct ListCommand: Subcommand {
    static let syntax = CommandSyntax(
        ["list", "benchmarks"], aliases: [["list"], ["list", "runs"], ["get", "benchmarks"]],
        summary: "list runs, newest first",
        options: [
            .value(
                "status", "STATUS", "only runs with this status; can be given more than once",
                choices: RunStatus.allCases.map(\.rawValue), isRepeated: true),
            .value("benchmark", "NAME", "only runs of this benchmark"),
            .value(
                "label", "KEY=VALUE", "only runs with this label; can be given more than once",
                isRepeated: true),
            .value("sweep", "ID", "only runs of this sweep"),
            .value("user", "NAME", "only runs that this user submitted"),
            .value("since", "AGE", "only runs submitted in the last AGE: 30m, 12h, 7d"),
            .value("limit", "N", "at most N runs (50)"), .flag("all", "all runs, however many"),
        ],
        examples: [
            "baictl list --status RUNNING", "baictl list --since 1d -o name | xargs -n1 baictl describe",
        ])

    private var query = RunQuery()
    private let since: Duration?
    private let limit: Int

    init(_ invocation: Invocation) throws(UsageError) {
        query.statuses = invocation.values("status").compactMap(RunStatus.init(rawValue:))
        query.name = invocation.value("benchmark")
        query.sweep = invocation.value("sweep")
        query.username = invocation.value("user")
        for label in invocation.values("label") {
            let parts = label.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else {
                throw UsageError("--label takes KEY=VALUE, not '\(label)'.", command: invocation.command)
            }
            query.labels[String(parts[0])] = String(parts[1])
        }
        since = try invocation.age("since")
        limit = invocation.has("all") ? .max : try invocation.integer("limit", atLeast: 1) ?? 50
    }

    func run(_ context: CommandContext) async throws -> ExitCode {
        var query = query
        query.since = since.map {
            Timestamp(milliseconds: context.time.now.milliseconds - $0.wholeMilliseconds)
        }
        let runs = try await context.all(upTo: limit) { [query] limit, cursor throws(BFFClientError) in
            var page = query
            page.limit = limit
            page.cursor = cursor
            return try await context.client.runs(page)
        }
        try context.print(try RunTable.listing(runs, now: context.time.now))
        return .ok
    }
}

extension Invocation {
    /// An option that takes an age: `90s`, `30m`, `12h`, `7d`.
    func age(_ option: String) throws(UsageError) -> Duration? {
        guard let text = value(option) else { return nil }
        let seconds: [Character: Int] = ["s": 1, "m": 60, "h": 3600, "d": 86400]
        guard let unit = text.last.flatMap({ seconds[$0] }), let number = Int(text.dropLast()), number > 0
        else {
            throw UsageError(
                "--\(option) takes an age such as 90s, 30m, 12h or 7d, not '\(text)'.", command: command)
        }
        return .seconds(number * unit)
    }
}
