import JSON

/// What the server fills in.
enum Defaults {
    static func fill(_ object: JSONValue, _ kind: ServedKind) -> JSONValue {
        var object = object
        switch kind.kind {
        case "Pod":
            object["spec"] = podSpec(object["spec"] ?? [:])
            if object["status"] == nil { object["status"] = ["phase": "Pending", "qosClass": "BestEffort"] }
        case "Job": object = job(object)
        case "Service": object = service(object)
        case "Namespace": object["status"] = object["status"] ?? ["phase": "Active"]
        case "Secret": object = secret(object)
        default: break
        }
        return object
    }

    private static func podSpec(_ spec: JSONValue) -> JSONValue {
        var spec = spec
        let defaults: [String: JSONValue] = [
            "restartPolicy": "Always", "dnsPolicy": "ClusterFirst", "schedulerName": "default-scheduler",
            "terminationGracePeriodSeconds": 30, "securityContext": [:],
        ]
        for (name, value) in defaults where spec[name] == nil { spec[name] = value }
        for list in ["containers", "initContainers"] {
            guard let containers = spec[list]?.array else { continue }
            spec[list] = .array(containers.map(container))
        }
        return spec
    }

    private static func container(_ container: JSONValue) -> JSONValue {
        var container = container
        let image = container["image"]?.string ?? ""
        let isLatest = !image.contains("@") && (!image.contains(":") || image.hasSuffix(":latest"))
        let defaults: [String: JSONValue] = [
            "imagePullPolicy": isLatest ? "Always" : "IfNotPresent",
            "terminationMessagePath": "/dev/termination-log",
            "terminationMessagePolicy": "File", "resources": [:],
        ]
        for (name, value) in defaults where container[name] == nil { container[name] = value }
        // Limits are requests where nothing is requested.
        for (name, limit) in container["resources"]?["limits"]?.object ?? [:]
        where container["resources"]?["requests"]?[name] == nil {
            if container["resources"]?["requests"] == nil { container["resources"]?["requests"] = [:] }
            container["resources"]?["requests"]?[name] = limit
        }
        return container
    }

    private static func job(_ object: JSONValue) -> JSONValue {
        var object = object
        if object["spec"] == nil { object["spec"] = [:] }
        let spec = object["spec"] ?? [:]
        if spec["completions"] == nil, spec["parallelism"] == nil { object["spec"]?["completions"] = 1 }
        let defaults: [String: JSONValue] = [
            "parallelism": 1, "completionMode": "NonIndexed", "suspend": false, "backoffLimit": 6,
            "podReplacementPolicy": "TerminatingOrFailed",
        ]
        for (name, value) in defaults where object["spec"]?[name] == nil { object["spec"]?[name] = value }
        if object["spec"]?["template"] == nil { object["spec"]?["template"] = [:] }
        let template = podSpec(object["spec"]?["template"]?["spec"] ?? [:])
        object["spec"]?["template"]?["spec"] = template
        object["status"] = object["status"] ?? [:]
        return object
    }

    /// What the server generates for a new Job: the selector of its pods, and their labels.
    static func generateSelector(_ object: inout JSONValue) {
        guard object["spec"]?["manualSelector"]?.bool != true else { return }
        if object["spec"]?["selector"] == nil {
            let uid = object.uid
            object["spec"]?["selector"] = [
                "matchLabels": ["batch.kubernetes.io/controller-uid": .string(uid)]
            ]
        }
        var labels = object["spec"]?["template"]?["metadata"]?["labels"] ?? [:]
        for prefix in ["", "batch.kubernetes.io/"] {
            labels["\(prefix)controller-uid"] = .string(object.uid)
            labels["\(prefix)job-name"] = .string(object.name)
        }
        var metadata = object["spec"]?["template"]?["metadata"] ?? [:]
        metadata["labels"] = labels
        object["spec"]?["template"]?["metadata"] = metadata
    }

    private static func service(_ object: JSONValue) -> JSONValue {
        var object = object
        if object["spec"] == nil { object["spec"] = [:] }
        let defaults: [String: JSONValue] = [
            "type": "ClusterIP", "sessionAffinity": "None", "clusterIP": "10.96.0.10",
            "internalTrafficPolicy": "Cluster",
        ]
        for (name, value) in defaults where object["spec"]?[name] == nil { object["spec"]?[name] = value }
        if let ports = object["spec"]?["ports"]?.array {
            object["spec"]?["ports"] = .array(
                ports.map { port in
                    var port = port
                    port["protocol"] = port["protocol"] ?? "TCP"
                    port["targetPort"] = port["targetPort"] ?? port["port"]
                    return port
                })
        }
        return object
    }

    private static func secret(_ object: JSONValue) -> JSONValue {
        var object = object
        object["type"] = object["type"] ?? "Opaque"
        return object
    }
}
