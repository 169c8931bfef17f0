internal import BFFClient
internal import CommandLineArguments
internal import Deployment
internal import MessageLog
internal import Runtime

/// `baictl up`: starts this machine's services.
struct UpCommand: Subcommand {
    static let syntax = CommandSyntax(
        ["up"], summary: "start the services on this machine",
        discussion: """
            Starts the services in the background and returns when the API answers. They are started again when one
            ends, and stop with `baictl down`. When they run already nothing happens. Everything they keep is in one
            folder: $BAI_HOME, by default ~/.local/state/benchmark-ai.
            """,
        options: [.flag("foreground", "be the supervisor of the services, until SIGTERM")])

    private let isForeground: Bool

    init(_ invocation: Invocation) {
        isForeground = invocation.has("foreground")
    }

    func run(_ context: CommandContext) async throws -> ExitCode {
        if isForeground {
            let isOurs = try await context.stack.supervise(output: StructuredLog(service: "supervisor"))
            return isOurs ? .ok : .conflict
        }
        let wasUp = try await context.startServices()
        context.terminal.say(wasUp ? "The services are up already." : "The services are up.")
        return .ok
    }
}

extension CommandContext {
    /// How long the services may take until the API answers. Milliseconds are usual; a machine that is busy building takes seconds.
    private static let patience = Duration.seconds(30)

    /// After how long to look for a reason why they do not come up.
    private static let suspicion = Duration.seconds(2)

    /// Throws what no service gets past however often it is started again: a log that is damaged, or of another version.
    private func checkLogOpens() async throws {
        do {
            await (try ServiceProgram.openLog(installation)).close()
        } catch let error as MessageLogError where [.corrupt, .unsupportedVersion].contains(error.code) {
            _ = await stack.stop()
            throw error
        } catch {
            // Perhaps it passes: the services try on.
        }
    }

    /// Starts the local services unless they are up, and waits until the API answers.
    ///
    /// - Returns: whether they were up already.
    @discardableResult
    func startServices() async throws -> Bool {
        if stack.supervisorProcessID != nil, await answers() { return true }
        try stack.start(program: ProgramFolder.program("baictl"))
        let start = ContinuousClock.now
        var hasLooked = false
        while start.duration(to: .now) < CommandContext.patience {
            if await answers(), stack.states().allSatisfy({ $0.processID != nil }) { return false }
            if !hasLooked, start.duration(to: .now) > CommandContext.suspicion {
                hasLooked = true
                try await checkLogOpens()
            }
            terminal.progress("waiting for the services")
            try await Task.sleep(for: .milliseconds(10))
        }
        terminal.endProgress()
        throw CommandFailure(
            .unreachable,
            "The services did not come up within \(CommandContext.patience.inSeconds) s. "
                + "What they say is in \(installation.serviceLogs).")
    }

    /// For commands that a new user types first: has the services up, where they are ours to start.
    func ensureServices() async throws {
        guard isLocal, stack.supervisorProcessID == nil else { return }
        let wasUp = try await startServices()
        if !wasUp { terminal.say("Started the local services (`baictl down` ends them).") }
    }

    private func answers() async -> Bool {
        (try? await client.version()) != nil
    }
}
