package import JSON

/// An object as the server has it: the fields that this program knows as a Swift value, and beside them the whole tree.
///
/// The tree is what survives a round trip: `replaced` writes into it only what a change of the value changed, so that fields of a later
/// Kubernetes, of other controllers or of the cluster's admission are sent back as they came.
package struct LiveObject<Kind: Codable & Sendable>: Sendable {
    package let metadata: ObjectMetadata
    package let value: Kind
    package let tree: JSONValue

    /// Reads an object that the server sent.
    package init(_ tree: JSONValue) throws(JSONError) {
        guard let metadata = ObjectMetadata(of: tree) else {
            throw JSONError(path: "metadata.name", message: "is missing")
        }
        self.metadata = metadata
        self.tree = tree
        value = try tree.decoded(as: Kind.self)
    }

    /// The tree with the differences between this object's value and `newValue`, for `Resources.replace`.
    package func tree(changedTo newValue: Kind) throws(JSONError) -> JSONValue {
        TreeChange.apply(
            from: try JSONCoding.tree(value), to: try JSONCoding.tree(newValue), onto: tree)
    }
}

extension LiveObject: Equatable {
    /// The same version of the same object.
    package static func == (left: LiveObject, right: LiveObject) -> Bool {
        left.metadata.uid == right.metadata.uid
            && left.metadata.resourceVersion == right.metadata.resourceVersion
    }
}

/// Carries a change between two views of a tree over to the tree, which has more than the views show.
enum TreeChange {
    /// `tree` with what differs between `old` and `new`.
    ///
    /// Members are compared one by one. Elements of an array belong together by their `name`, as the server has it for containers, volumes
    /// and variables; without names by their place, while there are as many as before; otherwise the new array stands as it is.
    static func apply(from old: JSONValue, to new: JSONValue, onto tree: JSONValue) -> JSONValue {
        if old == new { return tree }
        switch (old, new, tree) {
        case (.object(let old), .object(let new), .object(var tree)):
            for key in Set(old.keys).union(new.keys) where old[key] != new[key] {
                tree[key] = new[key].map { apply(from: old[key] ?? .null, to: $0, onto: tree[key] ?? .null) }
            }
            return .object(tree)
        case (.array(let old), .array(let new), .array(let tree)):
            if let (old, tree) = named(old, tree), new.allSatisfy({ $0["name"]?.string != nil }) {
                return .array(
                    new.map { element in
                        let name = element["name"]?.string ?? ""
                        return apply(from: old[name] ?? .null, to: element, onto: tree[name] ?? .null)
                    })
            }
            guard old.count == new.count, tree.count == old.count else { return .array(new) }
            return .array(new.indices.map { apply(from: old[$0], to: new[$0], onto: tree[$0]) })
        default: return new
        }
    }

    /// Both arrays by their elements' names; nil when an element has none, or two have the same.
    private static func named(
        _ old: [JSONValue], _ tree: [JSONValue]
    ) -> (old: [String: JSONValue], tree: [String: JSONValue])? {
        guard let old = byName(old), let tree = byName(tree) else { return nil }
        return (old, tree)
    }

    private static func byName(_ elements: [JSONValue]) -> [String: JSONValue]? {
        var result: [String: JSONValue] = [:]
        for element in elements {
            guard let name = element["name"]?.string, result.updateValue(element, forKey: name) == nil else {
                return nil
            }
        }
        return result
    }
}
