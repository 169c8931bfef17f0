import Events
import JSON
import KubernetesObjects
import Runtime

@testable import KubernetesRunner

/// Objects as a cluster shows them, for the pure rules.
enum Seen {
    static func time(_ seconds: Int) -> String { "2026-01-01T00:00:\(seconds < 10 ? "0" : "")\(seconds)Z" }

    static func job(
        _ name: String = "bai-r-1", size: Int = 1,
        end: (type: String, reason: String, message: String)? = nil,
        counted: Int = 0, isSuspended: Bool = false, annotations: [String: String] = [:], kind: String = "Job"
    ) -> JobView {
        var object: JSONValue = [
            "kind": .string(kind),
            "metadata": [
                "name": .string(name), "uid": .string("uid-\(name)"),
                "annotations": .object(annotations.mapValues { .string($0) }),
            ],
            "spec": ["completions": .integer(Int64(size)), "suspend": .bool(isSuspended)],
            "status": ["failed": .integer(Int64(counted))],
        ]
        if let end {
            object["status"]?["conditions"] = [
                ["type": "SuccessCriteriaMet", "status": "True"],
                [
                    "type": .string(end.type), "status": "True", "reason": .string(end.reason),
                    "message": .string(end.message), "lastTransitionTime": .string(time(30)),
                ],
            ]
        }
        guard let view = JobView(object) else { preconditionFailure("it has a name") }
        return view
    }

    /// A pod of which nothing is known but its name.
    static func pod(
        _ role: PodRole = .single, rank: Int = 0, phase: String = "Pending", node: String? = "node-1",
        reason: String = "", message: String = "", deleted: Bool = false, conditions: [JSONValue] = [],
        initial: [JSONValue] = [], containers: [JSONValue] = []
    ) -> PodView {
        var object: JSONValue = [
            "metadata": [
                "name": .string("bai-r-1-\(role.rawValue)-\(rank)"), "uid": .string("uid-\(role)-\(rank)"),
                "labels": ["benchmark-ai/role": .string(role.rawValue)],
                "annotations": ["batch.kubernetes.io/job-completion-index": .string("\(rank)")],
            ],
            "spec": [:],
            "status": [
                "phase": .string(phase), "conditions": .array(conditions),
                "initContainerStatuses": .array(initial), "containerStatuses": .array(containers),
            ],
        ]
        if let node { object["spec"]?["nodeName"] = .string(node) }
        if !reason.isEmpty { object["status"]?["reason"] = .string(reason) }
        if !message.isEmpty { object["status"]?["message"] = .string(message) }
        if deleted { object["metadata"]?["deletionTimestamp"] = .string(time(20)) }
        guard let view = PodView(object) else { preconditionFailure("it has a name and a role") }
        return view
    }

    static func waiting(_ name: String, _ reason: String, _ message: String = "") -> JSONValue {
        [
            "name": .string(name),
            "state": ["waiting": ["reason": .string(reason), "message": .string(message)]],
        ]
    }

    static func running(_ name: String = "benchmark", since: Int = 5) -> JSONValue {
        ["name": .string(name), "state": ["running": ["startedAt": .string(time(since))]]]
    }

    static func ended(
        _ exitCode: Int, reason: String = "Error", message: String = "", at: Int = 10
    ) -> JSONValue {
        ended("benchmark", exitCode, reason: reason, message: message, at: at)
    }

    static func ended(
        _ name: String, _ exitCode: Int, reason: String = "Error", message: String = "", at: Int = 10
    ) -> JSONValue {
        [
            "name": .string(name), "imageID": "docker.io/python@sha256:ab12",
            "state": [
                "terminated": [
                    "exitCode": .integer(Int64(exitCode)), "reason": .string(reason),
                    "message": .string(message), "startedAt": .string(time(5)),
                    "finishedAt": .string(time(at)),
                ]
            ],
        ]
    }

    static func condition(
        _ type: String, _ status: String, _ reason: String, _ message: String = ""
    ) -> JSONValue {
        [
            "type": .string(type), "status": .string(status), "reason": .string(reason),
            "message": .string(message),
        ]
    }

    static func view(_ jobs: JobView..., pods: [PodView] = [], refusal: String? = nil) -> AttemptView {
        var view = AttemptView()
        for job in jobs { view.jobs[job.name] = job }
        for pod in pods { view.pods[pod.name] = pod }
        view.refusal = refusal
        return view
    }

    /// What an agent leaves as its last word.
    static func report(
        _ task: PodReport.Task, _ outcome: AttemptOutcome
    ) -> String {
        String(decoding: PodReport(task: task, outcome: outcome).terminationMessage, as: UTF8.self)
    }
}
