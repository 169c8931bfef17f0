package import Events
internal import JSON
package import JobRunner
internal import Kubernetes
internal import KubernetesObjects
internal import Runtime

extension KubernetesRunner {
    package func stop(
        _ reference: String, grace: Duration, reason: Reason
    ) async throws(JobRunnerError) {
        let attempt = try AttemptReference(reference)
        do {
            try await stop(attempt, because: reason.rawValue)
            if grace <= .zero { try await kill(attempt) }
        } catch let error as JobRunnerError {
            throw error
        } catch let error as KubernetesError {
            throw JobRunnerError("stop attempt \(attempt)", error)
        } catch {
            throw JobRunnerError(.internalError, "cannot stop attempt \(attempt): \(error)")
        }
    }

    package func clear(_ reference: String) async throws(JobRunnerError) {
        let attempt = try AttemptReference(reference)
        do {
            try await clear(attempt)
        } catch {
            throw JobRunnerError("remove what attempt \(attempt) has on the cluster", error)
        }
    }

    package func remove(run: String) async throws(JobRunnerError) {
        do {
            try await removeAll(of: run)
        } catch let error as JobRunnerError {
            throw error
        } catch let error as KubernetesError {
            throw JobRunnerError("remove run \(run)", error)
        } catch {
            throw JobRunnerError(.internalError, "cannot remove run \(run): \(error)")
        }
    }

    package func sweep() async throws(JobRunnerError) -> [AttemptReference] {
        do {
            return try await sweepSecrets()
        } catch {
            throw JobRunnerError("list what attempts have on the cluster", error)
        }
    }

    // MARK: - Stopping

    private func stop(_ attempt: AttemptReference, because reason: String) async throws {
        let name = names(of: attempt).base
        if let job = try await mpiJob(of: attempt), !isOver(job) {
            return try await end(ClusterKind.mpiJob, name, because: reason)
        }
        var job = try await found(ClusterKind.job, name)
        if job == nil {
            let mark = try StopMark.job(name, of: attempt, because: reason, settings)
            let (live, isNew) = try await resources(ClusterKind.job).createOrGet(mark)
            if isNew { return }
            job = live
        }
        guard let job, belongs(job.metadata, to: attempt) else {
            throw JobRunnerError(.alreadyExists, "there is a Job \(name) that is not attempt \(attempt)'s")
        }
        if isOver(job) { return }
        try await end(ClusterKind.job, name, because: reason)
    }

    /// Whether there is nothing to stop any more.
    private func isOver(_ job: LiveObject<JSONValue>) -> Bool {
        guard let view = JobView(job.tree) else { return false }
        return view.end != nil || view.stopped != nil || view.neverStarted != nil
    }

    /// Says why and ends it, in one change, so that whoever sees the end knows the reason: a Job by a deadline that has passed, which gives
    /// its pods their grace; an MPIJob, whose operator knows no such thing, by suspending it.
    func end(_ type: ResourceType, _ name: String, because reason: String) async throws(KubernetesError) {
        let end: JSONValue =
            type == ClusterKind.mpiJob ? ["runPolicy": ["suspend": true]] : ["activeDeadlineSeconds": 1]
        let change: JSONValue = [
            "metadata": ["annotations": [StopMark.stopped: .string(reason)]], "spec": end,
        ]
        do {
            _ = try await resources(type).patch(name, .merge(change))
        } catch {
            // Gone meanwhile: it has ended.
            guard error.code == .notFound else { throw error }
        }
    }

    /// Zero would only forget the pods, whatever runs on in them.
    private static let shortestGrace = 1

    private func kill(_ attempt: AttemptReference) async throws(KubernetesError) {
        let pods = resources(ClusterKind.pod)
        for pod in try await pods.list(AttemptKey(attempt).selection).objects {
            var options = DeletionOptions(uid: pod.metadata.uid)
            options.graceSeconds = KubernetesRunner.shortestGrace
            try await delete(pod, pods, options)
        }
    }

    // MARK: - Removing

    /// Deletes the attempt's Secret, and with it all that it owns: the cluster ends and removes the rest.
    func clear(_ attempt: AttemptReference) async throws(KubernetesError) {
        guard let secret = try await secret(of: attempt), !secret.metadata.isBeingDeleted else { return }
        try await delete(secret, resources(ClusterKind.secret))
    }

    private func removeAll(of run: String) async throws {
        let selection = Selection(labels: AttemptKey.selection(ofRun: run))
        let jobs = resources(ClusterKind.job)
        let decisive = try await jobs.list(selection).objects
        for job in decisive
        where !isOver(job) && JobView(job.tree)?.isDecisive == true && !job.metadata.isBeingDeleted {
            throw JobRunnerError(
                .internalError,
                "\(job.metadata.name) still runs: it cannot be removed before it has ended",
                isTransient: true)
        }
        let secrets = resources(ClusterKind.secret)
        for secret in try await secrets.list(selection).objects { try await delete(secret, secrets) }
        // Marks have no Secret.
        for job in decisive where job.metadata.owners.isEmpty { try await delete(job, jobs) }
    }

    /// How long a run is remembered by the services, and a day more.
    private static let oblivion = Duration.seconds(8 * 86_400)

    /// Whatever an attempt has, its Secret owns.
    private func sweepSecrets() async throws(KubernetesError) -> [AttemptReference] {
        // Others that share the namespace are known by another installation's name.
        let own = settings.installation.map { ",\(AttemptLabels.Key.installation)=\($0)" } ?? ""
        let selection = Selection(
            labels: "\(AttemptLabels.Key.managedBy)=\(AttemptLabels.product),\(AttemptLabels.Key.run)\(own)")
        var attempts: [AttemptReference] = []
        for secret in try await resources(ClusterKind.secret).list(selection).objects
        where !secret.metadata.isBeingDeleted {
            guard let key = AttemptKey(labels: secret.metadata.labels) else { continue }
            let run = secret.metadata.annotations[AttemptLabels.Key.run] ?? key.run
            let attempt = AttemptReference(run: run, number: key.attempt)
            if try await isOrphan(secret, attempt) {
                try await delete(secret, resources(ClusterKind.secret))
            } else {
                attempts.append(attempt)
            }
        }
        return attempts
    }

    /// Whether an attempt is so old that nobody remembers its run, and nothing of it runs.
    private func isOrphan(
        _ secret: LiveObject<JSONValue>, _ attempt: AttemptReference
    ) async throws(KubernetesError) -> Bool {
        guard isOlder(secret, than: KubernetesRunner.oblivion) else { return false }
        if let job = try await found(ClusterKind.job, names(of: attempt).base) { return isOver(job) }
        guard let job = try await mpiJob(of: attempt) else { return true }
        return isOver(job)
    }

    private func delete(
        _ object: LiveObject<JSONValue>, _ resources: Kubernetes.Resources<JSONValue>,
        _ options: DeletionOptions? = nil
    ) async throws(KubernetesError) {
        do {
            _ = try await resources.delete(
                object.metadata.name, options ?? DeletionOptions(uid: object.metadata.uid))
        } catch {
            // Another one has its name since: this one is gone.
            guard error.code == .conflict else { throw error }
        }
    }
}

extension StopMark {
    /// A Job that makes no pods, fails at once, and is removed by the cluster in time: all that it is for is its name.
    static func job(
        _ name: String, of attempt: AttemptReference, because reason: String, _ settings: KubernetesSettings
    ) throws -> JSONValue {
        let key = AttemptKey(attempt)
        var labels: JSONValue = [
            AttemptLabels.Key.name: .string(AttemptLabels.product),
            AttemptLabels.Key.managedBy: .string(AttemptLabels.product),
            AttemptLabels.Key.run: .string(key.run), AttemptLabels.Key.attempt: .string("\(key.attempt)"),
        ]
        labels[AttemptLabels.Key.installation] = settings.installation.map { .string($0) }
        return [
            "metadata": [
                "name": .string(name), "labels": labels,
                "annotations": [neverStarted: .string(reason), AttemptLabels.Key.run: .string(attempt.run)],
            ],
            "spec": [
                "parallelism": 0, "completions": 1, "backoffLimit": 0, "activeDeadlineSeconds": 1,
                "ttlSecondsAfterFinished": .integer(settings.keepsFinished.duration.components.seconds),
                "template": [
                    "spec": [
                        "restartPolicy": "Never",
                        "containers": [["name": "nothing", "image": .string(settings.agentImage)]],
                    ]
                ],
            ],
        ]
    }
}
