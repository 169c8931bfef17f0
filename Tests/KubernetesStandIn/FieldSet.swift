import JSON

/// A set of an object's fields, as `managedFields` has them: each path in the elements of `fieldsV1` (`f:spec`, `k:{"name":"a"}`, `v:"x"`, `.`).
struct FieldSet {
    typealias Path = [String]

    /// How the lists of the built-in kinds are merged: by keys of their elements, as sets, or (all others) as a whole.
    private static let keys: [String: [String]] = [
        "containers": ["name"], "initContainers": ["name"], "ephemeralContainers": ["name"], "env": ["name"],
        "volumes": ["name"], "imagePullSecrets": ["name"], "volumeMounts": ["mountPath"],
        "volumeDevices": ["devicePath"], "ownerReferences": ["uid"], "conditions": ["type"],
        "hostAliases": ["ip"],
        "topologySpreadConstraints": ["topologyKey", "whenUnsatisfiable"], "secrets": ["name"],
    ]
    private static let sets: Set<String> = ["finalizers"]
    /// Fields of no manager.
    private static let unmanaged: Set<String> = [
        "name", "namespace", "uid", "resourceVersion", "creationTimestamp", "generation", "managedFields",
        "selfLink", "deletionTimestamp", "deletionGracePeriodSeconds", "generateName",
    ]

    var paths: Set<Path> = []

    init(_ paths: Set<Path> = []) { self.paths = paths }

    /// All fields of an object that a manager can hold.
    init(of object: JSONValue, status: Bool) {
        for (name, value) in object.object ?? [:] {
            switch name {
            case "apiVersion", "kind": continue
            case "status" where !status: continue
            case "metadata":
                for (name, value) in value.object ?? [:] where !FieldSet.unmanaged.contains(name) {
                    add(value, at: ["f:metadata", "f:\(name)"], called: name)
                }
            default: add(value, at: ["f:\(name)"], called: name)
            }
        }
    }

    private mutating func add(_ value: JSONValue, at path: Path, called name: String) {
        if let members = value.object, !members.isEmpty {
            for (name, value) in members { add(value, at: path + ["f:\(name)"], called: name) }
        } else if let elements = value.array, let keys = FieldSet.elementKeys(name, elements) {
            for (element, key) in zip(elements, keys) {
                let place = path + [key]
                paths.insert(place + ["."])
                for (name, value) in element.object ?? [:] {
                    add(value, at: place + ["f:\(name)"], called: name)
                }
            }
        } else {
            paths.insert(path)
        }
    }

    /// The path elements of a list's elements; nil for a list that is one value.
    static func elementKeys(_ name: String, _ elements: [JSONValue]) -> [String]? {
        if sets.contains(name) { return elements.map { "v:" + String(decoding: $0.bytes, as: UTF8.self) } }
        var fields = keys[name]
        if name == "ports" {
            // Of containers and of services.
            fields =
                elements.allSatisfy { $0["containerPort"] != nil }
                ? ["containerPort", "protocol"] : ["port", "protocol"]
        }
        guard let fields else { return nil }
        return elements.map { element in
            var key: JSONValue = [:]
            for field in fields { key[field] = element[field] ?? (field == "protocol" ? "TCP" : nil) }
            return "k:" + String(decoding: key.bytes, as: UTF8.self)
        }
    }

    // MARK: As the server writes it

    /// The value of `fieldsV1`.
    var tree: JSONValue {
        var tree: JSONValue = [:]
        for path in paths { tree = FieldSet.adding(path[...], to: tree) }
        return tree
    }

    private static func adding(_ path: ArraySlice<String>, to tree: JSONValue) -> JSONValue {
        guard let first = path.first else { return tree }
        var tree = tree
        tree[first] = adding(path.dropFirst(), to: tree[first] ?? [:])
        return tree
    }

    /// Reads `fieldsV1`.
    init(tree: JSONValue) {
        add(tree, under: [])
    }

    private mutating func add(_ tree: JSONValue, under path: Path) {
        guard let members = tree.object, !members.isEmpty else {
            if !path.isEmpty { paths.insert(path) }
            return
        }
        for (name, value) in members { add(value, under: path + [name]) }
    }

    /// A path as messages have it: `.spec.template.spec.containers[name="a"].image`.
    static func text(_ path: Path) -> String {
        path.map { element in
            if element.hasPrefix("f:") { return ".\(element.dropFirst(2))" }
            if element.hasPrefix("v:") { return "[=\(element.dropFirst(2))]" }
            guard element.hasPrefix("k:"), let key = try? JSONValue(parsing: element.dropFirst(2).utf8) else {
                return ""
            }
            let parts = (key.object ?? [:]).sorted { $0.key < $1.key }.map {
                "\($0.key)=\(String(decoding: $0.value.bytes, as: UTF8.self))"
            }
            return "[\(parts.joined(separator: ","))]"
        }.joined()
    }
}

extension JSONValue {
    /// The value at a path of a field set; nil when there is none.
    func value(at path: FieldSet.Path) -> JSONValue? {
        var (current, name) = (self, "")
        for element in path {
            if element == "." { return current }
            if element.hasPrefix("f:") {
                name = String(element.dropFirst(2))
                guard let next = current[name] else { return nil }
                current = next
            } else {
                guard let elements = current.array, let keys = FieldSet.elementKeys(name, elements),
                    let index = keys.firstIndex(of: element)
                else { return nil }
                current = elements[index]
            }
        }
        return current
    }

    /// This without what is at a path of a field set. Of an element of a list, only its own entry (`.`) removes it.
    func removing(_ path: ArraySlice<String>, called name: String = "") -> JSONValue {
        guard let first = path.first else { return self }
        let rest = path.dropFirst()
        if first.hasPrefix("f:") {
            let name = String(first.dropFirst(2))
            guard let child = self[name] else { return self }
            var result = self
            result[name] = rest.isEmpty ? nil : child.removing(rest, called: name)
            return result
        }
        guard var elements = array, let keys = FieldSet.elementKeys(name, elements),
            let index = keys.firstIndex(of: first)
        else { return self }
        if rest.isEmpty || rest.first == "." {
            elements.remove(at: index)
        } else {
            elements[index] = elements[index].removing(rest)
        }
        return .array(elements)
    }

    /// This with an applied configuration merged in.
    func merging(_ applied: JSONValue, called name: String = "") -> JSONValue {
        if case .object(let new) = applied, case .object(var old) = self {
            for (name, value) in new { old[name] = old[name]?.merging(value, called: name) ?? value }
            return .object(old)
        }
        if case .array(let new) = applied, case .array(var old) = self,
            let newKeys = FieldSet.elementKeys(name, new), let oldKeys = FieldSet.elementKeys(name, old)
        {
            for (element, key) in zip(new, newKeys) {
                if let index = oldKeys.firstIndex(of: key) {
                    old[index] = old[index].merging(element)
                } else {
                    old.append(element)
                }
            }
            return .array(old)
        }
        return applied
    }
}
