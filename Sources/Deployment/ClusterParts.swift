internal import Access
package import Configuration
package import Events
package import JobRunner
package import Kubernetes
internal import KubernetesObjects
internal import KubernetesRunner
internal import MessageLog
package import ObjectStore
internal import Runtime

/// Where attempts run, and how the cluster is reached.
extension InstallationSettings {
    /// What runs attempts.
    package enum RunnerKind: String, CaseIterable, Sendable {
        /// Processes of this machine.
        case local
        /// Jobs of a cluster.
        case kubernetes
    }

    package static let runner = Setting<String>.choice(
        "runner.kind", of: RunnerKind.allCases.map(\.rawValue), default: RunnerKind.local.rawValue,
        "Where attempts run: as processes of this machine (local), or as Jobs of a cluster (kubernetes).")
    package static let kubeconfig = Setting<String?>.optionalPath(
        "kubernetes.kubeconfig", fallbackText: "in a cluster its own, else KUBECONFIG or ~/.kube/config",
        "The file that says how to reach the cluster.")
    package static let context = Setting<String?>.optionalString(
        "kubernetes.context", fallbackText: "the kubeconfig's current one", "The context of the kubeconfig.")
    package static let attempts = Setting<Int>.integer(
        "kubernetes.attempts", in: 1...100_000, default: 1000,
        "How many runs may have objects on the cluster at a time; the others wait here.")

    static let clusterDeclarations: [SettingDeclaration] = [
        runner.declaration, kubeconfig.declaration, context.declaration, attempts.declaration,
    ]
}

extension InstallationSettings.Resolved {
    /// What runs attempts.
    package var runner: InstallationSettings.RunnerKind {
        InstallationSettings.RunnerKind(rawValue: settings[InstallationSettings.runner]) ?? .local
    }

    /// How the cluster is reached: by the kubeconfig or the context that the settings name, by the pod's own account in a cluster, else as kubectl would.
    package func clusterConnection(
        environment: [String: String]
    ) throws(KubernetesError) -> ClusterConnection {
        let context = settings[InstallationSettings.context]
        if let path = settings[InstallationSettings.kubeconfig] {
            return try Kubeconfig(files: [path]).connection(context: context)
        }
        if context == nil, environment["KUBECONFIG"] == nil, environment["KUBERNETES_SERVICE_HOST"] != nil {
            return try ClusterConnection.inCluster(environment: environment)
        }
        return try Kubeconfig.load(environment: environment).connection(context: context)
    }
}

extension ServiceContext {
    /// What runs attempts, as the settings want it.
    ///
    /// - Throws: when a cluster is wanted and the settings do not say how it is reached.
    package func makeRunner() throws -> any JobRunner {
        switch settings.runner {
        case .local: localRunner
        case .kubernetes: try clusterRunner()
        }
    }

    private func clusterRunner() throws -> KubernetesRunner {
        var cluster = try settings.kubernetes()
        cluster.installation = try installation.identity()
        let connection = try settings.clusterConnection(environment: environment)
        let output = output
        let client = KubernetesClient(connection, time: time) {
            output.warning("the cluster says", ["warning": $0])
        }
        let folder = secrets
        let key = try installationKey()
        let log = log
        let supplies = KubernetesRunner.Supplies(
            secret: { name throws(SecretError) in try folder.value(of: name) },
            token: { RunToken(run: $0, key: key).text },
            publish: { run, records in
                _ = try await log.publish(
                    records.map {
                        NewRecord(
                            topic: $0.topic.rawValue, key: run, headers: ["type": $0.event.type],
                            value: $0.text)
                    })
            })
        return KubernetesRunner(client, settings: cluster, supplies: supplies, time: time, output: output)
    }

    /// What attempts have to have to run.
    package var slotPool: any SlotPool {
        switch settings.runner {
        case .local: localSlots
        case .kubernetes: ClusterSlots()
        }
    }

    /// How many runs may be in the middle of their attempts.
    package var capacity: Int {
        switch settings.runner {
        case .local: slotCount
        case .kubernetes: settings.settings[InstallationSettings.attempts]
        }
    }

    /// Where fetched contents are for attempts: pods fetch them by themselves.
    package func locator(
        in store: any ObjectStore
    ) -> @Sendable ([FetchedContent]) async throws(JobRunnerError) -> [String: String] {
        switch settings.runner {
        case .local: LocalContents.locator(in: store)
        case .kubernetes: { _ async throws(JobRunnerError) in [:] }
        }
    }
}
