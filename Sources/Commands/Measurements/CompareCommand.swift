internal import API
internal import BFFClient
internal import CommandLineArguments
internal import Detection
internal import Events
internal import JSON

/// `baictl compare RUN RUN`: two runs, metric by metric.
struct CompareCommand: Subcommand {
    static let syntax = CommandSyntax(
        ["compare"], aliases: [["compare", "benchmarks"]], summary: "compare two runs, metric by metric",
        discussion: """
            For each metric that both runs have: the medians, their ratio with a 95 % interval, and whether the samples
            differ (Mann-Whitney). `better` and `worse` are said only where the interval leaves no doubt.
            """,
        arguments: [
            ArgumentSyntax("BASE", "the run to compare with", completion: .dynamic("list -o name")),
            ArgumentSyntax("RUN", "the run that is compared", completion: .dynamic("list -o name")),
        ], examples: ["baictl compare 4f2a91c0 latest"])

    private let base: String
    private let run: String

    init(_ invocation: Invocation) throws(UsageError) {
        guard let base = invocation.argument("BASE"), let run = invocation.argument("RUN") else {
            throw UsageError("Compare which runs? Give two.", command: invocation.command)
        }
        self.base = base
        self.run = run
    }

    func run(_ context: CommandContext) async throws -> ExitCode {
        async let baseMetrics = context.client.metrics(of: base)
        async let runMetrics = context.client.metrics(of: run)
        let (before, after) = try await (baseMetrics, runMetrics)
        let comparisons = RunComparison.compare(before.results, after.results)
        if comparisons.isEmpty {
            throw CommandFailure(
                .notFound,
                "The runs have no metric in common: \(Words.short(before.run)) has \(RunComparison.names(before.results)), "
                    + "\(Words.short(after.run)) has \(RunComparison.names(after.results)).")
        }
        try context.print(
            Listing(
                items: try comparisons.map { try JSONCoding.tree($0) }, names: comparisons.map(\.metric),
                table: RunComparison.table(comparisons), emptyNote: ""))
        if comparisons.contains(where: { !$0.isSameEnvironment }) {
            context.terminal.say("The runs had different environments: a difference may be the machine's.")
        }
        return .ok
    }
}
