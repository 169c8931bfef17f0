internal import Descriptors
internal import Events
internal import FoundationEssentials
internal import JSON
package import JobRunner
internal import Kubernetes
internal import KubernetesObjects
internal import Runtime

extension KubernetesRunner {
    /// - Parameter slot: not used: the cluster gives its machines out.
    package func start(_ job: JobSpecification, in slot: Slot?) async throws(JobRunnerError) -> String {
        let attempt = AttemptReference(run: job.runID, number: job.attempt.number)
        do {
            try await start(attempt, try await rendered(job))
        } catch let error as JobRunnerError {
            throw error
        } catch let error as KubernetesError {
            throw JobRunnerError("start attempt \(attempt)", error)
        } catch {
            throw JobRunnerError(.startFailed, "cannot start attempt \(attempt): \(error)")
        }
        return attempt.description
    }

    package func isKnown(_ reference: String) async throws(JobRunnerError) -> Bool {
        let attempt = try AttemptReference(reference)
        do {
            let job = try await found(ClusterKind.job, names(of: attempt).base)
            if let job, belongs(job.metadata, to: attempt) { return true }
            guard let secret = try await secret(of: attempt) else { return false }
            if try await mpiJob(of: attempt) != nil { return true }
            return isForgotten(secret)
        } catch {
            throw JobRunnerError("look for attempt \(attempt)", error)
        }
    }

    // MARK: - What is to be made

    private func rendered(_ job: JobSpecification) async throws -> RenderedAttempt {
        var settings = settings
        settings.version = try await facts.version()
        let request = AttemptRequest(
            runID: job.runID, attempt: job.attempt, run: job.run, contents: job.contents, origin: job.origin,
            token: supplies.token(job.runID), secrets: try secrets(of: job.run.descriptor))
        do throws(RenderFailure) {
            return try AttemptRenderer(settings).render(request)
        } catch {
            throw JobRunnerError(error)
        }
    }

    /// The installation's secrets that the descriptor names.
    private func secrets(of descriptor: Descriptor) throws(JobRunnerError) -> [String: String] {
        let variables = Array(descriptor.env.vars.values) + Array((descriptor.server?.env.vars ?? [:]).values)
        var values: [String: String] = [:]
        for name in Set(variables.flatMap(SecretPlaceholder.names)) {
            do throws(SecretError) {
                values[name] = try supplies.secret(name)
            } catch {
                throw JobRunnerError(.secretUnavailable, error.message)
            }
        }
        return values
    }

    // MARK: - Making it

    private func start(_ attempt: AttemptReference, _ rendered: RenderedAttempt) async throws {
        if rendered.objects.contains(where: { $0.resourceType == ClusterKind.mpiJob }) {
            try await checkMPI(attempt)
        }
        var owner: LiveObject<JSONValue>?
        for object in rendered.objects {
            let place = try await place(object, of: attempt, ownedBy: owner)
            switch place {
            case .ours(let live, let isNew):
                if owner == nil {
                    owner = live
                    if !isNew, isForgotten(live) { return }
                }
            case .stopped:
                // What was made before the mark was found.
                try await clear(attempt)
                return
            }
        }
        guard rendered.objects.last?.resourceType == ClusterKind.mpiJob else { return }
        // Marks are Jobs: one that came while the MPIJob was made was not in its way.
        if let mark = try await mark(of: attempt) {
            try await end(ClusterKind.mpiJob, names(of: attempt).base, because: mark)
        }
    }

    /// MPIJobs are there only where somebody installed them.
    private func checkMPI(_ attempt: AttemptReference) async throws {
        guard try await facts.hasMPIJobs() else {
            throw JobRunnerError(
                .unsupported,
                "hardware.distributed.launcher: the cluster knows no MPIJob (kubeflow.org/v2beta1): install Kubeflow's MPI operator, or leave the launcher out"
            )
        }
        if let mark = try await mark(of: attempt) {
            throw JobRunnerError(Reason(rawValue: mark), "attempt \(attempt) was stopped before it started")
        }
    }

    private enum Placed {
        case ours(LiveObject<JSONValue>, isNew: Bool)
        /// Somebody has stopped the attempt: its mark has the name.
        case stopped
    }

    private func place(
        _ object: KubernetesObject, of attempt: AttemptReference, ownedBy owner: LiveObject<JSONValue>?
    ) async throws -> Placed {
        var object = object
        if let owner = owner?.metadata {
            object.metadata.ownerReferences = [
                OwnerReference(apiVersion: "v1", kind: "Secret", name: owner.name, uid: owner.uid)
            ]
        }
        let (live, isNew) = try await resources(object.resourceType).createOrGet(JSONCoding.tree(object))
        if isNew { return .ours(live, isNew: true) }
        if live.metadata.annotations[StopMark.neverStarted] != nil { return .stopped }
        let key = AttemptLabels.Key.digest
        guard belongs(live.metadata, to: attempt),
            live.metadata.annotations[key] == object.metadata.annotations?[key]
        else { throw KubernetesRunner.taken(object, live) }
        guard !live.metadata.isBeingDeleted else {
            throw JobRunnerError(
                .startFailed, "\(object.kind) \(live.metadata.name) is just being deleted", isTransient: true)
        }
        return .ours(live, isNew: false)
    }

    /// The name is another one's: says whose.
    private static func taken(
        _ object: KubernetesObject, _ live: LiveObject<JSONValue>
    ) -> JobRunnerError {
        let labels = live.metadata.labels
        let manager = live.tree["metadata"]?["managedFields"]?.array?.first?["manager"]?.string
        let owner =
            labels[AttemptLabels.Key.run].map {
                "run \($0), attempt \(labels[AttemptLabels.Key.attempt] ?? "?")"
            }
            ?? live.metadata.owners.first.map { "\($0.kind) \($0.name)" } ?? manager ?? "somebody else"
        return JobRunnerError(
            .alreadyExists,
            "there is a \(object.kind) \(live.metadata.name) already, of \(owner) and made from something else: it is not touched; delete it if nobody needs it"
        )
    }
}

// MARK: - Looking

extension KubernetesRunner {
    func resources(_ type: ResourceType) -> Kubernetes.Resources<JSONValue> {
        client.resources(type, in: settings.namespace)
    }

    func names(of attempt: AttemptReference) -> AttemptNames {
        AttemptNames(run: attempt.run, attempt: attempt.number)
    }

    /// Whether an object is one of the attempt's, by its labels.
    func belongs(_ metadata: Kubernetes.ObjectMetadata, to attempt: AttemptReference) -> Bool {
        AttemptKey(labels: metadata.labels) == AttemptKey(attempt)
            && metadata.labels[AttemptLabels.Key.managedBy] == AttemptLabels.product
    }

    /// The object of a name; nil where there is none.
    func found(
        _ type: ResourceType, _ name: String
    ) async throws(KubernetesError) -> LiveObject<JSONValue>? {
        do {
            return try await resources(type).get(name)
        } catch {
            guard error.code == .notFound else { throw error }
            return nil
        }
    }

    /// The attempt's Secret.
    func secret(of attempt: AttemptReference) async throws(KubernetesError) -> LiveObject<JSONValue>? {
        guard let secret = try await found(ClusterKind.secret, names(of: attempt).base),
            belongs(secret.metadata, to: attempt)
        else { return nil }
        return secret
    }

    /// The attempt's MPIJob, where the cluster knows such.
    func mpiJob(of attempt: AttemptReference) async throws(KubernetesError) -> LiveObject<JSONValue>? {
        guard try await facts.hasMPIJobs(),
            let job = try await found(ClusterKind.mpiJob, names(of: attempt).base),
            belongs(job.metadata, to: attempt)
        else { return nil }
        return job
    }

    /// Why the attempt was stopped before it was started; nil where it was not.
    func mark(of attempt: AttemptReference) async throws(KubernetesError) -> String? {
        guard let job = try await found(ClusterKind.job, names(of: attempt).base),
            belongs(job.metadata, to: attempt)
        else { return nil }
        return job.metadata.annotations[StopMark.neverStarted]
    }

    /// Whether an attempt with this Secret may have run to its end so long ago that the cluster has removed its Job since: it must not be made anew.
    func isForgotten(_ secret: LiveObject<JSONValue>) -> Bool {
        isOlder(secret, than: settings.keepsFinished.duration)
    }

    /// By the server's time of its making; one without is young.
    func isOlder(_ object: LiveObject<JSONValue>, than age: Duration) -> Bool {
        let created = object.metadata.created.flatMap(Timestamp.init(kubernetesTime:))
        return created.map { time.now - $0 > age } ?? false
    }
}
