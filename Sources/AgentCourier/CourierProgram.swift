package import AgentService
@preconcurrency internal import Glibc
internal import PodContract
internal import Runtime

/// The program `bai-courier`: what `bai-agent` does in a pod by HTTP. Nobody starts it but `bai-agent`, with its own arguments.
package enum CourierProgram {
    /// The exit code for arguments that make no sense.
    private static let usage: Int32 = 2

    /// Does what the arguments say. To be called on the program's first thread, before there is another.
    ///
    /// - Parameters:
    ///   - arguments: without the program's own name.
    ///   - host: asked for when they make sense.
    /// - Returns: the exit code.
    package static func run(_ arguments: [String], host: (PodFolders) -> PodHost) -> Int32 {
        guard let call = PodCall(arguments) else { return explain() }
        let host = host(call.folders)
        let installation = Installation(host)
        switch call.task {
        case "pull":
            return PodTasks.pull(host: host) { order throws(Refusal) in
                try ContentFetch(order, installation).run()
            }
        case "await":
            let readiness = Readiness()
            return PodTasks.await(host: host) { readiness.isReady($0) }
        case "collect":
            return Collect.run(host: host) { order in try APIReceiver(order, installation) }
        default: return explain()
        }
    }

    private static func explain() -> Int32 {
        fputs("bai-courier is started by bai-agent, in a pod; there is nothing to do by hand\n", stderr)
        return usage
    }
}
