internal import Descriptors
internal import Digests
internal import Events
internal import JSON
internal import Runtime

/// Turns an attempt into the Kubernetes objects that run it: a pure function of request and settings.
///
/// Everything is built as values and serialised by an encoder, so that no text of a user's can become anything but a text.
package struct AttemptRenderer: Sendable {
    package let settings: KubernetesSettings

    package init(_ settings: KubernetesSettings) { self.settings = settings }

    /// The objects of one attempt.
    ///
    /// - Throws: everything at once that the cluster or the installation would refuse.
    package func render(_ request: AttemptRequest) throws(RenderFailure) -> RenderedAttempt {
        let plans = AttemptRenderer.plans(request)
        let problems = RenderRules.problems(request, plans, settings)
        guard problems.isEmpty else { throw RenderFailure(problems: problems) }
        let attempt = try rendered(plans, request)
        try AttemptRenderer.check(attempt)
        return attempt
    }

    private func rendered(
        _ plans: [PodPlan], _ request: AttemptRequest
    ) throws(RenderFailure) -> RenderedAttempt {
        let descriptor = request.run.descriptor
        switch descriptor.hardware.strategy {
        case .singleNode: return single(try pod(plans[0], request))
        case .horovod, .distributed:
            let size = descriptor.hardware.distributed.numInstances
            if descriptor.hardware.distributed.launcher == .mpi {
                return mpi(launcher: try pod(plans[0], request), worker: try pod(plans[1], request), size)
            }
            return distributed(try pod(plans[0], request), size)
        case .inference:
            return inference(
                client: try pod(plans[0], request), server: try pod(plans[1], request),
                descriptor.server?.env)
        }
    }

    /// Refuses what the API server would: etcd takes 1.5 MiB at most, and a Secret no more than 1 MiB.
    private static func check(_ attempt: RenderedAttempt) throws(RenderFailure) {
        for object in attempt.objects {
            // What is built of texts and whole numbers is always JSON.
            let size = (try? JSONCoding.encode(object))?.count ?? 0
            guard size > 1 << 20 else { continue }
            throw RenderFailure(problems: [
                RenderProblem(
                    "descriptor", "its \(object.kind) would have \(size) bytes; Kubernetes takes 1 MiB")
            ])
        }
    }

    /// The kinds of pods of an attempt.
    private static func plans(_ request: AttemptRequest) -> [PodPlan] {
        let descriptor = request.run.descriptor
        switch descriptor.hardware.strategy {
        case .singleNode: return [PodPlan(.single, request)]
        case .horovod, .distributed:
            guard descriptor.hardware.distributed.launcher == .mpi else { return [PodPlan(.rank, request)] }
            var launcher = PodPlan(.launcher, request)
            launcher.contents.removeAll { $0.role != .script }
            var worker = PodPlan(.worker, request)
            worker.command = ""
            worker.arguments = ""
            // What ranks print is the launcher's output.
            worker.metrics = []
            return [launcher, worker]
        case .inference:
            // Reading a descriptor refuses inference without a server.
            return [PodPlan(.client, request)]
                + (descriptor.server.map { [PodPlan(server: $0, request)] } ?? [])
        }
    }

    private func pod(_ plan: PodPlan, _ request: AttemptRequest) throws(RenderFailure) -> AttemptPod {
        AttemptPod(
            plan: plan, request: request, settings: settings,
            names: AttemptNames(run: request.runID, attempt: request.attempt.number),
            labels: AttemptLabels(request), words: try plan.words())
    }

    // MARK: - Strategies

    private func single(_ pod: AttemptPod) -> RenderedAttempt {
        rendered([pod], [.job(job(pod, named: pod.names.base))])
    }

    private func distributed(_ pod: AttemptPod, _ size: Int) -> RenderedAttempt {
        var pod = pod
        let group = PodGroup(
            size: size, processes: pod.plan.slots, service: pod.names.base,
            namespace: settings.namespace)
        pod.group = group
        // Pods meet before they are ready.
        let service = ServiceSpec(
            clusterIP: "None", publishNotReadyAddresses: true, selector: selector(pod), ports: nil)
        return rendered(
            [pod],
            [
                .service(Service(metadata: metadata(pod, pod.names.base), spec: service)),
                .job(job(pod, named: pod.names.base)),
            ], hostfile: group.hostfile)
    }

    private func mpi(launcher: AttemptPod, worker: AttemptPod, _ size: Int) -> RenderedAttempt {
        let timing = AttemptTiming(launcher.request.run.descriptor.run)
        let slots = launcher.plan.slots
        let spec = MPIJobSpec(
            slotsPerWorker: slots,
            runPolicy: MPIJobSpec.RunPolicy(
                cleanPodPolicy: "Running", backoffLimit: 0, activeDeadlineSeconds: timing.jobDeadline,
                ttlSecondsAfterFinished: lifetime, suspend: settings.queue == nil ? nil : true),
            launcherCreationPolicy: "WaitForWorkersReady",
            sshAuthMountPath: settings.podSecurity == .restricted ? "/home/mpiuser/.ssh" : nil,
            mpiReplicaSpecs: MPIJobSpec.ReplicaSpecs(
                launcher: MPIJobSpec.ReplicaSpec(
                    replicas: 1, restartPolicy: "Never", template: launcher.template),
                worker: MPIJobSpec.ReplicaSpec(
                    replicas: size, restartPolicy: "Never", template: worker.template)))
        let job = MPIJob(metadata: metadata(launcher, launcher.names.base, isQueued: true), spec: spec)
        return rendered([launcher, worker], [.mpiJob(job)])
    }

    private func inference(
        client: AttemptPod, server: AttemptPod, _ environment: Descriptor.ServerEnvironment?
    ) -> RenderedAttempt {
        var client = client
        var server = server
        server.server = environment
        let ports = environment?.ports ?? []
        let name = server.names.server
        let host = "\(name).\(settings.namespace).svc"
        client.awaitedVariables = AttemptRenderer.variables(host: host, ports)
        client.awaited = environment.map { environment in
            PodOrder.Awaited(
                host: host, port: environment.readinessProbe?.port ?? ports.first ?? 80,
                path: environment.readinessProbe?.path, scheme: environment.readinessProbe?.scheme.rawValue,
                timeout: client.request.run.descriptor.run.readyTimeout)
        }
        // The probe's port may be one that clients do not use.
        let exposed = ports + (environment?.readinessProbe?.port.map { ports.contains($0) ? [] : [$0] } ?? [])
        let service = ServiceSpec(
            selector: selector(server),
            ports: exposed.enumerated().map { ServicePort(name: "port-\($0)", port: $1) })
        return rendered(
            [client, server],
            [
                .service(Service(metadata: metadata(server, name), spec: service)),
                .job(job(server, named: name)), .job(job(client, named: client.names.base)),
            ])
    }

    /// How the client finds the server.
    private static func variables(host: String, _ ports: [Int]) -> [EnvironmentVariable] {
        [.text("INFERENCE_SERVER_HOST", host)]
            + ports.prefix(1).map { .text("INFERENCE_SERVER_PORT", "\($0)") }
            + ports.enumerated().map { .text("INFERENCE_SERVER_PORT_\($0)", "\($1)") }
    }
}

// MARK: - Objects

extension AttemptRenderer {
    private var lifetime: Int { Int(settings.keepsFinished.duration.inSeconds) }

    /// The Secret first: pods cannot start without it.
    private func rendered(
        _ pods: [AttemptPod], _ objects: [KubernetesObject], hostfile: String? = nil
    ) -> RenderedAttempt {
        let first = pods[0]
        var files: [String: String] = [:]
        for pod in pods {
            // An order is always JSON: texts, numbers, and lists of them.
            files[AttemptSecret.orderKey(pod.plan.role)] = try? JSONCoding.text(pod.order)
        }
        files[AttemptSecret.hostfile] = hostfile
        files[AttemptSecret.token] = first.request.token
        for name in Set(pods.flatMap(\.plan.secrets)) {
            files[AttemptSecret.key(secret: name)] = first.request.secrets[name]
        }
        let secret = Secret(
            metadata: metadata(first, first.names.base), stringData: files, immutable: true)
        let judged = pods.map(\.plan.role).filter { $0 != .worker }
        return RenderedAttempt(
            objects: [.secret(secret)] + objects, decisive: first.names.base, judged: judged)
    }

    private func job(_ pod: AttemptPod, named name: String) -> Job {
        let size = pod.group?.size ?? 1
        return Job(
            metadata: metadata(pod, name, isQueued: true),
            spec: JobSpec(
                parallelism: size, completions: size,
                completionMode: pod.group == nil ? .nonIndexed : .indexed, backoffLimit: 0,
                activeDeadlineSeconds: AttemptTiming(pod.request.run.descriptor.run).jobDeadline,
                ttlSecondsAfterFinished: lifetime, podFailurePolicy: .neverReplace,
                podReplacementPolicy: settings.version.hasPodReplacementPolicy ? .failed : nil,
                // Kueue starts it when it is its turn.
                suspend: settings.queue == nil ? nil : true, template: pod.template))
    }

    private func metadata(_ pod: AttemptPod, _ name: String, isQueued: Bool = false) -> ObjectMetadata {
        var labels = pod.labels.labels
        labels[AttemptLabels.Key.installation] = settings.installation
        if isQueued, let queue = settings.queue { labels[AttemptLabels.Key.queue] = queue }
        var annotations = pod.labels.annotations
        annotations[AttemptLabels.Key.digest] = AttemptRenderer.digest(pod.request)
        return ObjectMetadata(
            name: name, namespace: settings.namespace, labels: labels, annotations: annotations)
    }

    private func selector(_ pod: AttemptPod) -> [String: String] {
        var labels = pod.labels.labels.filter {
            [AttemptLabels.Key.run, AttemptLabels.Key.attempt].contains($0.key)
        }
        labels[AttemptLabels.Key.role] = pod.plan.role.rawValue
        return labels
    }

    /// Of what was asked for, not of what became of it: the objects of an attempt that a service of an earlier version made, or with other settings, are
    /// still the attempt's. Token and secrets are left out: they may be issued anew.
    private static func digest(_ request: AttemptRequest) -> String {
        struct Asked: Encodable {
            var runID: String
            var attempt: Attempt
            var run: RunSubmitted
            var contents: [FetchedContent]
        }
        let asked = Asked(
            runID: request.runID, attempt: request.attempt, run: request.run, contents: request.contents)
        // A record that came from JSON can always be JSON again.
        return Digest.of((try? JSONCoding.encode(asked)) ?? []).hexadecimal
    }
}
