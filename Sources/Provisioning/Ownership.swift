internal import JSON
internal import Kubernetes

/// Whether an object of the cluster is ours to change and to take away.
enum Ownership {
    /// The field manager that the server books our fields to.
    static let manager = "baictl"
    /// The label by which our objects are found; the manifests have it.
    static let label = "app.kubernetes.io/managed-by"
    /// On objects that were not there before us, and on no others.
    static let mark = "benchmark-ai/made-by"

    static var selection: Selection { Selection(labels: "\(label)=\(manager)") }

    /// Whether we made it: it says so, and the server has our fields in its books.
    static func isOurs(_ object: JSONValue) -> Bool {
        let isMarked = object["metadata"]?["annotations"]?[mark]?.string == manager
        let isBooked = object["metadata"]?["managedFields"]?.array?.contains {
            $0["manager"]?.string == manager && $0["operation"]?.string == "Apply"
        }
        return isMarked && isBooked == true
    }

    /// `manifest` with the label, and, where it is ours, with the mark.
    static func labelled(_ manifest: Manifest, isOurs: Bool) -> JSONValue {
        var tree = manifest.tree
        set("labels", label, &tree)
        if isOurs { set("annotations", mark, &tree) }
        return tree
    }

    private static func set(_ part: String, _ key: String, _ tree: inout JSONValue) {
        var members = tree["metadata"]?[part]?.object ?? [:]
        members[key] = .string(manager)
        tree["metadata"]?[part] = .object(members)
    }
}
