internal import CommandLineArguments

/// `baictl completion`: what a shell needs to complete command lines.
struct CompletionCommand: Subcommand {
    static let syntax = CommandSyntax(
        ["completion"], summary: "print the completion script for a shell",
        arguments: [ArgumentSyntax("SHELL", "the shell", choices: ["bash", "zsh", "fish"])],
        examples: [
            "baictl completion bash > /etc/bash_completion.d/baictl", "baictl completion fish | source",
            "baictl completion zsh > \"${fpath[1]}/_baictl\"",
        ])

    private let shell: String

    init(_ invocation: Invocation) {
        shell = invocation.argument("SHELL") ?? "bash"
    }

    func run(_ context: CommandContext) async throws -> ExitCode {
        context.terminal.print(data: CompletionScript(parser: CommandLineTool.parser).text(for: shell))
        return .ok
    }
}
