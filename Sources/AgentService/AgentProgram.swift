internal import JobRunner
@preconcurrency internal import Glibc
internal import Runtime

/// The program `bai-agent`, of which people need no more than to know that it is there: the executor starts it.
package enum AgentProgram {
    private static let help = """
        bai-agent stays beside a benchmark: it runs the command, collects what it prints and measures, and writes down how it ended.
        The services start it; there is nothing to do by hand.

        usage:
          bai-agent supervise FOLDER [--slot-descriptor N]   run the attempt that FOLDER/spec.json describes, once
          bai-agent exec …                                   how supervise starts a command
          bai-agent version

        """

    /// The exit code for arguments that make no sense.
    private static let usage: Int32 = 2

    /// Does what the arguments say. To be called on the program's first thread, before there is another.
    ///
    /// - Parameters:
    ///   - arguments: without the program's own name.
    ///   - host: asked for when it comes to supervising.
    /// - Returns: the exit code.
    package static func run(_ arguments: [String], host: () -> SupervisorHost) -> Int32 {
        switch arguments.first {
        case "exec": return ExecHelper.run(Array(arguments.dropFirst()))
        case "supervise": return supervise(Array(arguments.dropFirst()), host: host)
        case "version", "--version":
            print("bai-agent \(Version.current)")
            return 0
        case "help", "--help", "-h":
            print(help, terminator: "")
            return 0
        default:
            fputs(help, stderr)
            return usage
        }
    }

    private static func supervise(_ arguments: [String], host: () -> SupervisorHost) -> Int32 {
        switch (arguments.count, arguments.dropFirst().first) {
        case (1, nil): return Supervisor.run(AttemptFolder(arguments[0]), slot: nil, host: host())
        case (3, "--slot-descriptor"?):
            guard let slot = Int32(arguments[2]) else { fallthrough }
            return Supervisor.run(AttemptFolder(arguments[0]), slot: slot, host: host())
        default:
            fputs(help, stderr)
            return usage
        }
    }
}
