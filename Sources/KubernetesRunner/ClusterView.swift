internal import Events
internal import JSON
internal import JobRunner
internal import Kubernetes
internal import KubernetesObjects
internal import Runtime

/// Watches a cluster for all attempts together: each kind once, from when the first one is observed.
final class ClusterView: Sendable {
    private let client: KubernetesClient
    private let facts: ClusterFacts
    private let namespace: String
    private let selection: Selection
    private let patience: Duration
    private let backoff: Backoff
    private let output: StructuredLog
    private let board: ClusterBoard
    private let watches = Locked<[Task<Void, Never>]?>(nil)

    init(
        _ client: KubernetesClient, facts: ClusterFacts, namespace: String, installation: String?,
        time: any TimeSource, patience: Duration, backoff: Backoff, output: StructuredLog
    ) {
        self.client = client
        self.facts = facts
        self.namespace = namespace
        self.patience = patience
        self.backoff = backoff
        self.output = output
        let own = installation.map { ",\(AttemptLabels.Key.installation)=\($0)" } ?? ""
        selection = Selection(
            labels: "\(AttemptLabels.Key.managedBy)=\(AttemptLabels.product),\(AttemptLabels.Key.run)\(own)")
        board = ClusterBoard(kinds: ["Job", "Pod"], time: time)
    }

    deinit { for watch in watches.withLock({ $0 ?? [] }) { watch.cancel() } }

    func observe(_ reference: AttemptReference) -> AsyncStream<JobObservation> {
        watches.withLock { watches in
            if watches == nil { watches = start() }
        }
        return board.observe(reference)
    }

    /// The pods of an attempt that are seen.
    func pods(of attempt: AttemptReference) -> [PodView] { board.pods(of: AttemptKey(attempt)) }

    // MARK: - Watching

    private func start() -> [Task<Void, Never>] {
        let events = Selection(fields: "involvedObject.kind=Job,reason=FailedCreate")
        let (board, client, facts, namespace) = (board, client, facts, namespace)
        let (selection, output, patience) = (selection, output, patience)
        let watch = ClusterWatch(
            client: client, namespace: namespace, backoff: backoff, board: board, output: output)
        let proof = ClusterProof(
            client: client, facts: facts, namespace: namespace, board: board, output: output)
        return [
            Task { await watch.follow(WatchedJob.self, selection) { board.take(job: $0) } },
            Task { await watch.follow(WatchedPod.self, selection) { board.take(pod: $0) } },
            Task { await watch.follow(WatchedEvent.self, events) { board.take(event: $0) } },
            Task {
                guard await watch.untilServed(facts) else { return }
                await watch.follow(WatchedMPIJob.self, selection) { board.take(job: $0) }
            },
            Task { await proof.keepAsking(after: patience) },
        ]
    }
}

/// Follows kinds for a board.
private struct ClusterWatch: Sendable {
    var client: KubernetesClient
    var namespace: String
    var backoff: Backoff
    var board: ClusterBoard
    var output: StructuredLog

    func follow<Kind: KubernetesResource>(
        _ kind: Kind.Type, _ selection: Selection, _ take: @escaping (CollectionChange<Kind>) -> Void
    ) async {
        let name = Kind.resourceType.kind
        let reflector = Reflector(
            client.resources(of: Kind.self, in: namespace), selection, backoff: backoff
        ) { error, wait in
            output.warning(
                "the cluster cannot be watched", ["kind": name, "error": error.message, "wait": "\(wait)"])
            if [.forbidden, .unauthorized].contains(error.code) {
                board.cannotSee(.accessDenied, error.message)
            }
        }
        // It ends only with this task: handling a change throws nothing.
        try? await reflector.run { change in
            if case .listed = change { board.listed(name) }
            take(change)
        }
    }

    /// Waits until MPIJobs are served.
    ///
    /// - Returns: false when the task was cancelled first.
    func untilServed(_ facts: ClusterFacts) async -> Bool {
        while !Task.isCancelled {
            // An error is no answer: it is asked again.
            if (try? await facts.hasMPIJobs()) == true { return true }
            try? await Task.sleep(for: .seconds(60))
        }
        return false
    }
}

extension ClusterBoard {
    fileprivate func take<Kind>(job change: CollectionChange<Kind>) {
        switch change {
        case .listed: break
        case .present(let object):
            guard let key = AttemptKey(labels: object.metadata.labels), let job = JobView(object.tree) else {
                return
            }
            self.change(key) { $0.jobs[job.name] = job }
        case .absent(let object, _):
            refuse(object.name, nil)
            guard let key = AttemptKey(labels: object.labels) else { return }
            self.change(key) { $0.lose(job: object.name, uid: object.uid) }
        }
    }

    fileprivate func take<Kind>(pod change: CollectionChange<Kind>) {
        switch change {
        case .listed: break
        case .present(let object):
            guard let key = AttemptKey(labels: object.metadata.labels), let pod = PodView(object.tree) else {
                return
            }
            self.change(key) { $0.pods[pod.name] = pod }
        case .absent(let object, let last):
            guard let key = AttemptKey(labels: object.labels) else { return }
            self.change(key) { $0.lose(pod: object.name, last: last.flatMap { PodView($0.tree) }) }
        }
    }

    fileprivate func take<Kind>(event change: CollectionChange<Kind>) {
        guard case .present(let event) = change, let name = event.tree["involvedObject"]?["name"]?.string,
            name.hasPrefix("bai-")
        else { return }
        refuse(name, event.tree["message"]?.string ?? "")
    }
}

extension AttemptView {
    mutating func lose(job name: String, uid: String) {
        guard jobs[name]?.uid == uid else { return }
        jobs[name]?.isGone = true
    }

    /// - Parameter last: the pod as it was when it went, where that was seen.
    mutating func lose(pod name: String, last: PodView?) {
        guard let known = last ?? pods[name] else { return }
        pods[name] = known
        pods[name]?.isGone = true
    }
}

/// Asks the server itself about attempts that the watches do not show, or not whole.
private struct ClusterProof: Sendable {
    var client: KubernetesClient
    var facts: ClusterFacts
    var namespace: String
    var board: ClusterBoard
    var output: StructuredLog

    private static let atOnce = 16

    func keepAsking(after patience: Duration) async {
        while !Task.isCancelled {
            try? await Task.sleep(for: max(patience / 2, .milliseconds(10)))
            let doubts = board.doubts(after: patience)
            await withTaskGroup(of: Void.self) { group in
                for (index, doubt) in doubts.enumerated() {
                    if index >= ClusterProof.atOnce { await group.next() }
                    group.addTask { await ask(doubt.reference) }
                }
            }
        }
    }

    private func ask(_ reference: AttemptReference) async {
        let key = AttemptKey(reference)
        do throws(KubernetesError) {
            let jobs = try await decisive(reference)
            let pods = try await client.resources(ClusterKind.pod, in: namespace).list(key.selection).objects
            board.change(key) { view in
                for job in jobs where view.jobs[job.name] == nil { view.jobs[job.name] = job }
                for pod in pods.compactMap({ PodView($0.tree) }) where view.pods[pod.name] == nil {
                    view.pods[pod.name] = pod
                }
                view.isProvenAbsent = jobs.isEmpty
                view.arePodsProven = true
            }
        } catch {
            // It stays in doubt and is asked for again.
            output.warning(
                "an attempt cannot be looked at", ["attempt": "\(reference)", "error": error.message])
        }
    }

    private func decisive(_ reference: AttemptReference) async throws(KubernetesError) -> [JobView] {
        let name = AttemptNames(run: reference.run, attempt: reference.number).base
        var types = [ClusterKind.job]
        if try await facts.hasMPIJobs() { types.append(ClusterKind.mpiJob) }
        for type in types {
            do {
                let object = try await client.resources(type, in: namespace).get(name)
                guard AttemptKey(labels: object.metadata.labels) == AttemptKey(reference) else { continue }
                return [JobView(object.tree)].compactMap { $0 }
            } catch {
                guard error.code == .notFound else { throw error }
            }
        }
        return []
    }
}
