internal import CommandLineArguments

/// The way every command names a run: as an argument or, as Benchmark AI had it, with `--name`.
enum RunReference {
    static let argument = ArgumentSyntax(
        "RUN", "a run: its id, the beginning of it, or `latest`", isOptional: true,
        completion: .dynamic("list -o name"))
    static let option = OptionSyntax.value(
        "name", "RUN", "the run, as an option", completion: .dynamic("list -o name"))

    /// The run that was named.
    static func run(of invocation: Invocation) throws(UsageError) -> String {
        switch (invocation.argument("RUN"), invocation.value("name")) {
        case (let run?, nil), (nil, let run?): return run
        case (nil, nil):
            throw UsageError(
                "Which run? Give its id, the beginning of it, or `latest`.", command: invocation.command)
        case (_?, _?):
            throw UsageError("Name the run once: as RUN or with --name.", command: invocation.command)
        }
    }
}
