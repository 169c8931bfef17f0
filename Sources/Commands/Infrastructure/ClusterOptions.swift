internal import CommandLineArguments
internal import Deployment
internal import Kubernetes

/// Which cluster a command talks to, and as whom: as the services would, unless it is told otherwise.
struct ClusterOptions: Sendable {
    static let syntax: [OptionSyntax] = [
        .value(
            "context", "NAME", "the context of the kubeconfig; by default the settings', or its current one"),
        .value(
            "kubeconfig", "FILE", "the kubeconfig; by default the settings', KUBECONFIG, or ~/.kube/config",
            completion: .files),
    ]

    private let context: String?
    private let kubeconfig: String?

    init(_ invocation: Invocation) {
        context = invocation.value("context")
        kubeconfig = invocation.value("kubeconfig")
    }

    /// A client of the cluster; what a person should know about the connection is said.
    func client(_ command: CommandContext) throws -> KubernetesClient {
        KubernetesClient(try connection(command), time: command.time) { warning in
            command.terminal.say("Warning: \(Table.harmless(warning))")
        }
    }

    /// As the options say, else as the settings do for the services.
    private func connection(_ command: CommandContext) throws -> ClusterConnection {
        let environment = command.environment
        if let kubeconfig { return try Kubeconfig(files: [kubeconfig]).connection(context: context) }
        if let context { return try Kubeconfig.load(environment: environment).connection(context: context) }
        return try InstallationSettings.resolve(command.installation, environment: environment)
            .clusterConnection(environment: environment)
    }
}
