internal import Deployment
internal import Kubernetes
internal import KubernetesObjects
internal import KubernetesRunner

/// What `baictl doctor --target=kubernetes` looks at: whether the cluster answers, and whether attempts can run there.
struct ClusterExamination {
    private typealias Finding = DoctorCommand.Finding

    private let options: ClusterOptions
    private let context: CommandContext

    init(_ options: ClusterOptions, _ context: CommandContext) {
        self.options = options
        self.context = context
    }

    /// Everything, or what comes before the first thing without which the rest cannot be asked.
    func findings() async -> [DoctorCommand.Finding] {
        let settings: KubernetesSettings
        do {
            settings = try InstallationSettings.resolve(
                context.installation, environment: context.environment
            )
            .kubernetes()
        } catch {
            return [
                Finding(subject: "settings", message: error.description, cure: "see `baictl config explain`")
            ]
        }
        let client: KubernetesClient
        do {
            client = try options.client(context)
        } catch {
            return [
                Finding(subject: "kubeconfig", message: "\(error)", cure: "see `kubectl config get-contexts`")
            ]
        }
        var findings = [Finding(subject: "cluster", message: client.connection.server)]
        do {
            findings.append(try await version(client))
            findings.append(try await namespace(client, settings))
            let hasLauncher = try await client.serves(ClusterExamination.launcher)
            findings += try await rights(client, settings, launcher: hasLauncher)
            findings.append(
                Finding(
                    subject: "mpi",
                    message: hasLauncher
                        ? "MPIJob v2beta1 is installed"
                        : "MPIJob is not installed: launcher = \"mpi\" cannot be used"))
        } catch {
            findings.append(
                Finding(
                    subject: "api server", message: error.message, cure: "check the context and the network"))
        }
        return findings
    }

    private func version(_ client: KubernetesClient) async throws(KubernetesError) -> Finding {
        let version = try await client.version()
        let isOld = version < ServerVersion(major: 1, minor: 27)
        return Finding(
            subject: "version",
            message:
                "Kubernetes \(version)\(version.hasNativeSidecars ? "" : ", without sidecars of its own")",
            cure: isOld ? "use 1.27 or later" : nil)
    }

    private func namespace(
        _ client: KubernetesClient, _ settings: KubernetesSettings
    ) async throws(KubernetesError) -> Finding {
        let type = ResourceType(kind: "Namespace", plural: "namespaces", isNamespaced: false)
        do {
            let found = try await client.resources(type).get(settings.namespace)
            let level = found.metadata.labels["pod-security.kubernetes.io/enforce"] ?? "not enforced"
            return Finding(subject: "namespace", message: "\(settings.namespace), pod security \(level)")
        } catch {
            switch error.code {
            case .notFound:
                return Finding(
                    subject: "namespace", message: "\(settings.namespace) is not there",
                    cure:
                        "make it with `baictl create infra --target=kubernetes`, or set kubernetes.namespace")
            case .forbidden:
                // Services need not see namespaces, only what is in theirs.
                return Finding(
                    subject: "namespace", message: "\(settings.namespace), which we may not look at")
            default: throw error
            }
        }
    }

    /// One finding for each kind that attempts are made of.
    private func rights(
        _ client: KubernetesClient, _ settings: KubernetesSettings, launcher: Bool
    ) async throws(KubernetesError) -> [Finding] {
        var findings: [Finding] = []
        for right in ClusterRight.needed(launcher: launcher) {
            var missing: [String] = []
            for verb in right.verbs
            where try await !client.allows(
                verb, right.type, subresource: right.subresource, in: settings.namespace)
            {
                missing.append(verb)
            }
            findings.append(
                Finding(
                    subject: "rights",
                    message: missing.isEmpty
                        ? "\(right.resource): \(right.verbs.joined(separator: ", "))"
                        : "\(right.resource): not allowed to \(missing.joined(separator: ", "))",
                    cure: missing.isEmpty
                        ? nil : "grant it with a Role, as infra/kubernetes/base/access.yaml does"))
        }
        return findings
    }

    private static let launcher = ResourceType(
        group: "kubeflow.org", version: "v2beta1", kind: "MPIJob", plural: "mpijobs")
}

/// What the services need of a cluster's API for one kind.
private struct ClusterRight {
    var type: ResourceType
    var subresource: String
    var verbs: [String]

    /// As rules of access name it: `pods/log`.
    var resource: String { subresource.isEmpty ? type.plural : "\(type.plural)/\(subresource)" }

    /// What executor and watcher use together, by kind.
    ///
    /// - Parameter launcher: whether the cluster has MPIJobs.
    static func needed(launcher: Bool) -> [ClusterRight] {
        let kinds = Dictionary(grouping: AccessRight.used) { [$0.group, $0.resource] }
        return kinds.sorted { $0.key.lexicographicallyPrecedes($1.key) }.compactMap { key, rights in
            let parts = key[1].split(separator: "/").map(String.init)
            guard launcher || key[0] != "kubeflow.org", let plural = parts.first else { return nil }
            return ClusterRight(
                type: ResourceType(group: key[0], kind: plural, plural: plural),
                subresource: parts.dropFirst().first ?? "",
                verbs: rights.reduce(into: Set<String>()) { $0.formUnion($1.verbs) }.sorted())
        }
    }
}
