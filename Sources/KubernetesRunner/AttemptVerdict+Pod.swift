internal import Descriptors
internal import Events
internal import KubernetesObjects
internal import Runtime

// How one pod ended.
extension AttemptVerdict {
    /// Of a pod of which nothing runs any more.
    init(pod: PodView) {
        if let end = pod.main?.end, end.exitCode == 0 {
            self = .success
        } else if let taken = AttemptVerdict(takenAway: pod) {
            self = taken
        } else if let end = pod.main?.end {
            self.init(end, pod.main?.report)
        } else if let failed = AttemptVerdict(initialization: pod) {
            self = failed
        } else if pod.isGone || pod.reason.isEmpty {
            self = .deleted(pod)
        } else {
            // The kubelet's own words for what it did not let run: OutOfcpu, UnexpectedAdmissionError, NodeShutdown.
            self.init(.error, Reason(rawValue: pod.reason), pod.message, .infrastructure)
        }
        self.pod = pod
    }

    /// A pod that could not end by itself.
    private init?(takenAway pod: PodView) {
        let words = pod.disruption?.message ?? pod.message
        if pod.isNodeSilent || pod.disruption?.reason == "DeletionByPodGC" {
            let node = pod.node.map { " \($0)" } ?? ""
            self.init(.error, .nodeLost, "its node\(node) is lost: \(words)", .infrastructure)
        } else if pod.reason == "DeadlineExceeded" {
            self.init(
                .timedOut, .deadlineExceeded, "its pod ran longer than the cluster lets it: \(pod.message)",
                .benchmark)
        } else if pod.disruption?.reason.hasPrefix("Preemption") == true || pod.reason == "Preempting" {
            self.init(.error, .preempted, "it had to make room: \(words)", .infrastructure)
        } else if pod.disruption != nil || pod.reason == "Evicted" {
            self.init(.error, .evicted, "its node threw it out: \(words)", .infrastructure)
        } else {
            return nil
        }
    }

    private init(_ end: ContainerView.End, _ report: PodReport?) {
        let words = AttemptVerdict.lastLine(of: end.message)
        let tail = words.isEmpty ? "" : "; the last line of its log: \(words)"
        let number = end.signal ?? AttemptVerdict.signal(of: end.exitCode)
        if end.reason == "OOMKilled" {
            self.init(.failed, .outOfMemory, "it used more memory than hardware.memory allows", .benchmark)
        } else if let outcome = report?.outcome {
            // The agent knows best.
            self.init(outcome.status, outcome.reason, outcome.message, outcome.failure)
            signal = outcome.signal
        } else if ["StartError", "ContainerCannotRun"].contains(end.reason) {
            self.init(.error, .commandNotFound, "its command cannot be started: \(end.message)", .benchmark)
        } else if let number {
            self.init(.failed, .signaled, "ended by signal \(number)\(tail)", .benchmark)
            signal = number
        } else {
            self.init(.failed, .exitCode, "ended with exit code \(end.exitCode)\(tail)", .benchmark)
        }
        exitCode = report?.outcome.exitCode ?? end.exitCode
    }

    /// As shells and container runtimes count: 128 and the signal's number.
    private static func signal(of exitCode: Int) -> Int? {
        (129...159).contains(exitCode) ? exitCode - 128 : nil
    }

    /// One of the agent's containers did not do its part before the benchmark could start.
    private init?(initialization pod: PodView) {
        let failed = pod.containers.first { $0.isInit && ($0.end?.exitCode ?? 0) != 0 }
        guard let failed, let end = failed.end else { return nil }
        if let outcome = failed.report?.outcome {
            self.init(outcome.status, outcome.reason, outcome.message, outcome.failure)
        } else {
            let words = AttemptVerdict.lastLine(of: end.message)
            let isOfDescriptor = end.exitCode == Int(PodReport.ExitCode.descriptor)
            self.init(
                .error, .initFailed,
                "container \(failed.name) ended with exit code \(end.exitCode)\(words.isEmpty ? "" : ": \(words)")",
                isOfDescriptor ? .benchmark : .infrastructure)
        }
        exitCode = end.exitCode
    }

    static func lastLine(of text: String) -> String {
        let line = text.split(whereSeparator: \.isNewline).last { !$0.allSatisfy(\.isWhitespace) }
        return String((line ?? "").prefix(500))
    }
}
