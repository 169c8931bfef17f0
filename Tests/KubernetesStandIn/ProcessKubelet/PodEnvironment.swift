import JSON

/// The variables of a container, and the words of its command with references to them replaced.
struct PodEnvironment {
    /// Why a container cannot be created: the kubelet's words, for `CreateContainerConfigError`.
    struct Failure: Error {
        var message: String
    }

    /// In the order of the pod's list: later ones may refer to earlier ones.
    private(set) var variables: [String: String] = [:]

    /// Reads `envFrom` and `env` of a container.
    ///
    /// - Parameters:
    ///   - pod: as it is now, with its node and its address.
    ///   - find: reads a Secret or a ConfigMap of the pod's namespace, by the collection and the name.
    init(
        _ container: JSONValue, of pod: JSONValue, find: (_ plural: String, _ name: String) -> JSONValue?
    ) throws(Failure) {
        for source in container["envFrom"]?.array ?? [] {
            for (plural, member) in [("secrets", "secretRef"), ("configmaps", "configMapRef")] {
                guard let reference = source[member] else { continue }
                let values = try PodEnvironment.values(plural, reference, find)
                for (key, value) in values { variables[(source["prefix"]?.string ?? "") + key] = value }
            }
        }
        for entry in container["env"]?.array ?? [] {
            guard let name = entry["name"]?.string else { continue }
            if let source = entry["valueFrom"] {
                variables[name] = try PodEnvironment.value(source, container, pod, find)
            } else {
                variables[name] = expand(entry["value"]?.string ?? "")
            }
        }
    }

    /// `$(NAME)` is the variable's value, `$$(NAME)` the text `$(NAME)`; what nobody has defined stays as it is.
    func expand(_ text: String) -> String {
        var result = ""
        var rest = text[...]
        while let dollar = rest.firstIndex(of: "$") {
            result += rest[..<dollar]
            rest = rest[rest.index(after: dollar)...]
            switch rest.first {
            case "$":
                result += "$"
                rest = rest.dropFirst()
            case "(":
                guard let end = rest.firstIndex(of: ")") else { return result + "$" + rest }
                let name = String(rest[rest.index(after: rest.startIndex)..<end])
                result += variables[name] ?? "$(\(name))"
                rest = rest[rest.index(after: end)...]
            default: result += "$"
            }
        }
        return result + rest
    }

    // MARK: Sources

    private static func values(
        _ plural: String, _ reference: JSONValue, _ find: (String, String) -> JSONValue?
    ) throws(Failure) -> [String: String] {
        let name = reference["name"]?.string ?? ""
        guard let object = find(plural, name) else {
            if reference["optional"]?.bool == true { return [:] }
            throw Failure(message: "\(plural.dropLast()) \"\(name)\" not found")
        }
        return PodVolumes.texts(of: object)
    }

    private static func value(
        _ source: JSONValue, _ container: JSONValue, _ pod: JSONValue, _ find: (String, String) -> JSONValue?
    ) throws(Failure) -> String? {
        if let path = source["fieldRef"]?["fieldPath"]?.string {
            guard let value = field(path, of: pod) else {
                throw Failure(message: "unsupported fieldPath: \(path)")
            }
            return value
        }
        if let reference = source["resourceFieldRef"] {
            let path = (reference["resource"]?.string ?? "").split(separator: ".").map(String.init)
            let amount = path.count == 2 ? container["resources"]?[path[0]]?[path[1]] : nil
            return amount?.string ?? amount?.integer.map { "\($0)" } ?? "0"
        }
        for (plural, member) in [("secrets", "secretKeyRef"), ("configmaps", "configMapKeyRef")] {
            guard let reference = source[member] else { continue }
            let key = reference["key"]?.string ?? ""
            if let value = try values(plural, reference, find)[key] { return value }
            if reference["optional"]?.bool == true { return nil }
            throw Failure(
                message: "couldn't find key \(key) in \(plural.dropLast()) \(reference["name"]?.string ?? "")"
            )
        }
        throw Failure(message: "a variable's source is of no kind that is known")
    }

    /// What the downward API says of a pod; nil for what it does not have.
    static func field(_ path: String, of pod: JSONValue) -> String? {
        for part in ["labels", "annotations"] where path.hasPrefix("metadata.\(part)['") {
            let key = path.dropFirst("metadata.\(part)['".count).dropLast(2)
            return pod["metadata"]?[part]?[String(key)]?.string ?? ""
        }
        switch path {
        case "metadata.name": return pod.name
        case "metadata.namespace": return pod.namespace
        case "metadata.uid": return pod.uid
        case "spec.nodeName": return pod["spec"]?["nodeName"]?.string
        case "spec.serviceAccountName": return pod["spec"]?["serviceAccountName"]?.string ?? "default"
        case "status.hostIP", "status.hostIPs": return "127.0.0.1"
        case "status.podIP", "status.podIPs": return pod["status"]?["podIP"]?.string
        default: return nil
        }
    }
}
