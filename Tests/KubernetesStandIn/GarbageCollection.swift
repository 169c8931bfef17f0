import JSON

/// What follows a deletion, as the garbage collector does it: later, not in the request.
extension Cluster {
    /// One round; true when it changed something, so that another may.
    mutating func collectGarbage(now: String) -> Bool {
        var owners: [String: JSONValue] = [:]
        for object in objects.values.flatMap(\.values) { owners[object.uid] = object }
        var hasChanged = false
        for (kind, collection) in objects {
            for object in collection.values.sorted(by: { $0.name < $1.name }) {
                if collect(object, kind, owners, now) { hasChanged = true }
            }
        }
        return hasChanged
    }

    private mutating func collect(
        _ object: JSONValue, _ kind: ServedKind, _ owners: [String: JSONValue], _ now: String
    ) -> Bool {
        if object.isBeingDeleted, object.finalizers.contains("orphan") {
            releaseDependents(of: object)
            return finish("orphan", object, kind)
        }
        if object.isBeingDeleted, object.finalizers.contains("foregroundDeletion"),
            dependents(of: object).isEmpty
        {
            return finish("foregroundDeletion", object, kind)
        }
        let references = object["metadata"]?["ownerReferences"]?.array ?? []
        guard !references.isEmpty, !object.isBeingDeleted else { return false }
        // An owner that is deleted in the foreground waits for its dependents; one that is gone has left them.
        let alive = references.filter { reference in
            guard let owner = owners[reference["uid"]?.string ?? ""] else { return false }
            return !(owner.isBeingDeleted && owner.finalizers.contains("foregroundDeletion"))
        }
        guard alive.isEmpty else { return false }
        // The collector is refused by nothing here: it names no precondition.
        return (try? delete(object, kind, options: ["propagationPolicy": "Background"], now: now)) != nil
    }

    private func dependents(of owner: JSONValue) -> [(ServedKind, JSONValue)] {
        objects.flatMap { kind, collection in
            collection.values.filter { object in
                object["metadata"]?["ownerReferences"]?.array?.contains { $0["uid"]?.string == owner.uid }
                    ?? false
            }.map { (kind, $0) }
        }
    }

    private mutating func releaseDependents(of owner: JSONValue) {
        for (kind, var object) in dependents(of: owner) {
            let rest =
                object["metadata"]?["ownerReferences"]?.array?.filter { $0["uid"]?.string != owner.uid } ?? []
            object["metadata"]?["ownerReferences"] = rest.isEmpty ? nil : .array(rest)
            _ = put(kind, object)
        }
    }

    /// Takes a finalizer off, and the object with the last one.
    @discardableResult
    mutating func finish(_ finalizer: String, _ object: JSONValue, _ kind: ServedKind) -> Bool {
        guard var current = self.object(kind, object.namespace, object.name), current.uid == object.uid else {
            return false
        }
        let rest = current.finalizers.filter { $0 != finalizer }
        current["metadata"]?["finalizers"] = rest.isEmpty ? nil : .array(rest.map { .string($0) })
        if rest.isEmpty, current.isBeingDeleted, !Cluster.waitsForGrace(current, kind) {
            remove(kind, current.namespace, current.name)
        } else {
            _ = put(kind, current)
        }
        return true
    }
}
