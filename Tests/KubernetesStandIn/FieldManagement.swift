import JSON

/// Who holds which fields of an object (`metadata.managedFields`).
struct FieldManagement {
    private struct Entry {
        var manager: String
        var operation: String
        var apiVersion: String
        var subresource: String?
        var fields: FieldSet
        var time: String

        var tree: JSONValue {
            var tree: JSONValue = [
                "manager": .string(manager), "operation": .string(operation),
                "apiVersion": .string(apiVersion),
                "fieldsType": "FieldsV1", "fieldsV1": fields.tree, "time": .string(time),
            ]
            tree["subresource"] = subresource.map { .string($0) }
            return tree
        }
    }

    private var entries: [Entry]

    init(of object: JSONValue) {
        entries = (object["metadata"]?["managedFields"]?.array ?? []).map { entry in
            Entry(
                manager: entry["manager"]?.string ?? "", operation: entry["operation"]?.string ?? "",
                apiVersion: entry["apiVersion"]?.string ?? "", subresource: entry["subresource"]?.string,
                fields: FieldSet(tree: entry["fieldsV1"] ?? [:]), time: entry["time"]?.string ?? "")
        }
    }

    /// Writes the entries into an object.
    func write(into object: inout JSONValue) {
        let kept = entries.filter { !$0.fields.paths.isEmpty }
        object["metadata"]?["managedFields"] = kept.isEmpty ? nil : .array(kept.map(\.tree))
    }

    // MARK: Updates

    /// A manager wrote the whole object: what it changed is its own from now on.
    mutating func update(
        from old: JSONValue?, to new: JSONValue, by manager: String, _ apiVersion: String,
        subresource: String?, time: String
    ) {
        let before = FieldSet(of: old ?? [:], status: true)
        let after = FieldSet(of: new, status: true)
        let changed = after.paths.filter { old?.value(at: $0) != new.value(at: $0) }
        let removed = before.paths.subtracting(after.paths)
        for index in entries.indices {
            entries[index].fields.paths.subtract(removed)
            entries[index].fields.paths.subtract(changed)
        }
        guard !changed.isEmpty else { return }
        add(changed, to: manager, "Update", apiVersion, subresource, time)
    }

    private mutating func add(
        _ paths: Set<FieldSet.Path>, to manager: String, _ operation: String, _ apiVersion: String,
        _ subresource: String?, _ time: String
    ) {
        let index = entries.firstIndex {
            $0.manager == manager && $0.operation == operation && $0.subresource == subresource
        }
        if let index {
            entries[index].fields.paths.formUnion(paths)
            entries[index].time = time
        } else {
            entries.append(
                Entry(
                    manager: manager, operation: operation, apiVersion: apiVersion, subresource: subresource,
                    fields: FieldSet(paths), time: time))
        }
    }

    // MARK: Server-side apply

    /// A manager applied a configuration: gives the object that follows from it.
    ///
    /// Throws 409 when another manager holds a field with another value, unless `force` takes it away from that one.
    mutating func apply(
        _ applied: JSONValue, to live: JSONValue, by manager: String, _ apiVersion: String, force: Bool,
        subresource: String?, time: String
    ) throws(APIFailure) -> JSONValue {
        let wanted = FieldSet(of: applied, status: subresource == "status").paths
        let isOwn: (Entry) -> Bool = {
            $0.manager == manager && $0.operation == "Apply" && $0.subresource == subresource
        }
        let conflicts = entries.filter { !isOwn($0) }.flatMap { entry in
            entry.fields.paths.intersection(wanted).filter {
                $0.last != "." && live.value(at: $0) != applied.value(at: $0)
            }.map { (manager: "\"\(entry.manager)\" using \(entry.apiVersion)", path: $0) }
        }
        guard force || conflicts.isEmpty else { throw FieldManagement.conflict(conflicts) }
        for index in entries.indices where !isOwn(entries[index]) {
            entries[index].fields.paths.subtract(conflicts.map(\.path))
        }
        // What it applied before and does not apply any more goes, unless somebody else holds it too.
        let before = entries.first(where: isOwn)
        let previous = before?.fields.paths ?? []
        let others = entries.filter { !isOwn($0) }.reduce(into: Set<FieldSet.Path>()) {
            $0.formUnion($1.fields.paths)
        }
        var result = live
        for path in previous.subtracting(wanted).subtracting(others).sorted(by: { $0.count < $1.count }) {
            result = result.removing(path[...])
        }
        entries.removeAll(where: isOwn)
        let merged = result.merging(applied)
        // Who changes nothing leaves the time of the last change, too: otherwise every apply would be a change.
        let isSame = merged == live && previous == wanted && conflicts.isEmpty
        add(wanted, to: manager, "Apply", apiVersion, subresource, isSame ? before?.time ?? time : time)
        return merged
    }

    private static func conflict(_ conflicts: [(manager: String, path: FieldSet.Path)]) -> APIFailure {
        let sorted = conflicts.map { (manager: $0.manager, field: FieldSet.text($0.path)) }
            .sorted { ($0.manager, $0.field) < ($1.manager, $1.field) }
        let count = sorted.count == 1 ? "1 conflict" : "\(sorted.count) conflicts"
        let words = sorted.map { "conflict with \($0.manager): \($0.field)" }.joined(separator: "\n")
        let causes = sorted.map { conflict -> JSONValue in
            [
                "reason": "FieldManagerConflict", "message": .string("conflict with \(conflict.manager)"),
                "field": .string(conflict.field),
            ]
        }
        return APIFailure(
            code: 409, reason: "Conflict", message: "Apply failed with \(count): \(words)",
            details: ["causes": .array(causes)])
    }
}
