internal import Digests
internal import FoundationEssentials
internal import Glibc
internal import JSON

/// What sources were found to be, so that they need not be read again: a memory that may be wrong or gone without harm, since nothing is taken from
/// it unchecked. It blocks on the disk.
struct SourceIndex: Sendable {
    let folder: ObjectFolder

    /// What a URL gave when it was downloaded last.
    struct WebEntry: Codable, Equatable {
        var sha256: String
        var etag: String?
        var lastModified: String?
    }

    /// A file as it was when its digest was computed. Any write to it changes one of these.
    struct Stamp: Codable, Equatable {
        var size: Int64
        var modified: Int64
        var changed: Int64
        var inode: UInt64
        var device: UInt64

        init(_ status: stat) {
            size = Int64(status.st_size)
            modified = Stamp.nanoseconds(status.st_mtim)
            changed = Stamp.nanoseconds(status.st_ctim)
            inode = UInt64(status.st_ino)
            device = UInt64(status.st_dev)
        }

        private static func nanoseconds(_ time: timespec) -> Int64 {
            Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
        }
    }

    /// A local file and what it was found to be.
    struct LocalEntry: Codable, Equatable {
        var stamp: Stamp
        var sha256: String
    }

    func web(_ url: String) -> WebEntry? { read("web", url) }
    func setWeb(_ url: String, _ entry: WebEntry?) { write("web", url, entry) }

    /// The files of a local source, by their path below it (empty for a source that is a file).
    func local(_ path: String) -> [String: LocalEntry] { read("local", path) ?? [:] }
    func setLocal(_ path: String, _ entries: [String: LocalEntry]) { write("local", path, entries) }

    /// The SHA-256 of the object that has this MD5.
    func sha256(ofMD5 md5: String) -> String? { read("md5", md5) }
    func setSHA256(_ sha256: String, ofMD5 md5: String) { write("md5", md5, sha256) }

    /// The SHA-256 of the manifest of what is in the archive `sha256`.
    func tree(ofArchive sha256: String) -> String? { read("tree", sha256) }
    func setTree(_ manifest: String, ofArchive sha256: String) { write("tree", sha256, manifest) }

    /// The name under which all is kept that concerns one source.
    static func key(_ text: String) -> String { Digest.of(text).hexadecimal }

    private func path(_ kind: String, _ name: String) -> String {
        "\(folder.root)/index/\(kind)-\(SourceIndex.key(name)).json"
    }

    private func read<Value: Decodable>(_ kind: String, _ name: String) -> Value? {
        // What cannot be read is as good as never written.
        guard let data = try? Data(contentsOf: URL(filePath: path(kind, name))) else { return nil }
        return try? JSONCoding.decode(Value.self, from: data)
    }

    private func write(_ kind: String, _ name: String, _ value: (some Encodable)?) {
        let path = path(kind, name)
        guard let value, let bytes = try? JSONCoding.encode(value) else {
            unlink(path)
            return
        }
        // Whole or not at all, and readable by the next program even while this one writes; that is what `.atomic` does.
        try? Data(bytes).write(to: URL(filePath: path), options: .atomic)
    }
}
