internal import Events
internal import JobRunner
internal import KubernetesObjects
internal import Runtime

/// What is seen of one attempt's objects, and what follows from it: a pure function of what was seen.
struct AttemptView: Equatable, Sendable {
    /// By name.
    var jobs: [String: JobView] = [:]
    var pods: [String: PodView] = [:]
    /// Why the job controller could not make pods, in its words.
    var refusal: String?
    /// The server itself was asked: there is no object that could decide.
    var isProvenAbsent = false
    /// The server itself was asked for the pods: there are no others than those here.
    var arePodsProven = false

    /// Whether nothing of the attempt is left.
    var isEmpty: Bool { jobs.values.allSatisfy(\.isGone) && pods.values.allSatisfy(\.isGone) }

    /// What decides how the attempt ended.
    var decisive: JobView? { jobs.values.first(where: \.isDecisive) }

    /// The pods whose exits decide, by rank. MPI's workers only serve their launcher.
    var judged: [PodView] {
        pods.values.filter { ![.server, .worker].contains($0.role) }
            .sorted { ($0.rank, $0.name) < ($1.rank, $1.name) }
    }

    var servers: [PodView] { pods.values.filter { $0.role == .server } }

    /// Whether the server has to be asked before anything can be said: watches of different kinds are not ordered among each other.
    var needsProof: Bool {
        guard let job = decisive else { return !isProvenAbsent }
        return job.end != nil && judged.count < job.counted && !arePodsProven
    }

    /// What is to be told of the attempt; nil as long as that is not known.
    func observation(now: Timestamp) -> JobObservation? {
        if needsProof { return nil }
        guard let job = decisive else {
            return .finished(AttemptVerdict.deleted(nil).outcome(of: self, at: now))
        }
        if job.neverStarted != nil || isOver(job) {
            return .finished(AttemptVerdict(of: self, job).outcome(of: self, at: now))
        }
        if let verdict = AttemptVerdict(hopeless: self) ?? AttemptVerdict(endOfServer: self) {
            return .finished(verdict.outcome(of: self, at: now))
        }
        if let since = running(job) { return .running(since: since) }
        let (reason, message) = AttemptWaiting.reason(of: self, job)
        return .pending(reason, message)
    }

    /// Whether nothing of the attempt runs any more, and nothing will.
    private func isOver(_ job: JobView) -> Bool {
        let pods = judged
        guard pods.allSatisfy({ $0.isOver || $0.isLost }) else { return false }
        let isDone = !pods.isEmpty && pods.count >= job.size
        return isDone || job.end != nil || job.isGone || (job.stopped != nil && job.isSuspended)
    }

    /// When the last of the benchmark's processes began; nil before that.
    private func running(_ job: JobView) -> Timestamp? {
        let pods = judged
        let starts = pods.compactMap { $0.main?.started }
        return pods.count >= job.size && starts.count == pods.count ? starts.max() : nil
    }
}

extension PodView {
    /// Nobody will hear how it ends: it was taken away, and its node says nothing.
    var isLost: Bool { isNodeSilent && (disruption != nil || deletion != nil) }
}

/// Why an attempt does not run yet.
enum AttemptWaiting {
    /// What a container says on its way to running.
    private static let usual: Set<String> = ["", "ContainerCreating", "PodInitializing"]

    static func reason(of view: AttemptView, _ job: JobView) -> (Reason, String) {
        let pods = view.judged + view.pods.values.filter { [.server, .worker].contains($0.role) }
        if let trouble = pods.lazy.compactMap(trouble).first { return trouble }
        if !pods.isEmpty {
            return (.starting, pods.lazy.compactMap(progress).first ?? "its pod is being set up")
        }
        if job.isSuspended { return (.suspended, "it waits in its queue on the cluster") }
        guard let refusal = view.refusal else { return (.starting, "its pods are being made") }
        let isQuota = refusal.contains("exceeded quota")
        return (isQuota ? .quotaExceeded : .failedCreate, "its pods cannot be made: \(refusal)")
    }

    /// What is in a pod's way, if it is not just slow.
    private static func trouble(_ pod: PodView) -> (Reason, String)? {
        if pod.isOver { return nil }
        if pod.node == nil, let words = pod.unschedulable { return (.unschedulable, words) }
        for container in pod.containers {
            guard case .waiting(let reason, let message) = container.state, !usual.contains(reason) else {
                continue
            }
            let words = message.isEmpty ? "" : ": \(message)"
            return (Reason(rawValue: reason), "\(pod.name), container \(container.name)\(words)")
        }
        return nil
    }

    /// What a pod is doing before its benchmark starts.
    private static func progress(_ pod: PodView) -> String? {
        let step = pod.containers.first { $0.isInit && $0.end == nil && $0.name != "collect" }
        guard let step, case .running = step.state else { return nil }
        switch step.name {
        case "pull": return "its data is being fetched"
        case "await": return "it waits for the server to be ready"
        case "barrier": return "it waits for the other pods"
        default: return "\(step.name) runs"
        }
    }
}
