package import JSON
internal import Runtime

/// What happens to a pod, step by step.
package enum PodStep: Sendable, Equatable {
    case schedule(node: String)
    /// The scheduler finds no node, and says why.
    case cannotSchedule(String)
    /// A container cannot start: `ImagePullBackOff`, `CreateContainerConfigError`, ….
    case wait(container: String, reason: String, message: String)
    /// All containers run, and are ready.
    case run
    case print(container: String, String)
    /// A container ends, with what it left as its last word; with the last of the main ones the pod does.
    case end(container: String, exitCode: Int, reason: String, message: String = "")
    /// The node throws it out.
    case evict(String)
    /// Somebody more important needs its place.
    case preempt
    /// Its node is gone: the pod is unknown there, and its deletion waits for nobody.
    case loseNode
    /// Somebody says something about it.
    case say(reason: String, message: String)
    /// It stopped: after a deletion, the kubelet lets go of it.
    case stopped
}

extension KubernetesStandIn {
    /// Plays the job controller from now on, and for each pod the steps that `script` has for it, one at a tick.
    package func play(_ script: @escaping @Sendable (JSONValue) -> [PodStep] = { _ in [] }) {
        state.withLock { state in
            state.script = script
            state.controlledRevision = 0
        }
    }

    /// Lets one thing happen to a pod now.
    package func step(_ step: PodStep, pod: String, in namespace: String) {
        change { state in
            guard let object = state.cluster.object(.pod, namespace, pod) else { return }
            state.perform(step, on: object)
            for bell in state.bells.values { bell.yield() }
        }
    }
}

extension StandInState {
    /// One tick of the controllers.
    mutating func play() {
        guard let script else { return }
        let now = WallClock.nowText
        while controlledRevision != cluster.revision {
            let from = controlledRevision
            controlledRevision = cluster.revision
            for change in cluster.changes(of: .pod, after: from) where change.previous == nil {
                steps[change.object.uid] = script(change.object)[...]
            }
            cluster.controlJobs(changedAfter: from, now: now)
        }
        if now != lastSecond {
            lastSecond = now
            cluster.controlJobsByTime(now: now)
        }
        guard !steps.isEmpty else { return }
        for pod in cluster.objects[.pod, default: [:]].values {
            guard let step = steps[pod.uid]?.popFirst() else {
                steps[pod.uid] = nil
                continue
            }
            perform(step, on: pod)
        }
    }

    /// Lets one thing happen to a pod.
    mutating func perform(_ step: PodStep, on pod: JSONValue) {
        let now = WallClock.nowText
        var pod = pod
        let key = { (container: String) in "\(pod.namespace ?? "")/\(pod.name)/\(container)" }
        switch step {
        case .schedule(let node):
            pod["spec"]?["nodeName"] = .string(node)
            Pods.set(&pod, "PodScheduled", true, "", "", now)
        case .cannotSchedule(let words):
            Pods.set(&pod, "PodScheduled", false, "Unschedulable", words, now)
            cluster.record("FailedScheduling", words, about: pod, .pod, type: "Warning", now: now)
        case .wait(let container, let reason, let message):
            Pods.setState(
                &pod, container, ["waiting": ["reason": .string(reason), "message": .string(message)]],
                isReady: false)
        case .run:
            for name in Pods.containers(pod) {
                Pods.setState(&pod, name, ["running": ["startedAt": .string(now)]], isReady: true)
            }
            pod["status"]?["phase"] = "Running"
            let start = pod["status"]?["startTime"] ?? .string(now)
            pod["status"]?["startTime"] = start
            Pods.set(&pod, "Ready", true, "", "", now)
        case .print(let container, let text):
            logs[key(container), default: PodLog()].lines.append(PodLog.Line(time: WallClock.now, text: text))
            return
        case .end(let container, let exitCode, let reason, let message):
            logs[key(container), default: PodLog()].isOpen = false
            Pods.end(&pod, container, exitCode, reason, message, now)
        case .evict(let words):
            Pods.fail(&pod, "Evicted", words, now)
            Pods.set(&pod, "DisruptionTarget", true, "TerminationByKubelet", words, now)
            cluster.record("Evicted", words, about: pod, .pod, type: "Warning", now: now)
        case .preempt:
            let words = "default-scheduler: preempting to accommodate a higher priority pod"
            Pods.set(&pod, "DisruptionTarget", true, "PreemptionByScheduler", words, now)
            pod = cluster.put(.pod, pod)
            _ = try? cluster.delete(pod, .pod, options: [:], now: now)
            return
        case .loseNode:
            Pods.set(&pod, "Ready", false, "NodeStatusUnknown", "Kubelet stopped posting node status.", now)
            Pods.set(
                &pod, "DisruptionTarget", true, "DeletionByTaintManager",
                "Taint manager: deleting due to NoExecute taint", now)
            pod = cluster.put(.pod, pod)
            _ = try? cluster.delete(pod, .pod, options: [:], now: now)
            return
        case .say(let reason, let message):
            return cluster.record(reason, message, about: pod, .pod, type: "Warning", now: now)
        case .stopped:
            for name in Pods.containers(pod) { logs[key(name), default: PodLog()].isOpen = false }
            pod["metadata"]?["deletionGracePeriodSeconds"] = 0
            if pod.isBeingDeleted, pod.finalizers.isEmpty {
                cluster.remove(.pod, pod.namespace, pod.name)
                return
            }
        }
        _ = cluster.put(.pod, pod)
    }
}

/// A pod's status, as a kubelet writes it.
private enum Pods {
    static func containers(_ pod: JSONValue) -> [String] {
        (pod["spec"]?["containers"]?.array ?? []).compactMap { $0["name"]?.string }
    }

    static func set(
        _ pod: inout JSONValue, _ type: String, _ isTrue: Bool, _ reason: String, _ message: String,
        _ now: String
    ) {
        var condition: JSONValue = [
            "type": .string(type), "status": isTrue ? "True" : "False", "lastTransitionTime": .string(now),
        ]
        if !reason.isEmpty { condition["reason"] = .string(reason) }
        if !message.isEmpty { condition["message"] = .string(message) }
        let others = (pod["status"]?["conditions"]?.array ?? []).filter { $0["type"]?.string != type }
        pod["status"]?["conditions"] = .array(others + [condition])
    }

    static func setState(_ pod: inout JSONValue, _ container: String, _ state: JSONValue, isReady: Bool) {
        let isInit = (pod["spec"]?["initContainers"]?.array ?? []).contains {
            $0["name"]?.string == container
        }
        let list = isInit ? "initContainerStatuses" : "containerStatuses"
        let status: JSONValue = [
            "name": .string(container), "state": state, "ready": .bool(isReady), "restartCount": 0,
            "started": .bool(isReady), "image": "image", "imageID": "",
        ]
        let others = (pod["status"]?[list]?.array ?? []).filter { $0["name"]?.string != container }
        pod["status"]?[list] = .array(others + [status])
    }

    static func end(
        _ pod: inout JSONValue, _ container: String, _ exitCode: Int, _ reason: String, _ message: String,
        _ now: String
    ) {
        var terminated: JSONValue = [
            "exitCode": .integer(Int64(exitCode)), "reason": .string(reason), "startedAt": .string(now),
            "finishedAt": .string(now),
        ]
        if !message.isEmpty { terminated["message"] = .string(message) }
        setState(&pod, container, ["terminated": terminated], isReady: false)
        let statuses = pod["status"]?["containerStatuses"]?.array ?? []
        let codes = containers(pod).map { name in
            statuses.first { $0["name"]?.string == name }?["state"]?["terminated"]?["exitCode"]?.integer
        }
        guard !codes.contains(nil) else { return }
        pod["status"]?["phase"] = codes.allSatisfy { $0 == 0 } ? "Succeeded" : "Failed"
        set(&pod, "Ready", false, codes.allSatisfy { $0 == 0 } ? "PodCompleted" : "PodFailed", "", now)
    }

    static func fail(_ pod: inout JSONValue, _ reason: String, _ message: String, _ now: String) {
        pod["status"]?["phase"] = "Failed"
        pod["status"]?["reason"] = .string(reason)
        pod["status"]?["message"] = .string(message)
        set(&pod, "Ready", false, "PodFailed", "", now)
    }
}
