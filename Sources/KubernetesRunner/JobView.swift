internal import JSON
internal import Kubernetes
internal import KubernetesObjects
internal import Runtime

/// What matters of a Job, or of an MPIJob.
struct JobView: Equatable, Sendable {
    /// How it ended, by its own conditions.
    struct End: Equatable, Sendable {
        var hasSucceeded: Bool
        var reason: String
        var message: String
        var time: Timestamp?
    }

    var name: String
    var kind: String
    var uid: String
    var end: End?
    /// How many pods there have to be.
    var size: Int
    /// How many of them the job controller has seen end.
    var counted: Int
    var isSuspended: Bool
    /// Why somebody wants it to end.
    var stopped: String?
    /// Why its attempt never starts: it is nothing but a mark.
    var neverStarted: String?
    var started: Timestamp?
    /// It is not there any more.
    var isGone = false

    /// Whether the attempt is over with it, and not an inference benchmark's server.
    var isDecisive: Bool { !name.hasSuffix("-server") }

    init?(_ object: JSONValue) {
        guard let metadata = object["metadata"], let name = metadata["name"]?.string else { return nil }
        self.name = name
        kind = object["kind"]?.string ?? "Job"
        uid = metadata["uid"]?.string ?? ""
        let (spec, status) = (object["spec"], object["status"])
        size = JobView.size(spec)
        counted = ["succeeded", "failed"].reduce(0) { $0 + Int(clamping: status?[$1]?.integer ?? 0) }
        isSuspended = (spec?["suspend"] ?? spec?["runPolicy"]?["suspend"])?.bool ?? false
        stopped = metadata["annotations"]?[StopMark.stopped]?.string
        neverStarted = metadata["annotations"]?[StopMark.neverStarted]?.string
        started = status?["startTime"]?.time
        end = (status?["conditions"]?.array ?? []).lazy.compactMap(End.init).first
    }

    /// An MPIJob is judged by its launcher.
    private static func size(_ spec: JSONValue?) -> Int {
        spec?["mpiReplicaSpecs"] == nil ? Int(clamping: spec?["completions"]?.integer ?? 1) : 1
    }
}

extension JobView.End {
    /// The condition that ends a Job (`Complete`, `Failed`) or an MPIJob (`Succeeded`, `Failed`); nil for others.
    fileprivate init?(_ condition: JSONValue) {
        guard condition["status"]?.string == "True", let type = condition["type"]?.string,
            ["Complete", "Succeeded", "Failed"].contains(type)
        else { return nil }
        self.init(
            hasSucceeded: type != "Failed", reason: condition["reason"]?.string ?? "",
            message: condition["message"]?.string ?? "", time: condition["lastTransitionTime"]?.time)
    }
}

extension JSONValue {
    /// A time as the API server writes it.
    var time: Timestamp? { string.flatMap(Timestamp.init(kubernetesTime:)) }
}
