import JSON
import Runtime

extension PodProcess {
    /// Changes what is known of a container, and tells the API server.
    func change(_ name: String, _ body: (inout ContainerState) -> Void) {
        let hasChanged = state.withLock { state in
            guard var container = state.containers[name] else { return false }
            let before = container.status(of: [:])
            body(&container)
            state.containers[name] = container
            return container.status(of: [:]) != before
        }
        if hasChanged { publish() }
    }

    /// Writes the pod's status, unless it is said to have ended by somebody else, or nobody may hear of it.
    func publish() {
        kubelet.cluster.update("pods", pod.namespace, pod.name) { object in
            let isTold = state.withLock { $0.cause == .silence }
            guard object.uid == pod.uid, !isTold,
                !["Failed", "Succeeded"].contains(object["status"]?["phase"]?.string ?? "")
            else { return }
            object["status"] = status(over: object["status"] ?? [:])
        }
    }

    private func status(over before: JSONValue) -> JSONValue {
        let now = WallClock.nowText
        let state = state.withLock { $0 }
        var status = before
        status["phase"] = .string(phase(state))
        (status["hostIP"], status["podIP"]) = ("127.0.0.1", .string(address))
        status["podIPs"] = [["ip": .string(address)]]
        status["startTime"] = before["startTime"] ?? .string(now)
        for (list, initial) in [("initContainerStatuses", true), ("containerStatuses", false)] {
            let statuses = containers(initial: initial).compactMap { container in
                state.containers[PodProcess.name(container)]?.status(of: container)
            }
            if !statuses.isEmpty { status[list] = .array(statuses) }
        }
        if state.isFinished, state.cause == .deadline {
            status["reason"] = "DeadlineExceeded"
            status["message"] = "Pod was active on the node longer than the specified deadline"
        }
        status["conditions"] = .array(conditions(state, before["conditions"]?.array ?? [], now))
        return status
    }

    private func phase(_ state: State) -> String {
        let mains = containers(initial: false).compactMap { state.containers[PodProcess.name($0)] }
        if state.isFinished {
            let isGood = state.cause != .deadline && mains.allSatisfy { $0.exitCode == 0 }
            return isGood ? "Succeeded" : "Failed"
        }
        return mains.contains { $0.isRunning || $0.exitCode != nil } ? "Running" : "Pending"
    }

    private func conditions(_ state: State, _ before: [JSONValue], _ now: String) -> [JSONValue] {
        let mains = containers(initial: false).compactMap { state.containers[PodProcess.name($0)] }
        let isInitialized = containers(initial: true).allSatisfy { container in
            let known = state.containers[PodProcess.name(container)]
            return known?.exitCode == 0 || (PodProcess.isSidecar(container) && known?.containerID != nil)
        }
        let sidecars = containers(initial: true).filter(PodProcess.isSidecar).compactMap {
            state.containers[PodProcess.name($0)]
        }
        let isReady = !state.isFinished && (mains + sidecars).allSatisfy(\.isReady)
        let reason =
            state.isFinished
            ? (phase(state) == "Succeeded" ? "PodCompleted" : "PodFailed") : "ContainersNotReady"
        let new = [
            ("PodReadyToStartContainers", !state.isFinished, ""),
            ("Initialized", isInitialized, "ContainersNotInitialized"),
            ("Ready", isReady, reason), ("ContainersReady", isReady, reason),
        ].map { type, isTrue, reason -> JSONValue in
            let old = before.first { $0["type"]?.string == type }
            let status: JSONValue = isTrue ? "True" : "False"
            var condition: JSONValue = [
                "type": .string(type), "status": status,
                "lastTransitionTime": old?["status"] == status
                    ? old?["lastTransitionTime"] ?? .string(now) : .string(now),
            ]
            if !isTrue, !reason.isEmpty { condition["reason"] = .string(reason) }
            return condition
        }
        let types = new.compactMap { $0["type"]?.string }
        return new + before.filter { !types.contains($0["type"]?.string ?? "") }
    }
}
