import HTTPMessages
import HTTPServer
import JSON

/// What the job controller of a real cluster does with Jobs and their pods.
extension Cluster {
    private static let tracking = "batch.kubernetes.io/job-tracking"
    private static let event = ServedKind("", "v1", "Event", "events")

    /// Looks after the Jobs that changed, or whose pods did, after `revision`.
    mutating func controlJobs(changedAfter revision: Int, now: String) {
        var names: [String: JSONValue] = [:]
        for change in changes(of: .job, after: revision) { names[change.object.uid] = change.object }
        for change in changes(of: .pod, after: revision) {
            guard let owner = Cluster.controller(of: change.object) else { continue }
            let (name, uid) = (owner["name"]?.string ?? "", owner["uid"]?.string ?? "")
            guard let job = object(.job, change.object.namespace, name), job.uid == uid else {
                // Its Job is gone: nobody will count it any more.
                if change.object.finalizers.contains(Cluster.tracking) {
                    finish(Cluster.tracking, change.object, .pod)
                }
                continue
            }
            names[uid] = job
        }
        for changed in names.values {
            // As it is now, and only if it still is this one.
            guard let job = object(.job, changed.namespace, changed.name), job.uid == changed.uid else {
                continue
            }
            control(job, now)
        }
    }

    private static func controller(of object: JSONValue) -> JSONValue? {
        object["metadata"]?["ownerReferences"]?.array?.first {
            $0["controller"]?.bool == true && $0["kind"] == "Job"
        }
    }

    private func pods(of job: JSONValue) -> [JSONValue] {
        collection(.pod, in: job.namespace).filter { Cluster.controller(of: $0)?["uid"]?.string == job.uid }
    }

    // MARK: One Job

    private mutating func control(_ job: JSONValue, _ now: String) {
        guard !job.isBeingDeleted else { return releasePods(of: job) }
        var job = job
        let old = job["status"]
        count(&job, now)
        if !Cluster.has("Complete", job), !Cluster.has("Failed", job) { advance(&job, now) }
        guard job["status"] != old else { return }
        _ = put(.job, job)
    }

    /// Counts pods that have ended, each once: its finalizer is the mark that it was not counted yet.
    private mutating func count(_ job: inout JSONValue, _ now: String) {
        var (active, ready, terminating) = (0, 0, 0)
        for pod in pods(of: job) {
            let phase = pod["status"]?["phase"]?.string ?? "Pending"
            let hasEnded = ["Succeeded", "Failed"].contains(phase)
            let isTracked = pod.finalizers.contains(Cluster.tracking)
            // A pod that is deleted before it ended is a failed one.
            if isTracked, hasEnded || (pod.isBeingDeleted && !Cluster.waitsForGrace(pod, .pod)) {
                let counter = phase == "Succeeded" ? "succeeded" : "failed"
                let before = job["status"]?[counter]?.integer ?? 0
                job["status"]?[counter] = .integer(before + 1)
                note(index: pod, of: &job, succeeded: phase == "Succeeded")
                finish(Cluster.tracking, pod, .pod)
            } else if !hasEnded, pod.isBeingDeleted {
                terminating += 1
            } else if !hasEnded {
                active += 1
                if Cluster.isReady(pod) { ready += 1 }
            }
        }
        job["status"]?["active"] = active > 0 ? .integer(Int64(active)) : nil
        job["status"]?["ready"] = .integer(Int64(ready))
        job["status"]?["terminating"] = .integer(Int64(terminating))
    }

    /// Which indexes of an Indexed Job have succeeded, in order.
    private func note(index pod: JSONValue, of job: inout JSONValue, succeeded: Bool) {
        guard succeeded,
            let index = pod["metadata"]?["annotations"]?["batch.kubernetes.io/job-completion-index"]?.string,
            let number = Int(index)
        else { return }
        let before = (job["status"]?["completedIndexes"]?.string ?? "").split(separator: ",").compactMap {
            Int($0)
        }
        let all = Set(before).union([number]).sorted()
        job["status"]?["completedIndexes"] = .string(all.map { "\($0)" }.joined(separator: ","))
    }

    private mutating func advance(_ job: inout JSONValue, _ now: String) {
        let spec = job["spec"] ?? [:]
        let active = pods(of: job).filter { Cluster.isActive($0) }
        if spec["suspend"]?.bool == true {
            for pod in active { deleteByController(pod, now) }
            set("Suspended", "JobSuspended", "Job suspended", &job, now)
            return
        }
        if job["status"]?["startTime"] == nil { job["status"]?["startTime"] = .string(now) }
        let succeeded = Int(job["status"]?["succeeded"]?.integer ?? 0)
        let failed = Int(job["status"]?["failed"]?.integer ?? 0)
        if failed > Int(spec["backoffLimit"]?.integer ?? 6) {
            fail("BackoffLimitExceeded", "Job has reached the specified backoff limit", &job, active, now)
        } else if isLate(job, now) {
            fail("DeadlineExceeded", "Job was active longer than specified deadline", &job, active, now)
        } else if let completions = spec["completions"]?.integer, succeeded >= Int(completions) {
            complete(&job, active, now)
        } else {
            createPods(for: &job, active: active, succeeded: succeeded, now)
        }
    }

    private func isLate(_ job: JSONValue, _ now: String) -> Bool {
        guard let limit = job["spec"]?["activeDeadlineSeconds"]?.integer,
            let start = WallClock.seconds(job["status"]?["startTime"]?.string ?? ""),
            let end = WallClock.seconds(now)
        else { return false }
        return end - start >= limit
    }

    /// The Jobs that something is due for by the time alone: deadlines, and those that have been finished for long enough.
    mutating func controlJobsByTime(now: String) {
        for job in objects[.job, default: [:]].values {
            let conditions = job["status"]?["conditions"]?.array ?? []
            let end = conditions.first { ["Complete", "Failed"].contains($0["type"]?.string ?? "") }
            if let end, let rest = job["spec"]?["ttlSecondsAfterFinished"]?.integer {
                let ended = WallClock.seconds(end["lastTransitionTime"]?.string ?? "") ?? .max
                if let time = WallClock.seconds(now), time - rest >= ended {
                    deleteByController(job, now, .job)
                }
            } else if end == nil, isLate(job, now) {
                control(job, now)
            }
        }
    }

    // MARK: Conditions

    private static func has(_ type: String, _ job: JSONValue) -> Bool {
        job["status"]?["conditions"]?.array?.contains { $0["type"]?.string == type && $0["status"] == "True" }
            ?? false
    }

    private func set(
        _ type: String, _ reason: String, _ message: String, _ job: inout JSONValue, _ now: String
    ) {
        guard !Cluster.has(type, job) else { return }
        let condition: JSONValue = [
            "type": .string(type), "status": "True", "reason": .string(reason), "message": .string(message),
            "lastProbeTime": .string(now), "lastTransitionTime": .string(now),
        ]
        let before = job["status"]?["conditions"]?.array ?? []
        job["status"]?["conditions"] = .array(before + [condition])
    }

    /// First the decision (`FailureTarget`), then, when no pod runs any more, the end.
    private mutating func fail(
        _ reason: String, _ message: String, _ job: inout JSONValue, _ active: [JSONValue], _ now: String
    ) {
        set("FailureTarget", reason, message, &job, now)
        for pod in active { deleteByController(pod, now) }
        guard pods(of: job).allSatisfy({ !$0.finalizers.contains(Cluster.tracking) }) else { return }
        set("Failed", reason, message, &job, now)
        job["status"]?["active"] = nil
    }

    private mutating func complete(_ job: inout JSONValue, _ active: [JSONValue], _ now: String) {
        let words = "Reached expected number of succeeded pods"
        set("SuccessCriteriaMet", "CompletionsReached", words, &job, now)
        for pod in active { deleteByController(pod, now) }
        guard pods(of: job).allSatisfy({ !$0.finalizers.contains(Cluster.tracking) }) else { return }
        set("Complete", "CompletionsReached", words, &job, now)
        job["status"]?["completionTime"] = .string(now)
        job["status"]?["active"] = nil
    }

    // MARK: Pods

    static func isActive(_ pod: JSONValue) -> Bool {
        !pod.isBeingDeleted && !["Succeeded", "Failed"].contains(pod["status"]?["phase"]?.string ?? "")
    }

    private static func isReady(_ pod: JSONValue) -> Bool {
        pod["status"]?["conditions"]?.array?.contains { $0["type"] == "Ready" && $0["status"] == "True" }
            ?? false
    }

    private mutating func createPods(
        for job: inout JSONValue, active: [JSONValue], succeeded: Int, _ now: String
    ) {
        let spec = job["spec"] ?? [:]
        let parallelism = Int(spec["parallelism"]?.integer ?? 1)
        let missing = spec["completions"]?.integer.map { Int($0) - succeeded } ?? parallelism
        // Where only pods that have ended are replaced, one on its way out still has its place.
        let leaving =
            spec["podReplacementPolicy"] == "Failed"
            ? pods(of: job).filter { $0.isBeingDeleted && Cluster.waitsForGrace($0, .pod) }.count : 0
        let count = min(parallelism, missing) - active.count - leaving
        guard count > 0 else { return }
        var indexes: [Int?] = Array(repeating: nil, count: count)
        if spec["completionMode"] == "Indexed" { indexes = Array(freeIndexes(of: job, active).prefix(count)) }
        for index in indexes {
            let pod = Cluster.pod(of: job, index: index)
            do throws(APIFailure) {
                _ = try create(
                    pod, APIRequest.internal(.pod, job.namespace), manager: "kube-controller-manager",
                    now: now)
            } catch {
                record(
                    "FailedCreate", "Error creating: \(error.message)", about: job, .job, type: "Warning",
                    now: now)
            }
        }
        let now = pods(of: job).filter { Cluster.isActive($0) }.count
        job["status"]?["active"] = now > 0 ? .integer(Int64(now)) : nil
    }

    private func freeIndexes(of job: JSONValue, _ active: [JSONValue]) -> [Int?] {
        let done = (job["status"]?["completedIndexes"]?.string ?? "").split(separator: ",").compactMap {
            Int($0)
        }
        let running = active.compactMap {
            $0["metadata"]?["annotations"]?["batch.kubernetes.io/job-completion-index"]?.string.flatMap {
                Int($0)
            }
        }
        let taken = Set(done).union(running)
        return (0..<Int(job["spec"]?["completions"]?.integer ?? 0)).filter { !taken.contains($0) }
    }

    private static func pod(of job: JSONValue, index: Int?) -> JSONValue {
        let template = job["spec"]?["template"] ?? [:]
        var metadata = template["metadata"] ?? [:]
        var spec = template["spec"] ?? [:]
        let prefix = index.map { "\(job.name)-\($0)-" } ?? "\(job.name)-"
        metadata["generateName"] = .string(prefix)
        metadata["namespace"] = job["metadata"]?["namespace"]
        metadata["finalizers"] = [.string(tracking)]
        metadata["ownerReferences"] = [
            [
                "apiVersion": "batch/v1", "kind": "Job", "name": .string(job.name), "uid": .string(job.uid),
                "controller": true, "blockOwnerDeletion": true,
            ]
        ]
        if let index {
            var (labels, annotations) = (metadata["labels"] ?? [:], metadata["annotations"] ?? [:])
            labels["batch.kubernetes.io/job-completion-index"] = .string("\(index)")
            annotations["batch.kubernetes.io/job-completion-index"] = .string("\(index)")
            (metadata["labels"], metadata["annotations"]) = (labels, annotations)
            spec["hostname"] = spec["hostname"] ?? .string("\(job.name)-\(index)")
            for list in ["containers", "initContainers"] {
                guard let containers = spec[list]?.array else { continue }
                spec[list] = .array(
                    containers.map { container in
                        var container = container
                        let variable: JSONValue = [
                            "name": "JOB_COMPLETION_INDEX", "value": .string("\(index)"),
                        ]
                        container["env"] = .array((container["env"]?.array ?? []) + [variable])
                        return container
                    })
            }
        }
        return ["apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec]
    }

    private mutating func deleteByController(_ object: JSONValue, _ now: String, _ kind: ServedKind = .pod) {
        // No precondition is named, so that nothing refuses it.
        _ = try? delete(object, kind, options: ["propagationPolicy": "Background"], now: now)
    }

    /// A Job that goes lets go of its pods, which the garbage collector takes.
    private mutating func releasePods(of job: JSONValue) {
        for pod in pods(of: job) where pod.finalizers.contains(Cluster.tracking) {
            finish(Cluster.tracking, pod, .pod)
        }
    }

    // MARK: Events

    /// Somebody in the cluster says something about an object.
    mutating func record(
        _ reason: String, _ message: String, about object: JSONValue, _ kind: ServedKind, type: String,
        now: String
    ) {
        let uid = makeUID()
        let event: JSONValue = [
            "apiVersion": "v1", "kind": "Event", "type": .string(type), "reason": .string(reason),
            "message": .string(message), "count": 1, "firstTimestamp": .string(now),
            "lastTimestamp": .string(now),
            "metadata": [
                "name": .string("\(object.name).\(uid.suffix(12))"),
                "namespace": .string(object.namespace ?? "default"),
                "uid": .string(uid), "creationTimestamp": .string(now),
            ],
            "involvedObject": [
                "apiVersion": .string(kind.apiVersion), "kind": .string(kind.kind),
                "name": .string(object.name),
                "namespace": .string(object.namespace ?? ""), "uid": .string(object.uid),
            ], "source": ["component": "stand-in"],
        ]
        _ = put(Cluster.event, event)
    }
}

extension APIRequest {
    /// A request of the cluster's own.
    static func `internal`(_ kind: ServedKind, _ namespace: String?) -> APIRequest {
        guard let http = ServerRequest(.post, "/") else {
            preconditionFailure("a path of one slash is a path")
        }
        return APIRequest(
            verb: "create", kind: kind, namespace: namespace, name: "", subresource: "", http: http)
    }
}
