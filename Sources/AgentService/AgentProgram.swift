internal import JobRunner
@preconcurrency internal import Glibc
internal import PodContract
internal import Runtime

/// The program `bai-agent`, of which people need no more than to know that it is there: the executor starts it, and Kubernetes.
package enum AgentProgram {
    private static let help = """
        bai-agent stays beside a benchmark: it runs the command, collects what it prints and measures, and writes down how it ended.
        The services start it; there is nothing to do by hand.

        usage:
          bai-agent supervise FOLDER [--slot-descriptor N]   run the attempt that FOLDER/spec.json describes, once
          bai-agent exec …                                   how supervise and wrap start a command
          bai-agent version

        in a pod, whose containers share a folder (docs/kubernetes.md):
          bai-agent pull [PLACES]                            copy the agent, fetch data, models and scripts
          bai-agent await [PLACES]                           wait until the server is ready
          bai-agent barrier [PLACES]                         wait until all pods of the group are there
          bai-agent wrap [PLACES] -- COMMAND …               run the benchmark
          bai-agent collect [PLACES]                         deliver what the benchmark measures and prints

        places, for pods that are none:
          --root FOLDER              the shared folder, instead of /bai
          --termination-log FILE     where the last words go, instead of /dev/termination-log

        """

    /// The exit code for arguments that make no sense.
    private static let usage: Int32 = 2

    /// Does what the arguments say. To be called on the program's first thread, before there is another.
    ///
    /// - Parameters:
    ///   - arguments: without the program's own name.
    ///   - host: asked for when it comes to supervising.
    ///   - pod: asked for in a container.
    /// - Returns: the exit code.
    package static func run(
        _ arguments: [String], host: () -> SupervisorHost, pod: (PodFolders) -> PodHost
    ) -> Int32 {
        switch arguments.first {
        case "exec": return ExecHelper.run(Array(arguments.dropFirst()))
        case "supervise": return supervise(Array(arguments.dropFirst()), host: host)
        case "pull", "await", "barrier", "wrap", "collect": return inPod(arguments, pod)
        case "version", "--version":
            print("bai-agent \(Version.current)")
            return 0
        case "help", "--help", "-h":
            print(help, terminator: "")
            return 0
        default: return explain()
        }
    }

    private static func explain() -> Int32 {
        fputs(help, stderr)
        return usage
    }

    private static func supervise(_ arguments: [String], host: () -> SupervisorHost) -> Int32 {
        switch (arguments.count, arguments.dropFirst().first) {
        case (1, nil): return Supervisor.run(AttemptFolder(arguments[0]), slot: nil, host: host())
        case (3, "--slot-descriptor"?):
            guard let slot = Int32(arguments[2]) else { fallthrough }
            return Supervisor.run(AttemptFolder(arguments[0]), slot: slot, host: host())
        default: return explain()
        }
    }

    private static func inPod(_ arguments: [String], _ makeHost: (PodFolders) -> PodHost) -> Int32 {
        guard let call = PodCall(arguments) else { return explain() }
        let host = makeHost(call.folders)
        // An order that cannot be read is reported by whoever needs it.
        let order = try? call.folders.readOrder()
        switch call.task {
        case "wrap": return Wrap.run(call.command, host: host)
        case "barrier": return PodTasks.barrier(host: host)
        case "pull":
            let code = PodTasks.prepare(host: host)
            return code != 0 || order?.contents.isEmpty ?? true ? code : Courier.become(arguments)
        case "await" where order?.awaited?.path == nil: return PodTasks.await(host: host) { _ in false }
        case "collect" where order?.delivery == .log:
            return Collect.run(host: host) { _ in Collect.printing }
        default: return Courier.become(arguments)
        }
    }
}

/// The arguments with which a container calls the agent.
package struct PodCall: Equatable, Sendable {
    package var task: String
    package var folders: PodFolders
    /// The words behind `--`.
    package var command: [String]

    /// - Returns: nil when they make no sense.
    package init?(_ arguments: [String]) {
        guard let task = arguments.first else { return nil }
        var (root, terminationLog): (String?, String?)
        var rest = arguments.dropFirst()
        while let word = rest.popFirst(), word != "--" {
            guard let value = rest.popFirst() else { return nil }
            switch word {
            case "--root": root = value
            case "--termination-log": terminationLog = value
            default: return nil
            }
        }
        self.task = task
        command = Array(rest)
        let usual = PodFolders()
        folders = PodFolders(
            root: root ?? usual.root, terminationLog: terminationLog ?? usual.terminationLog)
    }
}

/// The program beside this one that speaks HTTP. It is another so that the one that is started twice for each attempt, and copied into each pod, need not load what that takes.
enum Courier {
    /// Goes on as that program, with the same arguments.
    ///
    /// - Returns: only when there is no such program.
    static func become(_ arguments: [String]) -> Int32 {
        let own = PodHost.ownFile
        let program = own.prefix(upTo: own.lastIndex(of: "/") ?? own.startIndex) + "/bai-courier"
        let words = ([String(program)] + arguments).map { strdup($0) } + [nil]
        execv(String(program), words)
        fputs("bai-agent: \(SystemError("start \(program)"))\n", stderr)
        return PodReport.ExitCode.infrastructure
    }
}
