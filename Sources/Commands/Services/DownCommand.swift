internal import CommandLineArguments
internal import Deployment

/// `baictl down`: ends this machine's services.
struct DownCommand: Subcommand {
    static let syntax = CommandSyntax(
        ["down"], summary: "end the services on this machine",
        discussion: """
            Ends the services and the attempts that run, and returns when no process is left. Nothing is lost: what was
            submitted goes on with the next `baictl up`; an attempt that was cut short is made again.
            """)

    init(_ invocation: Invocation) {}

    func run(_ context: CommandContext) async throws -> ExitCode {
        let wasUp = context.stack.supervisorProcessID != nil
        context.terminal.progress("ending the services")
        let attempts = await context.stack.stop()
        context.terminal.endProgress()
        context.terminal.say(wasUp ? "The services are down." : "The services were not up.")
        if attempts > 0 {
            let what = attempts == 1 ? "One attempt was" : "\(attempts) attempts were"
            context.terminal.say("\(what) cut short, to be made again with the next `baictl up`.")
        }
        return .ok
    }
}
