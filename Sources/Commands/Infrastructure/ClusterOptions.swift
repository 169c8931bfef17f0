internal import CommandLineArguments
internal import Kubernetes

/// Which cluster a command talks to, and as whom: as kubectl would, unless it is told otherwise.
struct ClusterOptions: Sendable {
    static let syntax: [OptionSyntax] = [
        .value("context", "NAME", "the context of the kubeconfig; by default its current one"),
        .value(
            "kubeconfig", "FILE", "the kubeconfig; by default KUBECONFIG, or ~/.kube/config",
            completion: .files),
    ]

    private let context: String?
    private let kubeconfig: String?

    init(_ invocation: Invocation) {
        context = invocation.value("context")
        kubeconfig = invocation.value("kubeconfig")
    }

    /// A client of the cluster; what a person should know about the connection is said.
    func client(_ command: CommandContext) throws(KubernetesError) -> KubernetesClient {
        KubernetesClient(try connection(command.environment), time: command.time) { warning in
            command.terminal.say("Warning: \(Table.harmless(warning))")
        }
    }

    private func connection(_ environment: [String: String]) throws(KubernetesError) -> ClusterConnection {
        if let kubeconfig { return try Kubeconfig(files: [kubeconfig]).connection(context: context) }
        if context == nil, environment["KUBECONFIG"] == nil, environment["KUBERNETES_SERVICE_HOST"] != nil {
            return try ClusterConnection.inCluster(environment: environment)
        }
        return try Kubeconfig.load(environment: environment).connection(context: context)
    }
}
