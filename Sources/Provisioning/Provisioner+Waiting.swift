internal import JSON
internal import Kubernetes
internal import Runtime

extension Provisioner {
    /// How often the cluster is asked.
    private static let pause = Duration.milliseconds(250)

    /// Waits until every Deployment of `manifests` has all its pods ready.
    ///
    /// - Parameter progress: gets a line for people whenever it asks.
    package func waitUntilReady(
        _ manifests: [Manifest], within patience: Duration, progress: (String) -> Void = { _ in }
    ) async throws(ProvisioningError) {
        let deployments = manifests.filter { $0.kind == "Deployment" }
        let end = ContinuousClock.now + patience
        while true {
            var waiting: [String] = []
            for deployment in deployments where try await !isReady(deployment) {
                waiting.append(deployment.name)
            }
            if waiting.isEmpty { return }
            let count = "\(deployments.count - waiting.count) of \(deployments.count) ready"
            progress("\(count), waiting for \(waiting.joined(separator: ", "))")
            guard ContinuousClock.now < end else {
                let reasons = try await reasons(deployments)
                throw ProvisioningError(
                    .timedOut,
                    "Not ready within \(TimeSpan(patience)): \(waiting.joined(separator: ", "))."
                        + reasons.map { "\n  \($0)" }.joined())
            }
            try await pause()
        }
    }

    /// Waits until nothing of ours is left.
    package func waitUntilGone(
        within patience: Duration, progress: (String) -> Void = { _ in }
    ) async throws(ProvisioningError) {
        let end = ContinuousClock.now + patience
        while true {
            let left = try await found().filter(\.isOurs).map(\.manifest.label)
            if left.isEmpty { return }
            progress("waiting for \(left.count) object(s) to go: \(left.prefix(3).joined(separator: ", "))")
            guard ContinuousClock.now < end else {
                throw ProvisioningError(
                    .timedOut,
                    "Not gone within \(TimeSpan(patience)): \(left.joined(separator: ", ")). "
                        + "Finalizers or running pods hold them: see `kubectl describe`.")
            }
            try await pause()
        }
    }

    private func pause() async throws(ProvisioningError) {
        do {
            try await time.sleep(for: Provisioner.pause)
        } catch {
            throw ProvisioningError(.timedOut, "interrupted while waiting; the objects stay as they are")
        }
    }

    /// Whether the controller has seen the newest of it, and all its pods are that and ready.
    private func isReady(_ manifest: Manifest) async throws(ProvisioningError) -> Bool {
        do throws(KubernetesError) {
            let tree = try await client.resources(ProvisionedKind.deployment, in: manifest.namespace).get(
                manifest.name
            )
            .tree
            let number = { (value: JSONValue?) in value?.integer ?? 0 }
            let (spec, status) = (tree["spec"], tree["status"])
            let wanted = spec?["replicas"]?.integer ?? 1
            return number(status?["observedGeneration"]) >= number(tree["metadata"]?["generation"])
                && number(status?["updatedReplicas"]) >= wanted
                && number(status?["availableReplicas"]) >= wanted
                && number(status?["replicas"]) == wanted
        } catch {
            throw ProvisioningError(error)
        }
    }

    /// Why pods of ours do not run, as far as they say.
    private func reasons(_ deployments: [Manifest]) async throws(ProvisioningError) -> [String] {
        var reasons: [String] = []
        for namespace in Set(deployments.compactMap(\.namespace)).sorted() {
            do throws(KubernetesError) {
                let pods = try await client.resources(ProvisionedKind.pod, in: namespace).list().objects
                reasons += pods.compactMap { PodTrouble($0.tree)?.text }
            } catch {
                throw ProvisioningError(error)
            }
        }
        return reasons
    }
}

/// What keeps a pod from being ready.
private struct PodTrouble {
    var text: String

    init?(_ pod: JSONValue) {
        let name = pod["metadata"]?["name"]?.string ?? ""
        let conditions = pod["status"]?["conditions"]?.array ?? []
        if let words = conditions.first(where: { $0["reason"] == "Unschedulable" })?["message"]?.string {
            text = "\(name): \(words)"
            return
        }
        for status in pod["status"]?["containerStatuses"]?.array ?? [] {
            let state = status["state"]
            guard let trouble = state?["waiting"] ?? state?["terminated"] else { continue }
            let words = [trouble["reason"], trouble["message"]].compactMap { $0?.string }.joined(
                separator: ": ")
            text = "\(name): \(words)"
            return
        }
        return nil
    }
}
