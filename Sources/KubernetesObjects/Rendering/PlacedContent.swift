internal import Descriptors
internal import Events

/// A content of a pod: where it is in the shared folder, and where the benchmark sees it.
struct PlacedContent {
    var content: FetchedContent
    /// Relative to `PodPath.root`.
    var place: String
    /// Where it is mounted by itself; nil for scripts, which the shared folder holds.
    var path: String?

    /// What `contents` become, in their order.
    static func all(_ contents: [FetchedContent]) -> [PlacedContent] {
        contents.enumerated().map { index, content in
            guard content.role == .script else {
                return PlacedContent(
                    content: content, place: PodPath.part(content: index),
                    path: PodPath.absolute(content.path ?? content.id))
            }
            // A folder's files lie beside each other; a single file keeps its name.
            let name = content.source.split(separator: "/").last.map(String.init) ?? content.id
            let folder = PodPath.scripts.dropFirst(PodPath.root.count + 1)
            return PlacedContent(
                content: content, place: content.kind == .directory ? String(folder) : "\(folder)/\(name)")
        }
    }

    /// `BAI_DATA_TRAIN`; nil for scripts.
    var variable: String? {
        switch content.role {
        case .dataset: "BAI_DATA_\(VariableName.of(content.id))"
        case .model: "BAI_MODEL_\(VariableName.of(content.id))"
        case .script: nil
        }
    }

    /// As the agent is told.
    var order: PodOrder.Content {
        PodOrder.Content(
            sha256: content.sha256, kind: content.kind, size: content.size, place: place)
    }
}
