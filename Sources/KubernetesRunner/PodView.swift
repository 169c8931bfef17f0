internal import Events
internal import JSON
internal import KubernetesObjects
internal import Runtime

/// What matters of a pod.
struct PodView: Equatable, Sendable {
    var name: String
    var uid: String
    var role: PodRole
    /// Which of its group's pods it is, from 0.
    var rank: Int
    var phase: String
    /// Why it failed as a whole: `Evicted`, `DeadlineExceeded`.
    var reason: String
    var message: String
    var node: String?
    /// When it was asked to go; then it has its grace.
    var deletion: Timestamp?
    /// The scheduler's words when it finds no node.
    var unschedulable: String?
    /// Why somebody takes it away (`DisruptionTarget`), and the words.
    var disruption: (reason: String, message: String)?
    /// Nobody hears of its node any more.
    var isNodeSilent: Bool
    /// In the order of the pod's own list, the init containers first.
    var containers: [ContainerView]
    /// It is not there any more.
    var isGone = false

    init?(_ object: JSONValue) {
        guard let metadata = object["metadata"], let name = metadata["name"]?.string,
            let role = metadata["labels"]?[AttemptLabels.Key.role]?.string.flatMap(PodRole.init)
        else { return nil }
        self.name = name
        self.role = role
        uid = metadata["uid"]?.string ?? ""
        rank = PodView.rank(metadata)
        deletion = metadata["deletionTimestamp"]?.time
        node = object["spec"]?["nodeName"]?.string
        let status = object["status"]
        phase = status?["phase"]?.string ?? "Pending"
        reason = status?["reason"]?.string ?? ""
        message = status?["message"]?.string ?? ""
        let conditions = Conditions(status)
        unschedulable = conditions.unschedulable
        disruption = conditions.disruption
        isNodeSilent = conditions.isNodeSilent || reason == "NodeLost"
        containers = ["initContainerStatuses", "containerStatuses"].flatMap { list in
            (status?[list]?.array ?? []).compactMap {
                ContainerView($0, isInit: list == "initContainerStatuses")
            }
        }
    }

    private static func rank(_ metadata: JSONValue) -> Int {
        let keys = ["batch.kubernetes.io/job-completion-index", "training.kubeflow.org/replica-index"]
        let texts = keys.lazy.compactMap {
            (metadata["annotations"]?[$0] ?? metadata["labels"]?[$0])?.string
        }
        return texts.first.flatMap { Int($0) } ?? 0
    }

    /// The container that the pod is judged by; nil before the kubelet says something of it.
    var main: ContainerView? { containers.first { $0.name == role.container && !$0.isInit } }

    /// Whether nothing of it runs any more.
    var isOver: Bool { isGone || ["Succeeded", "Failed"].contains(phase) }

    static func == (left: PodView, right: PodView) -> Bool {
        left.name == right.name && left.uid == right.uid && left.phase == right.phase
            && left.reason == right.reason && left.message == right.message && left.node == right.node
            && left.deletion == right.deletion && left.unschedulable == right.unschedulable
            && left.disruption?.reason == right.disruption?.reason && left.isNodeSilent == right.isNodeSilent
            && left.containers == right.containers && left.isGone == right.isGone
    }

    /// What a pod's conditions say.
    private struct Conditions {
        var unschedulable: String?
        var disruption: (reason: String, message: String)?
        var isNodeSilent = false

        init(_ status: JSONValue?) {
            for condition in status?["conditions"]?.array ?? [] {
                let (state, reason) = (condition["status"]?.string, condition["reason"]?.string ?? "")
                let message = condition["message"]?.string ?? ""
                switch condition["type"]?.string {
                case "PodScheduled" where state == "False": unschedulable = message.isEmpty ? reason : message
                case "DisruptionTarget" where state == "True": disruption = (reason, message)
                case "Ready" where state == "Unknown" || reason == "NodeStatusUnknown": isNodeSilent = true
                default: break
                }
            }
        }
    }
}

/// What matters of a container of a pod.
struct ContainerView: Equatable, Sendable {
    enum State: Equatable, Sendable {
        case waiting(reason: String, message: String)
        case running(since: Timestamp?)
        case ended(End)
    }

    /// How its process ended.
    struct End: Equatable, Sendable {
        var exitCode: Int
        var signal: Int?
        /// The runtime's word: `Completed`, `Error`, `OOMKilled`, `StartError`.
        var reason: String
        /// What it left as its last word, or the end of its log.
        var message: String
        var started: Timestamp?
        var finished: Timestamp?
    }

    var name: String
    var isInit: Bool
    var state: State
    /// The image with its digest, as the node pulled it.
    var imageID: String?

    init?(_ status: JSONValue, isInit: Bool) {
        guard let name = status["name"]?.string else { return nil }
        self.name = name
        self.isInit = isInit
        imageID = status["imageID"]?.string.flatMap { $0.isEmpty ? nil : $0 }
        let state = status["state"]
        if let end = state?["terminated"] {
            self.state = .ended(End(end))
        } else if let running = state?["running"] {
            self.state = .running(since: running["startedAt"]?.time)
        } else {
            let waiting = state?["waiting"]
            self.state = .waiting(
                reason: waiting?["reason"]?.string ?? "", message: waiting?["message"]?.string ?? "")
        }
    }

    /// What the agent in it left to say.
    var report: PodReport? { end.flatMap { PodReport(terminationMessage: $0.message) } }

    var end: End? { if case .ended(let end) = state { end } else { nil } }

    /// Since when its process runs, or ran.
    var started: Timestamp? {
        switch state {
        case .waiting: nil
        case .running(let since): since
        case .ended(let end): end.started
        }
    }
}

extension ContainerView.End {
    init(_ terminated: JSONValue) {
        exitCode = Int(clamping: terminated["exitCode"]?.integer ?? -1)
        signal = terminated["signal"]?.integer.flatMap { $0 == 0 ? nil : Int(clamping: $0) }
        reason = terminated["reason"]?.string ?? ""
        message = terminated["message"]?.string ?? ""
        started = terminated["startedAt"]?.time
        finished = terminated["finishedAt"]?.time
    }
}
