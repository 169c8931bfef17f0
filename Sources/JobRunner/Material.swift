internal import Descriptors
package import Events

/// One content that an attempt needs, and where in the attempt's folder it is put.
package struct Material: Equatable, Sendable {
    package enum Mode: Equatable, Sendable {
        /// A symbolic link to the content, which nobody may change: datasets may be large.
        case link
        /// A copy that the benchmark may change: scripts write beside themselves.
        case copy
    }

    package var content: FetchedContent
    /// Where it is: an absolute path.
    package var source: String
    /// Where it is put, relative to the work folder; empty: its files go into the work folder itself.
    package var path: String
    package var mode: Mode
    /// The variable that tells the benchmark where it is.
    package var variable: String?

    package init(content: FetchedContent, source: String, path: String, mode: Mode, variable: String?) {
        self.content = content
        self.source = source
        self.path = path
        self.mode = mode
        self.variable = variable
    }

    /// The absolute path that it is put at.
    package func place(in folder: AttemptFolder) -> String {
        path.isEmpty ? folder.work : "\(folder.work)/\(path)"
    }

    /// What `job` needs put where: datasets and models at their `path` below the work folder (a leading `/` is dropped), scripts in the work folder itself.
    ///
    /// - Throws: when a content has no location, or its path would lead out of the work folder.
    package static func all(for job: JobSpecification) throws(JobRunnerError) -> [Material] {
        var materials: [Material] = []
        for content in job.contents {
            guard let source = job.locations[content.sha256], source.hasPrefix("/") else {
                throw JobRunnerError(
                    .startFailed,
                    "it is not known where '\(content.source)' (\(content.sha256)) is on this machine")
            }
            materials.append(try material(content, source))
        }
        return materials
    }

    private static func material(
        _ content: FetchedContent, _ source: String
    ) throws(JobRunnerError) -> Material {
        switch content.role {
        case .dataset, .model:
            let path = try inside(content.path ?? content.id, of: content)
            let kind = content.role == .dataset ? "DATA" : "MODEL"
            return Material(
                content: content, source: source, path: path, mode: .link,
                variable: "BAI_\(kind)_\(VariableName.of(content.id))")
        case .script:
            // A folder's files go beside each other into the work folder; a single file keeps its name.
            let name = content.source.split(separator: "/").last.map(String.init) ?? content.id
            let path = content.kind == .directory ? "" : try inside(name, of: content)
            return Material(content: content, source: source, path: path, mode: .copy, variable: nil)
        }
    }

    /// `path` without what is superfluous in it.
    private static func inside(_ path: String, of content: FetchedContent) throws(JobRunnerError) -> String {
        let parts = path.split(separator: "/").filter { $0 != "." }
        guard !parts.isEmpty, !parts.contains(".."), !path.utf8.contains(0) else {
            throw JobRunnerError(
                .unsafePath,
                "'\(content.source)' cannot be put at '\(path)': that is not below the work folder")
        }
        return parts.joined(separator: "/")
    }
}
