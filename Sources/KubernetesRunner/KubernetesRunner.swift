internal import Descriptors
internal import Events
package import JobRunner
package import Kubernetes
package import KubernetesObjects
package import Runtime

/// Runs attempts as Jobs of a Kubernetes cluster.
///
/// What must not happen twice is left to the cluster, which has every name once:
///
/// - Names follow from run and attempt, so that an attempt that is created again is found, not made.
/// - The attempt's Secret is made first and owns all others; without it no pod can start, and when it is deleted the cluster removes all the rest.
/// - The decisive object is made last. Who stops an attempt that was not started puts a mark in its place, under its name; whoever comes to start the
///   attempt finds the mark.
package final class KubernetesRunner: JobRunner {
    /// What the services ask of the cluster's API.
    package static let rights = AccessRight.used

    /// What an attempt needs beside its descriptor.
    package struct Supplies: Sendable {
        /// The value of one of the installation's secrets.
        package var secret: @Sendable (String) throws(SecretError) -> String
        /// What a run's pods show when they deliver; nil where they deliver nothing to the API.
        package var token: @Sendable (_ run: String) -> String?

        /// Publishes what pods print, where they cannot deliver by themselves; nil where this program does not watch.
        package var publish: PodRecords.Publish?

        package init(
            secret: @escaping @Sendable (String) throws(SecretError) -> String = { name throws(SecretError) in
                try SecretFolder.empty.value(of: name)
            }, token: @escaping @Sendable (String) -> String? = { _ in nil },
            publish: PodRecords.Publish? = nil
        ) {
            self.publish = publish
            self.secret = secret
            self.token = token
        }
    }

    package let name = "kubernetes"
    let client: KubernetesClient
    let settings: KubernetesSettings
    let supplies: Supplies
    let facts: ClusterFacts
    let time: any TimeSource
    let view: ClusterView
    private let records: PodRecords?

    /// - Parameters:
    ///   - patience: how long an object that should be there may take to be seen before the server is asked for it.
    ///   - backoff: between tries to watch.
    package init(
        _ client: KubernetesClient, settings: KubernetesSettings, supplies: Supplies = Supplies(),
        time: any TimeSource = SystemTime(), patience: Duration = .seconds(1),
        backoff: Backoff = Backoff(first: .milliseconds(800), most: .seconds(30)),
        output: StructuredLog = StructuredLog(service: "kubernetes")
    ) {
        self.client = client
        self.settings = settings
        self.supplies = supplies
        self.time = time
        facts = ClusterFacts(client)
        records = (settings.delivery == .log ? supplies.publish : nil).map {
            PodRecords(
                client, namespace: settings.namespace, time: time, output: output, publish: $0)
        }
        view = ClusterView(
            client, facts: facts, namespace: settings.namespace, installation: settings.installation,
            time: time,
            patience: patience, backoff: backoff, output: output)
    }

    package func reference(run: String, attempt: Int) -> String {
        AttemptReference(run: run, number: attempt).description
    }

    package func observe(_ reference: String) -> AsyncStream<JobObservation> {
        do throws(JobRunnerError) {
            let attempt = try AttemptReference(reference)
            let observations = view.observe(attempt)
            guard let records else { return observations }
            let view = view
            return records.holdingBack(observations, of: attempt) { view.pods(of: attempt) }
        } catch {
            let outcome = AttemptOutcome(
                status: .error, reason: error.reason, message: error.message, failure: .infrastructure,
                finished: time.now)
            return AsyncStream { continuation in
                continuation.yield(.finished(outcome))
                continuation.finish()
            }
        }
    }

    /// How often an end is looked for where nothing is watched.
    private static let looks = Backoff(first: .milliseconds(250), most: .seconds(10))

    /// Looks again and again, without a watch: whoever makes attempts needs this seldom, and no rights to watch.
    package func untilEnded(_ reference: String) async {
        var looks = 0
        while !Task.isCancelled {
            if let attempt = try? AttemptReference(reference), let seen = try? await snapshot(of: attempt),
                case .finished = seen.observation(now: time.now)
            {
                return
            }
            looks += 1
            // Cancelled while it sleeps: the loop looks.
            try? await time.sleep(for: KubernetesRunner.looks.delay(after: looks))
        }
    }

    /// An attempt as the server has it now.
    private func snapshot(of attempt: AttemptReference) async throws(KubernetesError) -> AttemptView {
        var seen = AttemptView()
        let key = AttemptKey(attempt)
        for object in try await resources(ClusterKind.job).list(key.selection).objects {
            if let job = JobView(object.tree) { seen.jobs[job.name] = job }
        }
        if seen.decisive == nil, let job = try await mpiJob(of: attempt) {
            seen.jobs[job.metadata.name] = JobView(job.tree)
        }
        for object in try await resources(ClusterKind.pod).list(key.selection).objects {
            if let pod = PodView(object.tree) { seen.pods[pod.name] = pod }
        }
        seen.isProvenAbsent = true
        seen.arePodsProven = true
        return seen
    }
}
