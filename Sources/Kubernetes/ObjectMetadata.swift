package import JSON

/// What the server says about every object; read, never written: what is written comes from the kinds' own types.
package struct ObjectMetadata: Hashable, Sendable {
    package var name: String
    /// Nil for objects of the whole cluster.
    package var namespace: String?
    /// Unlike a name never used again.
    package var uid: String
    /// Opaque: two of them are equal or not, nothing else.
    package var resourceVersion: String
    package var labels: [String: String]
    package var annotations: [String: String]
    package var finalizers: [String]
    package var owners: [Owner]
    /// When it was made, and when it was asked to go, as the server wrote it (RFC 3339).
    package var created: String?
    package var deleted: String?

    /// Another object that this one goes with.
    package struct Owner: Hashable, Sendable {
        package var kind: String
        package var name: String
        package var uid: String
        package var isController: Bool
    }

    /// Reads an object's `metadata`; nil when it has no name.
    package init?(of object: JSONValue) {
        guard let metadata = object["metadata"], let name = metadata["name"]?.string else { return nil }
        self.name = name
        namespace = metadata["namespace"]?.string
        uid = metadata["uid"]?.string ?? ""
        resourceVersion = metadata["resourceVersion"]?.string ?? ""
        labels = metadata["labels"]?.object?.compactMapValues(\.string) ?? [:]
        annotations = metadata["annotations"]?.object?.compactMapValues(\.string) ?? [:]
        finalizers = metadata["finalizers"]?.array?.compactMap(\.string) ?? []
        owners = metadata["ownerReferences"]?.array?.compactMap(Owner.init) ?? []
        created = metadata["creationTimestamp"]?.string
        deleted = metadata["deletionTimestamp"]?.string
    }

    /// Whether it was asked to go, and waits for finalizers or its grace.
    package var isBeingDeleted: Bool { deleted != nil }
}

extension ObjectMetadata.Owner {
    init?(_ value: JSONValue) {
        guard let kind = value["kind"]?.string, let name = value["name"]?.string,
            let uid = value["uid"]?.string
        else { return nil }
        self.init(kind: kind, name: name, uid: uid, isController: value["controller"]?.bool ?? false)
    }
}
