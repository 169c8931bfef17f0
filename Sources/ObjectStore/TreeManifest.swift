internal import Digests
internal import JSON

/// What is in a folder: the object that stands for it in the store. Equal folders have equal manifests, byte by byte, wherever and whenever they
/// were read: of a file's mode only whether it can be executed is kept, and no times.
struct TreeManifest: Codable, Equatable {
    /// How many entries a folder or an archive may have.
    static let mostEntries = 200_000
    /// How long all their paths together may be, in bytes.
    static let mostText = 64 << 20

    var version = 1
    /// Sorted by path.
    private(set) var entries: [Entry]

    /// A file (with digest and size), a link (with target), or else a folder.
    struct Entry: Codable, Equatable {
        var path: String
        /// `0644`, `0755`; of links always `0777`.
        var mode: String
        var sha256: String?
        var size: Int64?
        var target: String?

        var isExecutable: Bool { mode == "0755" }
    }

    /// All files together, in bytes.
    var size: Int64 { entries.reduce(0) { $0 + ($1.size ?? 0) } }

    func encoded() throws(ObjectStoreError) -> [UInt8] {
        do {
            return try JSONCoding.encode(self)
        } catch {
            throw ObjectStoreError(.storeUnavailable, "the manifest of a folder cannot be written: \(error)")
        }
    }

    /// Reads a manifest and checks it as if a stranger had written it.
    init(reading bytes: [UInt8]) throws(ObjectStoreError) {
        do {
            self = try JSONCoding.decode(TreeManifest.self, from: bytes)
        } catch {
            throw ObjectStoreError(.badArchive, "this is no manifest of a folder: \(error)")
        }
        try check()
    }

    fileprivate init(entries: [Entry]) throws(ObjectStoreError) {
        self.entries = entries
        try check()
    }

    /// That every path is safe and stands once, and that nothing is below a file or a link: then it can be laid out without
    /// following any link.
    private func check() throws(ObjectStoreError) {
        var leaves: Set<String> = []
        var last: SafePath?
        for entry in entries {
            guard let path = SafePath(entry.path), path.text == entry.path else {
                throw ObjectStoreError(.unsafePath, "'\(entry.path)' leads out of the folder")
            }
            if let last, path <= last {
                throw ObjectStoreError(.badArchive, "'\(path)' stands twice or in the wrong place")
            }
            last = path
            if let target = entry.target, !path.isSafeLink(to: target) {
                throw ObjectStoreError(
                    .unsafePath, "the link '\(path)' points out of the folder, to '\(target)'")
            }
            if entry.target != nil || entry.sha256 != nil { leaves.insert(entry.path) }
        }
        for entry in entries {
            let parent = SafePath(entry.path)?.parents.first(where: leaves.contains)
            if let parent {
                throw ObjectStoreError(
                    .unsafePath, "'\(entry.path)' is below '\(parent)', which is no folder")
            }
        }
    }
}

/// Gathers the entries of a folder or an archive; of a path that comes twice the last one stands, as archives mean it.
struct TreeBuilder {
    private var entries: [SafePath: TreeManifest.Entry] = [:]
    private(set) var size: Int64 = 0
    private var text = 0

    mutating func addFolder(_ path: SafePath) throws(ObjectStoreError) {
        try add(path, .init(path: path.text, mode: "0755"))
    }

    mutating func addFile(
        _ path: SafePath, sha256: String, size: Int64, isExecutable: Bool
    ) throws(ObjectStoreError) {
        self.size += size
        try add(
            path, .init(path: path.text, mode: isExecutable ? "0755" : "0644", sha256: sha256, size: size))
    }

    mutating func addLink(_ path: SafePath, to target: String) throws(ObjectStoreError) {
        try add(path, .init(path: path.text, mode: "0777", target: target))
    }

    /// Another name of a file that is there already.
    mutating func addHardLink(_ path: SafePath, to other: SafePath) throws(ObjectStoreError) {
        guard let entry = entries[other], let sha256 = entry.sha256, let size = entry.size else {
            throw ObjectStoreError(.badArchive, "'\(path)' is another name of '\(other)', which is not there")
        }
        try addFile(path, sha256: sha256, size: size, isExecutable: entry.isExecutable)
    }

    private mutating func add(_ path: SafePath, _ entry: TreeManifest.Entry) throws(ObjectStoreError) {
        entries[path] = entry
        text += entry.path.utf8.count + (entry.target?.utf8.count ?? 0)
        guard entries.count <= TreeManifest.mostEntries, text <= TreeManifest.mostText else {
            throw ObjectStoreError(
                .tooLarge, "it has more than \(TreeManifest.mostEntries) entries; pack them into fewer files")
        }
    }

    /// All entries, and the folders that they are in: an archive may leave those out, and a folder on a disk cannot.
    func manifest() throws(ObjectStoreError) -> TreeManifest {
        var whole = self
        for path in entries.keys.flatMap(\.parents).compactMap(SafePath.init) where whole.entries[path] == nil
        {
            try whole.addFolder(path)
        }
        return try TreeManifest(entries: whole.entries.sorted { $0.key < $1.key }.map(\.value))
    }
}
