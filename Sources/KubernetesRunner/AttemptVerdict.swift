internal import Descriptors
internal import Events
internal import KubernetesObjects
internal import Runtime

/// How an attempt ended, and who is to blame.
struct AttemptVerdict: Equatable, Sendable {
    var status: RunStatus
    var reason: Reason
    var message: String
    var blame: FailureClass?
    var exitCode: Int?
    var signal: Int?
    /// The pod that decided, where one did.
    var pod: PodView?

    init(
        _ status: RunStatus, _ reason: Reason, _ message: String, _ blame: FailureClass?, pod: PodView? = nil
    ) {
        (self.status, self.reason, self.message, self.blame, self.pod) = (status, reason, message, blame, pod)
    }

    static let success = AttemptVerdict(.succeeded, .completed, "completed", nil)

    /// Somebody took it away before it had ended.
    static func deleted(_ pod: PodView?) -> AttemptVerdict {
        let what = pod.map { "its pod \($0.name)" } ?? "its Job"
        return AttemptVerdict(
            .error, .deleted, "\(what) is gone from the cluster, deleted before it had ended",
            .infrastructure, pod: pod)
    }

    private static let timeouts: Set<Reason> = [
        .runTimeout, .silenceTimeout, .totalTimeout, .readyTimeout, .queueTimeout,
    ]

    /// Of an attempt of which nothing runs any more.
    init(of view: AttemptView, _ job: JobView) {
        let verdicts = view.judged.map(AttemptVerdict.init(pod:))
        let failures = verdicts.filter { $0.status != .succeeded }
        if let reason = job.neverStarted {
            let isInterrupted = Reason(rawValue: reason) == .interrupted
            self.init(
                isInterrupted ? .error : .canceled, Reason(rawValue: reason), "stopped before it started",
                isInterrupted ? .infrastructure : nil)
        } else if !verdicts.isEmpty, failures.isEmpty, verdicts.count >= job.size {
            self = .success
            pod = view.judged.first
        } else if let stopped = job.stopped {
            self.init(stopped: Reason(rawValue: stopped), failures.first)
        } else if let first = AttemptVerdict.first(of: failures) {
            self = first
            if job.size > 1 { message = "rank \(first.pod?.rank ?? 0) failed first: \(message)" }
        } else {
            self.init(job: job)
        }
    }

    private init(stopped reason: Reason, _ failure: AttemptVerdict?) {
        let isTimeout = AttemptVerdict.timeouts.contains(reason)
        let hasRun = failure?.pod?.main?.started != nil
        self.init(
            reason == .interrupted ? .error : isTimeout ? .timedOut : .canceled, reason,
            hasRun ? "stopped while it ran" : "stopped before it ran",
            reason == .interrupted ? .infrastructure : isTimeout ? .benchmark : nil, pod: failure?.pod)
        (exitCode, signal) = (failure?.exitCode, failure?.signal)
    }

    /// The failure that made the others: those who were told to go went after it.
    private static func first(of failures: [AttemptVerdict]) -> AttemptVerdict? {
        failures.min { left, right in
            if left.isVictim != right.isVictim { return right.isVictim }
            let (one, other) = (left.time, right.time)
            if one != other { return (one?.milliseconds ?? .max) < (other?.milliseconds ?? .max) }
            return (left.pod?.rank ?? 0) < (right.pod?.rank ?? 0)
        }
    }

    /// Whether the job controller took it away because of another one.
    private var isVictim: Bool { pod?.deletion != nil && pod?.disruption == nil && pod?.isNodeSilent != true }

    /// When the first of its containers failed.
    private var time: Timestamp? {
        pod?.containers.compactMap(\.end).filter { $0.exitCode != 0 }.compactMap(\.finished).min()
    }

    /// Of a Job that says itself how it ended, with no pod that says more.
    private init(job: JobView) {
        guard let end = job.end else {
            self = .deleted(nil)
            return
        }
        if end.hasSucceeded {
            // Its pods are gone, deleted by somebody after they had ended.
            self = .success
        } else if end.reason == "DeadlineExceeded" {
            self.init(
                .timedOut, .deadlineExceeded, "the cluster ended it at the last deadline: \(end.message)",
                .infrastructure)
        } else {
            let words = [end.reason, end.message].filter { !$0.isEmpty }.joined(separator: ": ")
            self.init(.error, .vanished, "its Job failed, and no pod says why: \(words)", .infrastructure)
        }
    }

    /// A container that can never start: the kubelet would try for ever.
    init?(hopeless view: AttemptView) {
        let reasons: Set<Reason> = [.invalidImageName, .imageNeverPulled, .containerConfigError]
        for pod in view.pods.values.sorted(by: { $0.name < $1.name }) where !pod.isOver {
            for container in pod.containers {
                guard case .waiting(let reason, let message) = container.state,
                    reasons.contains(Reason(rawValue: reason))
                else { continue }
                // The installation's own image is not the team's doing.
                let isOfTeam = container.name == pod.role.container
                self.init(
                    .error, Reason(rawValue: reason), "\(pod.name), container \(container.name): \(message)",
                    isOfTeam ? .benchmark : .infrastructure, pod: pod)
                return
            }
        }
        return nil
    }

    /// A server that ended while its client still had something to ask.
    init?(endOfServer view: AttemptView) {
        guard let server = view.servers.first(where: { $0.isOver || $0.isLost }),
            view.judged.allSatisfy({ $0.main?.end == nil })
        else { return nil }
        let verdict = AttemptVerdict(pod: server)
        let isFine = verdict.status == .succeeded
        self.init(
            verdict.status == .error ? .error : .failed, .serverEnded,
            "the server ended before its client: \(isFine ? "with exit code 0" : verdict.message)",
            isFine ? .benchmark : verdict.blame, pod: server)
        (exitCode, signal) = (verdict.exitCode, verdict.signal)
    }
}
