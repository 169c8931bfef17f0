internal import Descriptors
internal import Events
internal import Runtime

/// One kind of pod of an attempt, in Kubernetes' words.
struct AttemptPod {
    let plan: PodPlan
    let request: AttemptRequest
    let settings: KubernetesSettings
    let names: AttemptNames
    let labels: AttemptLabels
    /// The words of the command.
    let words: [String]
    /// The pods that it belongs to, where there are several.
    var group: PodGroup?
    /// What a client waits for, and how it finds it.
    var awaited: PodOrder.Awaited?
    var awaitedVariables: [EnvironmentVariable] = []
    /// The server's ports and the probe that says it is ready.
    var server: Descriptor.ServerEnvironment?

    private var timing: AttemptTiming { AttemptTiming(request.run.descriptor.run) }
    private var security: ContainerSecurity { ContainerSecurity(settings) }
    private var resources: PodResources { PodResources(settings) }
    private var contents: [PlacedContent] { PlacedContent.all(plan.contents) }

    /// Whether the start barrier is a container: who starts the command itself waits right before that, with the image already there.
    private var hasBarrierContainer: Bool { group != nil && !plan.isWrapped }

    /// What a controller makes the pods from.
    var template: PodTemplate {
        var podLabels = labels.labels
        podLabels[AttemptLabels.Key.role] = plan.role.rawValue
        podLabels[AttemptLabels.Key.installation] = settings.installation
        if settings.isAlone, plan.role != .launcher { podLabels[AttemptLabels.Key.occupies] = "node" }
        var annotations = labels.annotations
        if !plan.isWrapped, plan.role != .worker {
            annotations[AttemptLabels.Key.output] = "container-log"
        }
        return PodTemplate(
            metadata: TemplateMetadata(
                labels: podLabels, annotations: annotations.isEmpty ? nil : annotations),
            spec: spec)
    }

    private var spec: PodSpec {
        let placement = Placement(request, settings)
        let hasSidecars = settings.version.hasSidecars
        return PodSpec(
            restartPolicy: "Never", activeDeadlineSeconds: timing.podDeadline,
            terminationGracePeriodSeconds: timing.grace, serviceAccountName: settings.serviceAccount,
            automountServiceAccountToken: false, enableServiceLinks: false,
            subdomain: plan.role == .rank ? names.base : nil,
            priorityClassName: settings.priorityClass,
            imagePullSecrets: settings.imagePullSecrets.isEmpty
                ? nil : settings.imagePullSecrets.map(LocalReference.init),
            nodeSelector: placement.nodeSelector(plan), affinity: placement.affinity(plan),
            tolerations: settings.tolerations.isEmpty ? nil : settings.tolerations,
            securityContext: security.pod,
            initContainers: [agent("pull", resources.initial(plan))] + (hasSidecars ? [sidecar] : [])
                + (awaited == nil ? [] : [agent("await", resources.initial(plan))])
                + (hasBarrierContainer ? [agent("barrier", resources.initial(plan))] : []),
            containers: [benchmark] + (hasSidecars ? [] : [sidecar]), volumes: volumes)
    }

    // MARK: - Containers

    private var benchmark: Container {
        Container(
            name: plan.role.container, image: plan.image, imagePullPolicy: settings.imagePullPolicy,
            command: plan.isWrapped ? AttemptPod.wrapper : workerCommand,
            args: plan.isWrapped ? words : words.isEmpty ? nil : words,
            workingDir: contents.contains { $0.content.role == .script } ? PodPath.scripts : nil,
            env: variables.list, ports: ports, resources: resources.benchmark(plan), volumeMounts: mounts,
            readinessProbe: server.map(Probe.init),
            securityContext: security.benchmark(isPrivileged: plan.isPrivileged),
            terminationMessagePolicy: "FallbackToLogsOnError")
    }

    /// The agent brings its own loader and libraries, so that it runs in every image. Its arguments end here: what follows is the benchmark's.
    private static let wrapper = [
        PodPath.loader, "--library-path", PodPath.libraries, PodPath.program, "wrap", "--",
    ]

    /// An MPI worker waits for ssh. Without root it needs a configuration of its own, which images for Kubeflow's operator have there.
    private var workerCommand: [String]? {
        guard plan.role == .worker, security.imposesUser else { return nil }
        return ["/usr/sbin/sshd", "-De", "-f", "/home/mpiuser/.sshd_config"]
    }

    private var variables: ContainerVariables {
        var system = SystemVariables.identity(request) + SystemVariables.reporting
        // A user that the image does not know has no home; images for MPI know theirs.
        if security.imposesUser, !plan.isPrivileged, ![.launcher, .worker].contains(plan.role) {
            system.append(.text("HOME", PodPath.home))
        }
        system += SystemVariables.data(contents) + (group?.variables ?? []) + awaitedVariables
        // What a matrix names like one of ours is the matrix's.
        let parameters = SystemVariables.parameters(request.run.parameters)
        let taken = Set(parameters.map(\.name))
        return ContainerVariables(
            system: system.filter { !taken.contains($0.name) } + parameters, own: plan.variables,
            secret: names.base)
    }

    private var ports: [ContainerPort]? {
        server.map { $0.ports.enumerated().map { ContainerPort(name: "port-\($0)", containerPort: $1) } }
    }

    /// A container of the agent's image that does `task`, runs to its end and is waited for.
    private func agent(_ task: String, _ resources: Resources) -> Container {
        Container(
            name: task, image: settings.agentImage, imagePullPolicy: settings.imagePullPolicy,
            command: ["bai-agent", task], env: agentVariables, resources: resources,
            volumeMounts: agentMounts, securityContext: security.agent)
    }

    /// Collects what the benchmark measures and prints, from before its start until all of it is delivered.
    private var sidecar: Container {
        var container = agent("collect", resources.sidecar)
        if settings.version.hasSidecars { container.restartPolicy = "Always" }
        return container
    }

    /// What only the pod itself knows.
    private var agentVariables: [EnvironmentVariable] {
        [.field("BAI_NODE", "spec.nodeName"), .field("BAI_POD", "metadata.name")]
            + (group == nil ? [] : [.field("BAI_NODE_RANK", PodGroup.index)])
    }

    // MARK: - Files

    private var mounts: [VolumeMount] {
        var mounts = [
            VolumeMount(name: "bai", mountPath: PodPath.root),
            VolumeMount(name: "bai", mountPath: PodPath.fifoFolder, subPath: PodPath.fifoPart),
            VolumeMount(name: "order", mountPath: AttemptPod.folder(PodPath.order), readOnly: true),
        ]
        if plan.extendedShm { mounts.append(VolumeMount(name: "shm", mountPath: PodPath.sharedMemory)) }
        mounts += contents.compactMap { placed in
            placed.path.map { VolumeMount(name: "bai", mountPath: $0, subPath: placed.place) }
        }
        return mounts
    }

    private var agentMounts: [VolumeMount] {
        var mounts = [
            VolumeMount(name: "bai", mountPath: PodPath.root),
            VolumeMount(name: "order", mountPath: AttemptPod.folder(PodPath.order), readOnly: true),
        ]
        if request.token != nil {
            mounts.append(
                VolumeMount(name: "token", mountPath: AttemptPod.folder(PodPath.token), readOnly: true))
        }
        return mounts
    }

    private var volumes: [Volume] {
        var items = [Volume.Item(key: AttemptSecret.orderKey(plan.role), path: "order.json")]
        if group != nil { items.append(Volume.Item(key: AttemptSecret.hostfile, path: "hostfile")) }
        var volumes = [
            Volume(name: "bai", emptyDir: Volume.EmptyDirectory()), secret("order", items),
        ]
        if request.token != nil {
            volumes.append(secret("token", [Volume.Item(key: AttemptSecret.token, path: "token")]))
        }
        if plan.extendedShm {
            // Its pages count as the container's memory: more than that could never be used.
            let size = Quantity.of(resources.memory(plan))
            volumes.append(
                Volume(name: "shm", emptyDir: Volume.EmptyDirectory(medium: "Memory", sizeLimit: size)))
        }
        return volumes
    }

    /// Readable by every user: the benchmark runs as one that only its image knows.
    private func secret(_ name: String, _ items: [Volume.Item]) -> Volume {
        Volume(
            name: name,
            secret: Volume.SecretFiles(secretName: names.base, defaultMode: 0o444, items: items))
    }

    private static func folder(_ path: String) -> String {
        String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)])
    }
}

extension AttemptPod {
    /// What the agent is told in this pod.
    var order: PodOrder {
        let run = request.run.descriptor.run
        let wantsData = !plan.contents.isEmpty
        var order = PodOrder(
            runID: request.runID, attempt: request.attempt, role: plan.role, client: request.client,
            parentID: request.parentID, contents: contents.map(\.order),
            objects: wantsData ? settings.objects ?? settings.server : nil, delivery: settings.delivery,
            server: settings.delivery == .api ? settings.server : nil, metrics: plan.metrics,
            isWrapped: plan.isWrapped, processes: plan.processes, timeout: run.timeout,
            silenceTimeout: run.silenceTimeout, gracePeriod: run.gracePeriod,
            collectTimeout: run.collectTimeout, limits: run.limits,
            logLimit: settings.logLimit, barrier: group?.barrier(timeout: run.readyTimeout),
            awaited: awaited)
        if !settings.watchesNeighbours { order.ignoresNeighbours = true }
        return order
    }
}

extension Probe {
    /// As the descriptor says; without one, a server that accepts connections is ready.
    init(_ server: Descriptor.ServerEnvironment) {
        guard let probe = server.readinessProbe else {
            self.init(
                tcpSocket: TCPSocket(port: server.ports.first ?? 80), periodSeconds: 1, timeoutSeconds: 1,
                successThreshold: 1, failureThreshold: 3)
            return
        }
        self.init(
            httpGet: HTTPGet(
                path: probe.path.hasPrefix("/") ? probe.path : "/\(probe.path)",
                port: probe.port ?? server.ports.first ?? 80, scheme: probe.scheme.rawValue.uppercased()),
            initialDelaySeconds: probe.initialDelaySeconds, periodSeconds: probe.periodSeconds,
            timeoutSeconds: probe.timeoutSeconds, successThreshold: probe.successThreshold,
            failureThreshold: probe.failureThreshold)
    }
}
