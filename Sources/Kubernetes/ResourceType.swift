internal import HTTPMessages

/// A kind of object as the API server knows it, and where it is served.
package struct ResourceType: Hashable, Sendable {
    /// Empty for the core group.
    package var group: String
    package var version: String
    package var kind: String
    /// In lower case, as paths and rules of access have it: `jobs`.
    package var plural: String
    package var isNamespaced: Bool

    package init(
        group: String = "", version: String = "v1", kind: String, plural: String, isNamespaced: Bool = true
    ) {
        self.group = group
        self.version = version
        self.kind = kind
        self.plural = plural
        self.isNamespaced = isNamespaced
    }

    /// `batch/v1`, or `v1` of the core group.
    package var apiVersion: String { group.isEmpty ? version : "\(group)/\(version)" }

    /// The path of the collection, of one object, or of an object's subresource. Names are checked before they come here.
    func path(namespace: String?, name: String? = nil, subresource: String? = nil) -> String {
        var parts = group.isEmpty ? ["api", version] : ["apis", group, version]
        if isNamespaced, let namespace { parts += ["namespaces", namespace] }
        parts.append(plural)
        if let name { parts.append(name) }
        if let subresource { parts.append(subresource) }
        return parts.map { "/" + PercentEncoding.encode($0) }.joined()
    }
}

/// A small Swift type for a kind: only the fields that are used. What the server has beyond them stays in the tree that `LiveObject` keeps.
package protocol KubernetesResource: Codable, Sendable {
    static var resourceType: ResourceType { get }
}
