internal import Configuration
internal import Diagnostics
package import KubernetesObjects
internal import Runtime

/// How attempts run on a cluster, as the settings want it: `[kubernetes]` of `bai.toml`.
extension InstallationSettings {
    private static let usual = KubernetesSettings()

    private enum Kubernetes {
        static let namespace = Setting<String>.string(
            "kubernetes.namespace", default: usual.namespace, "The namespace that benchmarks run in.")
        static let image = Setting<String>.string(
            "kubernetes.image", default: usual.agentImage, "The image with bai-agent.")
        static let pullPolicy = Setting<String>.choice(
            "kubernetes.image_pull_policy", of: ["default", "Always", "IfNotPresent", "Never"],
            default: "default", "When nodes pull images; default leaves it to Kubernetes.")
        static let pullSecrets = Setting<[String]>.list(
            "kubernetes.image_pull_secrets", "Secrets with the credentials of private registries.")
        static let serviceAccount = Setting<String>.string(
            "kubernetes.service_account", default: usual.serviceAccount,
            "What benchmarks run as. It needs no rights.")
        static let delivery = Setting<String>.choice(
            "kubernetes.delivery", of: KubernetesSettings.Delivery.allCases.map(\.rawValue),
            default: usual.delivery.rawValue,
            "How measurements come back: pods send them to the api, or print them to their log, where they cannot reach it."
        )
        static let server = Setting<String>.string(
            "kubernetes.server", default: "http://bai-bff.benchmark-ai.svc:8080",
            "The API as pods reach it.")
        static let objects = Setting<String?>.optionalString(
            "kubernetes.objects", fallbackText: "the API",
            "Where pods get datasets, models and scripts from.")
        static let podSecurity = Setting<String>.choice(
            "kubernetes.pod_security", of: KubernetesSettings.PodSecurity.allCases.map(\.rawValue),
            default: usual.podSecurity.rawValue,
            "The Pod Security Standard that benchmarks are held to. baseline lets them run as root.")
        static let userID = Setting<Int>.integer(
            "kubernetes.user_id", in: 1...Int(Int32.max), default: usual.userID,
            "The user that benchmarks run as where root is not allowed.")
        static let allowsPrivileged = Setting<Bool>.boolean(
            "kubernetes.allow_privileged", default: usual.allowsPrivileged,
            "Whether a descriptor may ask for a privileged container.")
        static let isAlone = Setting<Bool>.boolean(
            "kubernetes.one_per_node", default: usual.isAlone,
            "Whether a node runs one benchmark at a time. Neighbours disturb a measurement.")
        static let selectsInstanceType = Setting<Bool>.boolean(
            "kubernetes.select_instance_type", default: usual.selectsInstanceType,
            "Whether hardware.instance_type selects nodes; off where they have no such label.")
        static let selectsZone = Setting<Bool>.boolean(
            "kubernetes.select_zone", default: usual.selectsZone,
            "Whether descriptors select zones; off where nodes have none.")
        static let nodeSelector = Setting<[String]>.list(
            "kubernetes.node_selector", "Labels of the nodes for benchmarks: NAME=VALUE.")
        static let tolerations = Setting<[String]>.list(
            "kubernetes.tolerations",
            "Taints that benchmarks put up with: NAME[=VALUE][:EFFECT].")
        static let priorityClass = Setting<String?>.optionalString(
            "kubernetes.priority_class", "The PriorityClass of benchmarks.")
        static let queue = Setting<String?>.optionalString(
            "kubernetes.queue", "The queue of Kueue's that benchmarks wait in.")
        static let cpus = Setting<String>.string(
            "kubernetes.cpus", default: usual.cpus,
            "Cores of a container whose descriptor does not say: 2, 0.5 or 500m.")
        static let memory = Setting<ByteSize>.size(
            "kubernetes.memory", default: usual.memory,
            "Memory of a container whose descriptor does not say.")
        static let isGuaranteed = Setting<Bool>.boolean(
            "kubernetes.guaranteed", default: usual.isGuaranteed,
            "Whether what a container asks for is also the most that it gets.")
        static let gpuResource = Setting<String>.string(
            "kubernetes.gpu_resource", default: usual.gpuResource,
            "What GPUs are called by the cluster's device plugin.")
        static let keepsFinished = Setting<TimeSpan>.duration(
            "kubernetes.keep_finished", default: usual.keepsFinished,
            "How long the cluster keeps ended jobs that nobody deleted.")
        static let version = Setting<String>.string(
            "kubernetes.version", default: usual.version.description,
            "The cluster's version, where there is no cluster to ask.")
    }

    static let kubernetesDeclarations: [SettingDeclaration] = [
        Kubernetes.namespace.declaration, Kubernetes.image.declaration, Kubernetes.pullPolicy.declaration,
        Kubernetes.pullSecrets.declaration, Kubernetes.serviceAccount.declaration,
        Kubernetes.delivery.declaration,
        Kubernetes.server.declaration, Kubernetes.objects.declaration, Kubernetes.podSecurity.declaration,
        Kubernetes.userID.declaration, Kubernetes.allowsPrivileged.declaration,
        Kubernetes.isAlone.declaration,
        Kubernetes.selectsInstanceType.declaration, Kubernetes.selectsZone.declaration,
        Kubernetes.nodeSelector.declaration, Kubernetes.tolerations.declaration,
        Kubernetes.priorityClass.declaration, Kubernetes.queue.declaration, Kubernetes.cpus.declaration,
        Kubernetes.memory.declaration, Kubernetes.isGuaranteed.declaration,
        Kubernetes.gpuResource.declaration,
        Kubernetes.keepsFinished.declaration, Kubernetes.version.declaration,
    ]
}

extension InstallationSettings.Resolved {
    /// How attempts run on the cluster.
    ///
    /// - Throws: every setting of `[kubernetes]` that is not what Kubernetes understands.
    package func kubernetes() throws(InstallationSettings.Invalid) -> KubernetesSettings {
        typealias Key = InstallationSettings.Kubernetes
        var cluster = KubernetesSettings()
        cluster.namespace = settings[Key.namespace]
        cluster.agentImage = settings[Key.image]
        cluster.imagePullPolicy =
            settings[Key.pullPolicy] == "default" ? nil : settings[Key.pullPolicy]
        cluster.imagePullSecrets = settings[Key.pullSecrets]
        cluster.serviceAccount = settings[Key.serviceAccount]
        cluster.delivery = KubernetesSettings.Delivery(rawValue: settings[Key.delivery]) ?? .api
        cluster.server = settings[Key.server]
        cluster.objects = settings[Key.objects]
        cluster.podSecurity =
            KubernetesSettings.PodSecurity(rawValue: settings[Key.podSecurity]) ?? .restricted
        cluster.userID = settings[Key.userID]
        cluster.allowsPrivileged = settings[Key.allowsPrivileged]
        cluster.isAlone = settings[Key.isAlone]
        cluster.selectsInstanceType = settings[Key.selectsInstanceType]
        cluster.selectsZone = settings[Key.selectsZone]
        cluster.priorityClass = settings[Key.priorityClass]
        cluster.queue = settings[Key.queue]
        cluster.cpus = settings[Key.cpus]
        cluster.memory = settings[Key.memory]
        cluster.isGuaranteed = settings[Key.isGuaranteed]
        cluster.gpuResource = settings[Key.gpuResource]
        cluster.keepsFinished = settings[Key.keepsFinished]
        cluster.logLimit = settings[InstallationSettings.logLimit]
        cluster.watchesNeighbours = settings[InstallationSettings.watchesNeighbours]
        try readTexts(into: &cluster)
        return cluster
    }

    /// What has a form of its own.
    private func readTexts(into cluster: inout KubernetesSettings) throws(InstallationSettings.Invalid) {
        typealias Key = InstallationSettings.Kubernetes
        var problems: [Problem] = []
        for text in settings[Key.nodeSelector] {
            if let label = NodeLabelText(text) {
                cluster.nodeSelector[label.name] = label.value
            } else {
                problems.append(problem("kubernetes.node_selector", text, "NAME=VALUE, a label"))
            }
        }
        for text in settings[Key.tolerations] {
            if let toleration = Toleration(text) {
                cluster.tolerations.append(toleration)
            } else {
                problems.append(
                    problem(
                        "kubernetes.tolerations", text,
                        "NAME[=VALUE][:EFFECT], with NoSchedule, PreferNoSchedule or NoExecute"))
            }
        }
        if !Quantity.isCores(cluster.cpus) {
            problems.append(problem("kubernetes.cpus", cluster.cpus, "a number of cores: 2, 0.5 or 500m"))
        }
        if let version = ClusterVersion(settings[Key.version]), version >= ClusterVersion.oldest {
            cluster.version = version
        } else {
            problems.append(
                problem(
                    "kubernetes.version", settings[Key.version],
                    "a version such as 1.34; \(ClusterVersion.oldest) is the oldest"))
        }
        guard problems.isEmpty else { throw InstallationSettings.Invalid(problems: problems) }
    }

    private func problem(_ key: String, _ text: String, _ expected: String) -> Problem {
        Problem(
            code: "malformed_value", message: "\(key) is \(Excerpt.quote(text))", key: key,
            expected: expected)
    }
}
