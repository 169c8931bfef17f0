internal import CommandLineArguments

/// One command of `baictl`: one file each, with its options, its help and what it does.
protocol Subcommand: Sendable {
    /// What it understands.
    static var syntax: CommandSyntax { get }

    /// Checks what was given, before anything is done.
    init(_ invocation: Invocation) throws(UsageError)

    /// Does it. Data goes to standard output, everything else to standard error.
    func run(_ context: CommandContext) async throws -> ExitCode
}

/// Why a command ends early: what to print, and the exit code.
struct CommandFailure: Error, Equatable {
    var exitCode: ExitCode
    /// A sentence for people; with what to do.
    var message: String
    /// The stable code that `-o json` prints beside it.
    var code: String

    init(_ exitCode: ExitCode, _ message: String, code: String? = nil) {
        self.exitCode = exitCode
        self.message = message
        self.code = code ?? "\(exitCode)"
    }
}
