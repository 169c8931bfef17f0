import JSON
import Runtime

/// What a cluster remembers: objects, the order of all changes, and how far back they are known.
struct Cluster {
    /// A change of a collection.
    struct Change {
        var revision: Int
        /// What the object is after it; for a removal what it was last, with the removal's revision.
        var object: JSONValue
        /// What it was before; nil when it was made.
        var previous: JSONValue?
        var isRemoval: Bool
    }

    private(set) var revision = 1000
    /// Changes up to this one are forgotten.
    private(set) var compacted = 0
    private(set) var objects: [ServedKind: [String: JSONValue]] = [:]
    private var changes: [ServedKind: [Change]] = [:]
    /// What collections were when a list in chunks began.
    private var snapshots: [String: [String: JSONValue]] = [:]
    private var nextUID = 1

    static func key(_ namespace: String?, _ name: String) -> String { "\(namespace ?? "")/\(name)" }

    func object(_ kind: ServedKind, _ namespace: String?, _ name: String) -> JSONValue? {
        objects[kind]?[Cluster.key(namespace, name)]
    }

    /// The objects of a collection in the order of their keys, which is that of lists.
    func collection(_ kind: ServedKind, in namespace: String?) -> [JSONValue] {
        Cluster.ordered(objects[kind] ?? [:], in: namespace).map(\.value)
    }

    static func ordered(
        _ objects: [String: JSONValue], in namespace: String?
    ) -> [(key: String, value: JSONValue)] {
        let chosen =
            namespace.map { namespace in objects.filter { $0.key.hasPrefix("\(namespace)/") } } ?? objects
        return chosen.sorted { $0.key < $1.key }
    }

    // MARK: Changes

    /// Writes an object, new or changed, under the next revision, and gives it as it is then.
    mutating func put(_ kind: ServedKind, _ object: JSONValue) -> JSONValue {
        revision += 1
        var object = object
        object["metadata"]?["resourceVersion"] = .string("\(revision)")
        let key = Cluster.key(object.namespace, object.name)
        let previous = objects[kind, default: [:]].updateValue(object, forKey: key)
        changes[kind, default: []].append(
            Change(revision: revision, object: object, previous: previous, isRemoval: false))
        return object
    }

    /// Removes an object, and gives it as it was last.
    @discardableResult
    mutating func remove(_ kind: ServedKind, _ namespace: String?, _ name: String) -> JSONValue? {
        guard let previous = objects[kind]?.removeValue(forKey: Cluster.key(namespace, name)) else {
            return nil
        }
        revision += 1
        var object = previous
        object["metadata"]?["resourceVersion"] = .string("\(revision)")
        changes[kind, default: []].append(
            Change(revision: revision, object: object, previous: previous, isRemoval: true))
        return object
    }

    /// A new uid: in the form of the real ones, and in order.
    mutating func makeUID() -> String {
        defer { nextUID += 1 }
        let digits = String(nextUID, radix: 16)
        return "00000000-0000-4000-8000-" + String(repeating: "0", count: max(12 - digits.count, 0)) + digits
    }

    // MARK: The past

    /// The changes of a collection after `revision`.
    func changes(of kind: ServedKind, after revision: Int) -> ArraySlice<Change> {
        let all = changes[kind] ?? []
        var (low, high) = (all.startIndex, all.endIndex)
        while low < high {
            let middle = (low + high) / 2
            if all[middle].revision <= revision { low = middle + 1 } else { high = middle }
        }
        return all[low...]
    }

    /// Forgets all changes so far, and lists that have begun.
    mutating func compact() {
        compacted = revision
        for kind in changes.keys { changes[kind]?.removeAll { $0.revision <= compacted } }
        snapshots = [:]
    }

    /// Keeps a collection as it is now, for the rest of a list.
    mutating func keepSnapshot(of kind: ServedKind) {
        snapshots["\(kind.resource)@\(revision)"] = objects[kind] ?? [:]
    }

    /// A collection as it was at `revision`; nil when that is forgotten.
    func snapshot(of kind: ServedKind, at revision: Int) -> [String: JSONValue]? {
        snapshots["\(kind.resource)@\(revision)"]
    }
}

extension JSONValue {
    var name: String { self["metadata"]?["name"]?.string ?? "" }
    var namespace: String? { self["metadata"]?["namespace"]?.string }
    var uid: String { self["metadata"]?["uid"]?.string ?? "" }
    var labels: [String: String] { self["metadata"]?["labels"]?.object?.compactMapValues(\.string) ?? [:] }
    var finalizers: [String] { self["metadata"]?["finalizers"]?.array?.compactMap(\.string) ?? [] }
    var isBeingDeleted: Bool { self["metadata"]?["deletionTimestamp"] != nil }
}
