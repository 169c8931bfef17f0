import HTTPMessages
import HTTPServer
import JSON
import Runtime

/// Everything that the stand-in remembers, under one lock.
struct StandInState {
    var cluster = Cluster()
    var kinds = ServedKind.builtIn
    var users: [String: StandInUser] = [:]
    var faults: [Fault] = []
    var logs: [String: PodLog] = [:]
    /// What the container's last start printed, where it was started again.
    var previousLogs: [String: PodLog] = [:]
    /// Who waits for changes: each is rung once for any number of them.
    var bells: [Int: AsyncStream<Void>.Continuation] = [:]
    var nextBell = 0
    /// Streams begun before this number's last change break off.
    var generation = 0
    var requests: [String] = []
    var repeatsEvents = 0
    /// Up to where the garbage collector has seen everything.
    var collectedRevision = 0
    /// What happens to each new pod; nil while nobody plays the controllers.
    var script: (@Sendable (JSONValue) -> [PodStep])?
    /// What is still to happen to each pod, by its uid.
    var steps: [String: ArraySlice<PodStep>] = [:]
    /// Up to where the job controller has seen everything.
    var controlledRevision = 0
    var lastSecond = ""
    var bookmarkInterval = Duration.milliseconds(200)

    /// The fault that this request meets, if any.
    mutating func takeFault(for request: ServerRequest) -> Fault.Action? {
        let index = faults.firstIndex { fault in
            (fault.method == nil || fault.method == request.method)
                && (fault.path.isEmpty || request.path.contains(fault.path))
        }
        guard let index else { return nil }
        faults[index].times -= 1
        defer { if faults[index].times <= 0 { faults.remove(at: index) } }
        return faults[index].action
    }

    /// The log that a request is about.
    func chosen(_ query: PodLogQuery, _ key: String) -> PodLog {
        (query.previous ? previousLogs[key] : logs[key]) ?? PodLog()
    }

    /// What a start of a container printed; nil when it is forgotten.
    func log(_ key: String, restart: Int) -> PodLog? {
        [logs[key], previousLogs[key]].compactMap { $0 }.first { $0.restart == restart }
    }

    func user(of request: ServerRequest) throws(APIFailure) -> StandInUser {
        let words = (request.headers["Authorization"] ?? "").split(separator: " ", maxSplits: 1)
        guard words.count == 2, words[0] == "Bearer", let user = users[String(words[1])] else {
            throw .unauthorized
        }
        guard let name = request.headers["Impersonate-User"] else { return user }
        guard user.groups.contains("system:masters") else {
            throw APIFailure(
                code: 403, reason: "Forbidden",
                message:
                    "users \"\(name)\" is forbidden: User \"\(user.name)\" cannot impersonate resource \"users\" in API group \"\" at the cluster scope"
            )
        }
        return StandInUser(name, groups: Set(request.headers.values(of: "Impersonate-Group")))
    }
}
