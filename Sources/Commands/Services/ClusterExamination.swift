internal import Deployment
internal import Kubernetes
internal import KubernetesObjects

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
                Finding(
                    subject: "kubeconfig", message: error.message, cure: "see `kubectl config get-contexts`")
            ]
        }
        var findings = [Finding(subject: "cluster", message: client.connection.server)]
        do {
            findings.append(try await version(client))
            findings.append(try await namespace(client, settings))
            findings += try await rights(client, settings)
            findings.append(try await launcher(client))
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
        _ client: KubernetesClient, _ settings: KubernetesSettings
    ) async throws(KubernetesError) -> [Finding] {
        var findings: [Finding] = []
        for right in ClusterRight.needed {
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

    private func launcher(_ client: KubernetesClient) async throws(KubernetesError) -> Finding {
        let type = ResourceType(group: "kubeflow.org", version: "v2beta1", kind: "MPIJob", plural: "mpijobs")
        let isThere = try await client.serves(type)
        return Finding(
            subject: "mpi",
            message: isThere
                ? "MPIJob v2beta1 is installed" : "MPIJob is not installed: launcher = \"mpi\" cannot be used"
        )
    }
}

/// What attempts need of a cluster's API.
private struct ClusterRight {
    var type: ResourceType
    var subresource = ""
    var verbs: [String]

    /// As rules of access name it: `pods/log`.
    var resource: String { subresource.isEmpty ? type.plural : "\(type.plural)/\(subresource)" }

    static let needed: [ClusterRight] = [
        ClusterRight(
            type: ResourceType(group: "batch", kind: "Job", plural: "jobs"),
            verbs: ["create", "get", "list", "watch", "delete"]),
        ClusterRight(
            type: ResourceType(kind: "Secret", plural: "secrets"), verbs: ["create", "get", "list", "delete"]),
        ClusterRight(type: ResourceType(kind: "Service", plural: "services"), verbs: ["create", "get"]),
        ClusterRight(type: ResourceType(kind: "Pod", plural: "pods"), verbs: ["list", "watch"]),
        ClusterRight(type: ResourceType(kind: "Pod", plural: "pods"), subresource: "log", verbs: ["get"]),
        ClusterRight(type: ResourceType(kind: "Event", plural: "events"), verbs: ["list", "watch"]),
    ]
}
