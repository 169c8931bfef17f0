import JSON

/// What a kubelet says of one container.
struct ContainerState {
    /// `waiting`, `running` or `terminated`.
    var state: JSONValue
    var last: JSONValue?
    var isReady = false
    var isStarted = false
    var restarts: Int64 = 0
    var containerID: String?

    init(waiting reason: String) {
        state = ["waiting": ["reason": .string(reason)]]
    }

    mutating func wait(_ reason: String, _ message: String) {
        if state["terminated"] != nil { last = state }
        state = ["waiting": ["reason": .string(reason), "message": .string(message)]]
        (isReady, isStarted) = (false, false)
    }

    mutating func run(_ now: String, id: String) {
        if state["terminated"] != nil { last = state }
        state = ["running": ["startedAt": .string(now)]]
        containerID = id
    }

    mutating func end(_ exitCode: Int32, reason: String, message: String, _ now: String) {
        var terminated: JSONValue = [
            "exitCode": .integer(Int64(exitCode)), "reason": .string(reason), "finishedAt": .string(now),
            "startedAt": state["running"]?["startedAt"] ?? .string(now),
        ]
        if !message.isEmpty { terminated["message"] = .string(message) }
        terminated["containerID"] = containerID.map { .string($0) }
        state = ["terminated": terminated]
        (isReady, isStarted) = (false, false)
    }

    /// nil while it has not ended.
    var exitCode: Int64? { state["terminated"]?["exitCode"]?.integer }
    var isRunning: Bool { state["running"] != nil }

    /// As the pod's status has it.
    func status(of container: JSONValue) -> JSONValue {
        let image = container["image"]?.string ?? ""
        var status: JSONValue = [
            "name": container["name"] ?? "", "state": state, "lastState": last ?? [:],
            "ready": .bool(isReady),
            "started": .bool(isStarted), "restartCount": .integer(restarts), "image": .string(image),
            "imageID": .string(containerID == nil ? "" : "stand-in://\(image)"),
        ]
        status["containerID"] = containerID.map { .string($0) }
        return status
    }
}
