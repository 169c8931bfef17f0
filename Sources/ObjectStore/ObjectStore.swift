package import Digests
internal import HTTPMessages

/// Keeps what benchmarks need - datasets, models, scripts - under the name of its content: fetched once, verified, never changed.
///
/// The embedded one is a folder (`FolderStore`). Services know it by this alone.
package protocol ObjectStore: Sendable {
    /// Has `source` in the store, fetching it unless it is there. Asked for the same by many at once, it fetches once; canceled by one, it goes on
    /// for the others. What a killed fetch has got already is used by the next.
    ///
    /// - Returns: what the source is, verified against the digests that it names.
    func fetch(_ source: Source) async throws(ObjectStoreError) -> StoredObject

    /// Where an object can be read on this machine: an absolute path of a file or a folder. Nobody may change what is there.
    ///
    /// - Throws: `notFound` when the store does not have it (any more).
    func location(of object: StoredObject) async throws(ObjectStoreError) -> String
}

/// A content in the store.
package struct StoredObject: Codable, Hashable, Sendable {
    package enum Kind: String, Codable, Sendable { case file, directory }

    package var kind: Kind
    /// SHA-256 in hexadecimal digits: of the file, or of the folder's manifest.
    package var sha256: String
    /// In bytes; of a folder, of all its files together.
    package var size: Int64

    package init(kind: Kind, sha256: String, size: Int64) {
        self.kind = kind
        self.sha256 = sha256
        self.size = size
    }
}

/// What is to be fetched.
package struct Source: Hashable, Sendable {
    /// A URL (`https://…`, `http://…`, `file:…`) or a path.
    package var text: String
    /// The folder that a relative path starts from; nil where nobody knows.
    package var directory: String?
    /// What the content must be; each of them has to match. Of a folder, the SHA-256 of its manifest.
    package var digests: [Digest]
    /// Whether it is an archive (tar, tar.gz, zip) of which the content is wanted.
    package var unpacks: Bool
    /// The most bytes to accept, before unpacking and after.
    package var maxSize: Int64?

    package init(
        _ text: String, directory: String? = nil, digests: [Digest] = [], unpacks: Bool = false,
        maxSize: Int64? = nil
    ) {
        self.text = text
        self.directory = directory
        self.digests = digests
        self.unpacks = unpacks
        self.maxSize = maxSize
    }

    /// What an upload is called as a source: this and its SHA-256.
    package static let uploadScheme = "upload:"

    /// Whether it names a file of the machine that fetches it.
    package static func isLocal(_ text: String) -> Bool {
        if text.hasPrefix(uploadScheme) { return false }
        if text.lowercased().hasPrefix("file:") { return true }
        return text.ranges(of: "://").isEmpty
    }

    func digest(_ algorithm: Digest.Algorithm) -> Digest? { digests.first { $0.algorithm == algorithm } }

    /// For messages: without user, password and query, which hold secrets.
    package var label: String {
        guard let scheme = text.range(of: "://") else { return text }
        let rest = text[scheme.upperBound...]
        let authority = rest.prefix { !"/?#".contains($0) }
        let host = authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority
        let path = rest[authority.endIndex...].prefix { !"?#".contains($0) }
        return "\(text[..<scheme.upperBound])\(host)\(path)"
    }
}

/// Where a source points.
enum SourcePlace: Equatable {
    case path(String)
    case web(String)
    /// An object of the store, by its SHA-256: somebody uploaded it.
    case stored(String)

    /// - Throws: `unsupportedSource` for what cannot be fetched, with what to write instead.
    init(_ source: Source) throws(ObjectStoreError) {
        let text = source.text
        if text.hasPrefix(Source.uploadScheme) {
            guard let digest = Digest(.sha256, hexadecimal: text.dropFirst(Source.uploadScheme.count)) else {
                throw ObjectStoreError(.unsupportedSource, "\(source.label): this is no upload's digest")
            }
            self = .stored(digest.hexadecimal)
            return
        }
        switch text.scheme {
        case "http", "https": self = .web(text)
        case "file":
            let path = try SourcePlace.path(ofFileURL: source)
            self = .path(try SourcePlace.absolute(path, source))
        case nil: self = .path(try SourcePlace.absolute(text, source))
        case "s3":
            throw ObjectStoreError(
                .unsupportedSource,
                "\(source.label): S3 is not supported yet; give an https:// URL of the object, or a path")
        case let scheme?:
            throw ObjectStoreError(
                .unsupportedSource,
                "\(source.label): cannot fetch from \(scheme)://; use http://, https://, file: or a path")
        }
    }

    /// `file:name`, `file:/path`, `file:///path` and `file://localhost/path`, percent-encoded.
    private static func path(ofFileURL source: Source) throws(ObjectStoreError) -> String {
        var rest = source.text.dropFirst("file:".count)
        if rest.hasPrefix("//") {
            rest = rest.dropFirst(2)
            let host = rest.prefix { $0 != "/" }
            guard host.isEmpty || host == "localhost" else {
                throw ObjectStoreError(
                    .unsupportedSource,
                    "\(source.label): a file: URL names a file of this machine, not of '\(host)'; write file:///path"
                )
            }
            rest = rest.dropFirst(host.count)
        }
        guard let path = PercentEncoding.decode(rest), !path.isEmpty else {
            throw ObjectStoreError(.unsupportedSource, "\(source.label): this is no path")
        }
        return path
    }

    private static func absolute(_ path: String, _ source: Source) throws(ObjectStoreError) -> String {
        guard !path.isEmpty, !path.utf8.contains(0) else {
            throw ObjectStoreError(.unsupportedSource, "'\(path)' is no path")
        }
        if path.hasPrefix("/") { return path }
        guard let directory = source.directory else {
            throw ObjectStoreError(
                .unsupportedSource,
                "\(path) is relative, and nobody knows to what: submit from the machine that runs the services, or "
                    + "give an absolute path or a URL")
        }
        return "\(directory)/\(path)"
    }
}

extension String {
    /// What stands before `://`, or the word `file` before a colon; nil for a path.
    fileprivate var scheme: String? {
        if lowercased().hasPrefix("file:") { return "file" }
        guard let end = range(of: "://") else { return nil }
        let scheme = self[..<end.lowerBound]
        let isScheme =
            scheme.first?.isLetter == true
            && scheme.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "+.-".contains($0)) }
        return isScheme ? scheme.lowercased() : nil
    }

    fileprivate func range(of text: String) -> Range<Index>? { ranges(of: text).first }
}
