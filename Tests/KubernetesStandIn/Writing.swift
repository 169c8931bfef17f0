import JSON
import Runtime

/// Creating, changing and deleting, as the server does them: decode, default, validate, admit, store.
extension Cluster {
    /// Reads a request's object. Unknown members are dropped, and are in `warnings`; refused where the request is strict.
    func decode(
        _ body: JSONValue, _ request: APIRequest, warnings: inout [String]
    ) throws(APIFailure) -> JSONValue {
        guard body.object != nil else { throw .badRequest("the request body is no object") }
        let kind = request.kind
        if let value = body["kind"]?.string, value != kind.kind {
            throw .badRequest(
                "\(value) in version \"\(kind.version)\" cannot be handled as a \(kind.kind): no kind \"\(value)\" is registered for version \"\(kind.apiVersion)\""
            )
        }
        if let value = body["apiVersion"]?.string, value != kind.apiVersion {
            throw .badRequest(
                "the API version in the data (\(value)) does not match the expected API version (\(kind.apiVersion))"
            )
        }
        var object = body
        if let schema = Schema.of(kind) {
            var findings = Schema.Findings()
            object = schema.decode(body, at: "", &findings)
            if let mismatch = findings.mismatch {
                throw .badRequest(
                    "\(kind.kind) in version \"\(kind.version)\" cannot be handled as a \(kind.kind): json: cannot unmarshal \(mismatch.found) into Go struct field \(kind.kind).\(mismatch.path) of type \(mismatch.wanted)"
                )
            }
            let unknown = findings.unknown.map { "unknown field \"\($0)\"" }
            switch request.query("fieldValidation") ?? "Warn" {
            case "Strict" where !unknown.isEmpty:
                throw .badRequest(
                    "\(kind.kind) in version \"\(kind.version)\" cannot be handled as a \(kind.kind): strict decoding error: \(unknown.joined(separator: ", "))"
                )
            case "Warn": warnings += unknown
            default: break
            }
        }
        try Cluster.checkQuantities(object, kind)
        object["apiVersion"] = .string(kind.apiVersion)
        object["kind"] = .string(kind.kind)
        if object["metadata"] == nil { object["metadata"] = [:] }
        return object
    }

    private static func checkQuantities(_ object: JSONValue, _ kind: ServedKind) throws(APIFailure) {
        let spec = kind.kind == "Job" ? object["spec"]?["template"]?["spec"] : object["spec"]
        let containers = (spec?["containers"]?.array ?? []) + (spec?["initContainers"]?.array ?? [])
        for container in containers {
            for part in ["limits", "requests"] {
                for (_, value) in container["resources"]?[part]?.object ?? [:] where Quantity(value) == nil {
                    throw .badRequest(
                        "\(kind.kind) in version \"\(kind.version)\" cannot be handled as a \(kind.kind): quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
                    )
                }
            }
        }
    }

    // MARK: Create

    mutating func create(
        _ body: JSONValue, _ request: APIRequest, manager: String, now: String
    ) throws(APIFailure) -> JSONValue {
        let kind = request.kind
        var object = body
        if kind.isNamespaced {
            guard let namespace = request.namespace else {
                throw .badRequest("an empty namespace may not be set during creation")
            }
            if let own = object.namespace, own != namespace {
                throw .badRequest(
                    "the namespace of the provided object does not match the namespace sent on the request")
            }
            object["metadata"]?["namespace"] = .string(namespace)
        }
        if let version = object["metadata"]?["resourceVersion"]?.string, !version.isEmpty {
            throw .badRequest("resourceVersion should not be set on objects to be created")
        }
        if object.name.isEmpty, let prefix = object["metadata"]?["generateName"]?.string, !prefix.isEmpty {
            object["metadata"]?["name"] = .string(generatedName(prefix, kind, request.namespace))
        }
        for field in ["managedFields", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink"] {
            object["metadata"]?[field] = nil
        }
        // A new object has no status: that is for controllers.
        if kind.hasStatus { object["status"] = nil }
        object["metadata"]?["uid"] = .string(makeUID())
        object["metadata"]?["creationTimestamp"] = .string(now)
        if kind.hasGeneration { object["metadata"]?["generation"] = 1 }
        object = Cluster.withoutStringData(Defaults.fill(object, kind), kind)
        if kind == .job { Defaults.generateSelector(&object) }
        let mistakes = Validation.created(object, kind)
        guard mistakes.isEmpty else { throw .invalid(kind, object.name, mistakes) }
        // The order of a real server: an object that exists is found when it is stored, after everything else.
        try admit(object, kind)
        guard self.object(kind, object.namespace, object.name) == nil else {
            throw .alreadyExists(kind, object.name)
        }
        var management = FieldManagement(of: [:])
        management.update(from: nil, to: object, by: manager, kind.apiVersion, subresource: nil, time: now)
        management.write(into: &object)
        return request.isDryRun ? object : put(kind, object)
    }

    /// Texts of a Secret are stored in base64.
    private static func withoutStringData(_ object: JSONValue, _ kind: ServedKind) -> JSONValue {
        guard kind.plural == "secrets", let texts = object["stringData"]?.object else { return object }
        var object = object
        var data = object["data"] ?? [:]
        for (name, text) in texts { data[name] = .string(Base64.encode(Array((text.string ?? "").utf8))) }
        object["data"] = data
        object["stringData"] = nil
        return object
    }

    private func generatedName(_ prefix: String, _ kind: ServedKind, _ namespace: String?) -> String {
        let letters = Array("bcdfghjklmnpqrstvwxz2456789")
        let suffix = String((0..<5).compactMap { _ in letters.randomElement() })
        // The prefix is cut so that the name fits.
        return String(prefix.prefix(58)) + suffix
    }

    // MARK: Change

    /// Stores a changed object in place of `old`.
    mutating func replace(
        _ old: JSONValue, by body: JSONValue, _ request: APIRequest, manager: String, now: String,
        management: FieldManagement? = nil
    ) throws(APIFailure) -> JSONValue {
        let kind = request.kind
        if let version = body["metadata"]?["resourceVersion"]?.string, !version.isEmpty,
            version != old["metadata"]?["resourceVersion"]?.string
        {
            throw .stale(kind, old.name)
        }
        if let uid = body["metadata"]?["uid"]?.string, !uid.isEmpty, uid != old.uid {
            throw .conflict(
                kind, old.name,
                "Precondition failed: UID in precondition: \(uid), UID in object meta: \(old.uid)")
        }
        var new = Cluster.combined(old, body, request)
        new = Cluster.withoutStringData(Defaults.fill(new, kind), kind)
        if kind.hasGeneration, new["spec"] != old["spec"] {
            new["metadata"]?["generation"] = .integer((old["metadata"]?["generation"]?.integer ?? 0) + 1)
        }
        let mistakes = Validation.updated(from: old, to: new, kind)
        guard mistakes.isEmpty else { throw .invalid(kind, old.name, mistakes) }
        var fields = management ?? FieldManagement(of: old)
        if management == nil {
            let part = request.subresource.isEmpty ? nil : request.subresource
            fields.update(from: old, to: new, by: manager, kind.apiVersion, subresource: part, time: now)
        }
        fields.write(into: &new)
        if request.isDryRun { return new }
        // Without a difference nothing is written, and the version stays.
        guard new != old else { return old }
        if new.isBeingDeleted, new.finalizers.isEmpty, !Cluster.waitsForGrace(new, kind) {
            return remove(kind, old.namespace, old.name) ?? new
        }
        return put(kind, new)
    }

    /// What of a new object counts: of the object itself all but the status, of the status only the status, and never what the server keeps.
    private static func combined(_ old: JSONValue, _ body: JSONValue, _ request: APIRequest) -> JSONValue {
        var new = body
        if request.subresource == "status" {
            new = old
            new["status"] = body["status"]
            // Of the metadata a status may carry labels, annotations and finalizers of controllers; these stay as they are here.
            return new
        }
        if request.kind.hasStatus { new["status"] = old["status"] }
        for field in [
            "uid", "creationTimestamp", "generation", "deletionTimestamp", "deletionGracePeriodSeconds",
            "resourceVersion", "managedFields",
        ] {
            new["metadata"]?[field] = old["metadata"]?[field]
        }
        new["metadata"]?["namespace"] = old["metadata"]?["namespace"]
        return new
    }

    // MARK: Delete

    static func waitsForGrace(_ object: JSONValue, _ kind: ServedKind) -> Bool {
        guard kind == .pod, object["spec"]?["nodeName"] != nil else { return false }
        return (object["metadata"]?["deletionGracePeriodSeconds"]?.integer ?? 0) > 0
    }

    /// Deletes an object, or marks it to be deleted while finalizers, its grace or its dependents hold it.
    ///
    /// - Returns: the object as it is afterwards, and whether it is gone.
    mutating func delete(
        _ object: JSONValue, _ kind: ServedKind, options: JSONValue, now: String
    ) throws(APIFailure) -> (object: JSONValue, isGone: Bool) {
        let preconditions = options["preconditions"]
        if let uid = preconditions?["uid"]?.string, uid != object.uid {
            throw .conflict(
                kind, object.name,
                "Precondition failed: UID in precondition: \(uid), UID in object meta: \(object.uid)")
        }
        let version = object["metadata"]?["resourceVersion"]?.string ?? ""
        if let wanted = preconditions?["resourceVersion"]?.string, wanted != version {
            throw .conflict(
                kind, object.name,
                "Precondition failed: ResourceVersion in precondition: \(wanted), ResourceVersion in object meta: \(version)"
            )
        }
        if let policy = options["propagationPolicy"], options["orphanDependents"] != nil {
            _ = policy
            throw .badRequest("orphanDependents and deletionPropagation cannot be both set")
        }
        var marked = object
        if let finalizer = Cluster.propagationFinalizer(options, kind),
            !object.finalizers.contains(finalizer),
            !object.isBeingDeleted
        {
            marked["metadata"]?["finalizers"] = .array((object.finalizers + [finalizer]).map { .string($0) })
        }
        let grace = Cluster.grace(object, kind, options)
        if !marked.isBeingDeleted {
            marked["metadata"]?["deletionTimestamp"] = .string(now)
        }
        if kind == .pod || marked["metadata"]?["deletionGracePeriodSeconds"] == nil {
            marked["metadata"]?["deletionGracePeriodSeconds"] = .integer(Int64(grace))
        }
        if options["dryRun"]?.array?.contains("All") == true { return (marked, marked.finalizers.isEmpty) }
        if marked.finalizers.isEmpty, grace == 0 {
            return (remove(kind, object.namespace, object.name) ?? marked, true)
        }
        return (marked == object ? object : put(kind, marked), false)
    }

    /// A pod that runs is given time; whatever else is deleted goes at once.
    private static func grace(_ object: JSONValue, _ kind: ServedKind, _ options: JSONValue) -> Int {
        guard kind == .pod, object["spec"]?["nodeName"] != nil else { return 0 }
        if ["Succeeded", "Failed"].contains(object["status"]?["phase"]?.string ?? "") { return 0 }
        let wanted =
            options["gracePeriodSeconds"]?.integer
            ?? object["spec"]?["terminationGracePeriodSeconds"]?.integer
        return Int(clamping: wanted ?? 30)
    }

    private static func propagationFinalizer(_ options: JSONValue, _ kind: ServedKind) -> String? {
        switch options["propagationPolicy"]?.string {
        case "Orphan": "orphan"
        case "Foreground": "foregroundDeletion"
        case "Background": nil
        // As it has been since Jobs came: without a word about it, their pods stay behind.
        case nil where kind == .job: "orphan"
        default: nil
        }
    }
}

/// RFC 4648, so that this target needs no Foundation.
enum Base64 {
    static func encode(_ bytes: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        var text = ""
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let chunk = bytes[start..<min(start + 3, bytes.count)]
            let bits = chunk.reduce(0) { $0 << 8 | Int($1) } << ((3 - chunk.count) * 8)
            for place in 0..<4 {
                text.append(place > chunk.count ? "=" : alphabet[bits >> (18 - 6 * place) & 63])
            }
        }
        return text
    }
}
