internal import CommandLineArguments
internal import Descriptors
internal import Diagnostics
internal import JSON

/// `baictl validate`: checks descriptors. Needs no service.
struct ValidateCommand: Subcommand {
    static let syntax = CommandSyntax(
        ["validate"], aliases: [["validate", "benchmark"]],
        summary: "check descriptors and say everything that is wrong",
        discussion: """
            Finds every mistake in one pass, each with its place, what was expected, and what was probably meant. The
            same code checks what is submitted.
            """,
        options: [
            .value(
                "descriptor", short: "f", "FILE", "the descriptor; - reads standard input", isRepeated: true,
                completion: .files),
            .value("set", "KEY=VALUE", "override a key, as `run` does", isRepeated: true),
        ],
        arguments: [
            ArgumentSyntax("FILE", "descriptors", isOptional: true, isRepeated: true, completion: .files)
        ], examples: ["baictl validate descriptors/reference.toml", "baictl validate *.toml -o json"])

    private let files: [String]
    private let overrides: [String]

    init(_ invocation: Invocation) throws(UsageError) {
        files = invocation.values("descriptor") + (invocation.arguments["FILE"] ?? [])
        overrides = invocation.values("set")
        if files.isEmpty { throw UsageError("Which descriptor? Give FILE.", command: invocation.command) }
    }

    func run(_ context: CommandContext) async throws -> ExitCode {
        var isValid = true
        var all: [DescriptorProblem] = []
        for file in files {
            let source = try DescriptorSource.read(file)
            let reading = DescriptorReader.read(source.bytes, filename: source.name, overrides: overrides)
            if reading.descriptor == nil { isValid = false }
            all += reading.problems
            guard context.format == .table else { continue }
            for problem in reading.problems { context.terminal.print(data: problem.description + "\n\n") }
            context.terminal.say(reading.problems.summary(of: source.name))
        }
        if context.format != .table {
            try context.print(
                Listing(
                    items: try all.map { try JSONCoding.tree($0) }, names: all.map(\.code),
                    table: Table(header: [], rows: []), emptyNote: ""))
        }
        return isValid ? .ok : .usage
    }
}
