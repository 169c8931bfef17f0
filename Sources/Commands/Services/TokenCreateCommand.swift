internal import Access
internal import CommandLineArguments
internal import Deployment
internal import Glibc
internal import Runtime

/// `baictl token create`: lets somebody use the API over the network.
struct TokenCreateCommand: Subcommand {
    static let syntax = CommandSyntax(
        ["token", "create"], summary: "make a token with which somebody may use the API over the network",
        discussion: """
            Prints the token, once: what is kept is its digest, in the file that `api.tokens` names on the service's
            machine. To take a token away, remove its line there. Both count within a second.
            """,
        arguments: [ArgumentSyntax("NAME", "whose token it is: letters, digits and -_.@+")],
        examples: [
            "baictl token create ada",
            "BAI_TOKEN=$(baictl token create ci) baictl --server https://bai:8080 status",
        ])

    private let name: String

    init(_ invocation: Invocation) throws(UsageError) {
        name = invocation.argument("NAME") ?? ""
        guard UserTokens.isName(name) else {
            throw UsageError(
                "A user's name has letters, digits and -_.@+, at most 64, not '\(name)'.",
                command: invocation.command)
        }
    }

    func run(_ context: CommandContext) async throws -> ExitCode {
        guard !context.isRemote else {
            throw CommandFailure(
                .usage,
                "Tokens are made on the service's machine, where their digests are kept: leave --server out there."
            )
        }
        try context.installation.prepare()
        let settings = try InstallationSettings.resolve(
            context.installation, environment: context.environment)
        let path = settings.tokensFile(of: context.installation)
        let token = UserToken()
        try append(UserTokens.line(for: token, of: name), to: path)
        context.terminal.print(data: token.text + "\n")
        context.terminal.say("Give it to \(name): it is not shown again. Its digest is in \(path).")
        return .ok
    }

    /// Adds the line in one write, behind what others add at the same time, and on a line of its own.
    private func append(_ line: String, to path: String) throws {
        let lock = try FileLock.lock(path + ".lock")
        defer { withExtendedLifetime(lock) {} }
        let descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SystemError("open \(path)") }
        defer { close(descriptor) }
        var last: UInt8 = UInt8(ascii: "\n")
        let end = lseek(descriptor, 0, SEEK_END)
        if end > 0, pread(descriptor, &last, 1, end - 1) != 1 { throw SystemError("read \(path)") }
        let bytes = Array(((last == UInt8(ascii: "\n") ? "" : "\n") + line).utf8)
        guard write(descriptor, bytes, bytes.count) == bytes.count, fsync(descriptor) == 0 else {
            throw SystemError("write to \(path)")
        }
    }
}
