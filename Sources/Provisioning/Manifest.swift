package import JSON

/// One object as an overlay has it.
package struct Manifest: Equatable, Sendable {
    package var tree: JSONValue

    package init(_ tree: JSONValue) { self.tree = tree }

    package var apiVersion: String { tree["apiVersion"]?.string ?? "" }
    package var kind: String { tree["kind"]?.string ?? "" }
    package var name: String { tree["metadata"]?["name"]?.string ?? "" }
    package var namespace: String? { tree["metadata"]?["namespace"]?.string }

    /// For people: `deployment benchmark-ai/bai-bff`.
    package var label: String {
        "\(kind.lowercased()) " + (namespace.map { "\($0)/" } ?? "") + name
    }

    /// What tells it from others.
    var identity: String { "\(apiVersion) \(label)" }
}
