import JSON

/// What a real server refuses, in its words. README.md says where each rule comes from.
struct Validation {
    private(set) var mistakes: [FieldMistake] = []
    private let kind: ServedKind

    init(_ kind: ServedKind) { self.kind = kind }

    // MARK: Whole objects

    /// A new object.
    static func created(_ object: JSONValue, _ kind: ServedKind) -> [FieldMistake] {
        var validation = Validation(kind)
        validation.metadata(object)
        validation.specification(object)
        return validation.mistakes
    }

    /// An object that changes.
    static func updated(from old: JSONValue, to new: JSONValue, _ kind: ServedKind) -> [FieldMistake] {
        var validation = Validation(kind)
        validation.metadata(new)
        validation.metadataChange(from: old, to: new)
        validation.specification(new)
        validation.immutables(from: old, to: new)
        return validation.mistakes
    }

    private mutating func specification(_ object: JSONValue) {
        switch kind.kind {
        case "Pod": podSpec(object["spec"] ?? [:], at: "spec", object)
        case "Job": job(object)
        case "Service": service(object["spec"] ?? [:])
        case "ConfigMap", "Secret": keys(object)
        default: break
        }
    }

    mutating func note(_ mistake: FieldMistake) { mistakes.append(mistake) }

    // MARK: Metadata

    private mutating func metadata(_ object: JSONValue) {
        let name = object.name
        if name.isEmpty {
            note(.required("metadata.name", "name or generateName is required"))
        } else if kind.plural == "services", !NameRules.isDNS1035(name) {
            note(.invalid("metadata.name", .string(name), NameRules.dns1035Words))
        } else if ["namespaces"].contains(kind.plural), !NameRules.isLabel(name) {
            note(.invalid("metadata.name", .string(name), NameRules.labelWords))
        } else if kind.group == "rbac.authorization.k8s.io" {
            if name.contains("/") || name.contains("%") || name == "." || name == ".." {
                note(.invalid("metadata.name", .string(name), "may not contain '/'"))
            }
        } else if !NameRules.isSubdomain(name) {
            note(.invalid("metadata.name", .string(name), NameRules.subdomainWords))
        }
        labels(object["metadata"]?["labels"], at: "metadata.labels")
        annotations(object["metadata"]?["annotations"])
        for (index, finalizer) in object.finalizers.enumerated() where !finalizer.contains("/") {
            guard !["orphan", "foregroundDeletion", "kubernetes"].contains(finalizer) else { continue }
            note(
                .invalid(
                    "metadata.finalizers[\(index)]", .string(finalizer),
                    "name is neither a standard finalizer name nor is it fully qualified"))
        }
        owners(object)
    }

    private mutating func owners(_ object: JSONValue) {
        for (index, owner) in (object["metadata"]?["ownerReferences"]?.array ?? []).enumerated() {
            for field in ["apiVersion", "kind", "name", "uid"] where owner[field]?.string?.isEmpty ?? true {
                note(
                    .invalid(
                        "metadata.ownerReferences[\(index)].\(field)", .string(""),
                        "\(field) must not be empty"))
            }
        }
    }

    mutating func labels(_ labels: JSONValue?, at field: String) {
        for (key, value) in (labels?.object ?? [:]).sorted(by: { $0.key < $1.key }) {
            labelKey(key, at: field)
            let text = value.string ?? ""
            if text.utf8.count > 63 {
                note(.invalid(field, value, "must be no more than 63 bytes"))
            } else if !NameRules.isLabelValue(text) {
                note(.invalid(field, value, NameRules.labelValueWords))
            }
        }
    }

    mutating func labelKey(_ key: String, at field: String) {
        guard !NameRules.isLabelKey(key) else { return }
        let part = key.split(separator: "/").last ?? ""
        note(
            .invalid(
                field, .string(key),
                part.utf8.count > 63
                    ? "name part must be no more than 63 bytes" : NameRules.qualifiedNameWords))
    }

    private mutating func annotations(_ annotations: JSONValue?) {
        var size = 0
        for (key, value) in (annotations?.object ?? [:]).sorted(by: { $0.key < $1.key }) {
            labelKey(key.lowercased(), at: "metadata.annotations")
            size += key.utf8.count + (value.string?.utf8.count ?? 0)
        }
        if size > 262_144 { note(.tooLong("metadata.annotations", 262_144)) }
    }

    private mutating func metadataChange(from old: JSONValue, to new: JSONValue) {
        for field in ["name", "namespace", "uid", "creationTimestamp"]
        where old["metadata"]?[field] != new["metadata"]?[field] {
            note(.invalid("metadata.\(field)", new["metadata"]?[field] ?? .null, "field is immutable"))
        }
        let more = Set(new.finalizers).subtracting(old.finalizers)
        if old.isBeingDeleted, !more.isEmpty {
            let list = more.sorted().map { "\"\($0)\"" }.joined(separator: ", ")
            note(
                .forbidden(
                    "metadata.finalizers",
                    "no new finalizers can be added if the object is being deleted, found new finalizers []string{\(list)}"
                ))
        }
    }

    // MARK: Small kinds

    private mutating func service(_ spec: JSONValue) {
        let ports = spec["ports"]?.array ?? []
        let isHeadless = spec["clusterIP"]?.string == "None"
        if ports.isEmpty, !isHeadless, spec["type"]?.string != "ExternalName" {
            note(.required("spec.ports"))
        }
        var names: Set<String> = []
        for (index, port) in ports.enumerated() {
            let name = port["name"]?.string ?? ""
            if name.isEmpty, ports.count > 1 { note(.required("spec.ports[\(index)].name")) }
            if !name.isEmpty, !NameRules.isLabel(name) {
                note(.invalid("spec.ports[\(index)].name", .string(name), NameRules.labelWords))
            }
            if !name.isEmpty, !names.insert(name).inserted {
                note(.duplicate("spec.ports[\(index)].name", .string(name)))
            }
            self.port(port["port"], at: "spec.ports[\(index)].port")
        }
        labels(spec["selector"], at: "spec.selector")
    }

    private mutating func keys(_ object: JSONValue) {
        var size = 0
        for (key, value) in (object["data"]?.object ?? [:]).sorted(by: { $0.key < $1.key }) {
            size += value.string?.utf8.count ?? 0
            let isValid =
                !key.isEmpty && key.utf8.count <= 253 && key != "." && !key.hasPrefix("..")
                && key.utf8.allSatisfy { byte in
                    (97...122).contains(byte) || (65...90).contains(byte) || (48...57).contains(byte)
                        || "-_.".utf8.contains(byte)
                }
            guard !isValid else { continue }
            note(
                .invalid(
                    "data[\(key)]", .string(key),
                    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
                ))
        }
        if size > 1_048_576 { note(.tooLong("", 1_048_576)) }
    }

    mutating func port(_ value: JSONValue?, at field: String) {
        guard let value, let number = value.integer else { return note(.required(field)) }
        if !(1...65_535).contains(number) {
            note(.invalid(field, value, "must be between 1 and 65535, inclusive"))
        }
    }

    mutating func notNegative(_ value: JSONValue?, at field: String) {
        guard let value, let number = value.integer, number < 0 else { return }
        note(.invalid(field, value, "must be greater than or equal to 0"))
    }

    mutating func oneOf(_ value: JSONValue?, _ known: [String], at field: String) {
        guard let value, let text = value.string, !known.contains(text) else { return }
        note(.notSupported(field, value, known))
    }

    // MARK: What may not change

    private mutating func immutables(from old: JSONValue, to new: JSONValue) {
        switch kind.kind {
        case "Job":
            immutable(["selector", "completionMode", "podFailurePolicy", "managedBy"], old, new)
            // A suspended Job that never started may get other places to run and other resources.
            let mayMove = old["spec"]?["suspend"]?.bool == true && old["status"]?["startTime"] == nil
            if !mayMove { immutable(["template"], old, new) }
            if new["spec"]?["completionMode"]?.string != "Indexed" { immutable(["completions"], old, new) }
        case "Pod": podChange(from: old, to: new)
        case "Service":
            if let address = old["spec"]?["clusterIP"], address != new["spec"]?["clusterIP"] {
                note(.invalid("spec.clusterIP", new["spec"]?["clusterIP"] ?? .null, "field is immutable"))
            }
        case "ConfigMap", "Secret":
            guard old["immutable"]?.bool == true else { return }
            for field in ["data", "binaryData"] where old[field] != new[field] {
                note(.forbidden(field, "field is immutable when `immutable` is set"))
            }
            if new["immutable"]?.bool != true {
                note(.forbidden("immutable", "field is immutable when `immutable` is set"))
            }
        default: break
        }
    }

    private mutating func immutable(_ fields: [String], _ old: JSONValue, _ new: JSONValue) {
        for field in fields where old["spec"]?[field] != new["spec"]?[field] {
            note(.invalid("spec.\(field)", new["spec"]?[field] ?? .null, "field is immutable"))
        }
    }

    private mutating func podChange(from old: JSONValue, to new: JSONValue) {
        var allowed = new["spec"] ?? [:]
        for list in ["containers", "initContainers"] {
            guard let before = old["spec"]?[list]?.array, let after = allowed[list]?.array,
                before.count == after.count
            else { continue }
            allowed[list] = .array(
                zip(before, after).map { before, after in
                    var container = after
                    container["image"] = before["image"]
                    return container
                })
        }
        for field in ["activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds"] {
            allowed[field] = old["spec"]?[field]
        }
        guard allowed != old["spec"] else { return }
        note(
            .forbidden(
                "spec",
                "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
            ))
    }
}
