internal import Descriptors
internal import Events
internal import FoundationEssentials

/// What a descriptor's contents would be if they had been fetched, as far as the descriptor tells.
enum UnfetchedContents {
    /// In place of a digest that only fetching tells.
    private static let unknown = "known when it is fetched"

    /// Datasets, models and the script of `descriptor`.
    ///
    /// - Parameter folder: where its relative paths start.
    static func of(_ descriptor: Descriptor, folder: String) -> [FetchedContent] {
        contents(.dataset, descriptor.data?.sources ?? [])
            + contents(.model, descriptor.server?.models ?? [])
            + (descriptor.ml?.script.map { [script($0.script, folder)] } ?? [])
    }

    private static func contents(
        _ role: FetchedContent.Role, _ sources: [Descriptor.DataSource]
    ) -> [FetchedContent] {
        sources.enumerated().map { index, source in
            FetchedContent(
                role: role, id: source.id ?? "\(index)", source: source.src, path: source.path,
                kind: source.unpack ? .directory : .file, sha256: source.sha256 ?? unknown, size: 0)
        }
    }

    private static func script(_ path: String, _ folder: String) -> FetchedContent {
        let isArchive = [".tar", ".tar.gz", ".tgz"].contains { path.lowercased().hasSuffix($0) }
        // Only a folder has itself in it.
        let isFolder = FileManager.default.fileExists(
            atPath: (path.hasPrefix("/") ? path : "\(folder)/\(path)") + "/.")
        return FetchedContent(
            role: .script, id: "script", source: path, path: nil,
            kind: isArchive || isFolder ? .directory : .file, sha256: unknown, size: 0)
    }
}
