internal import Descriptors
internal import Digests
internal import Events
internal import HTTPMessages
internal import ObjectStore
internal import Runtime

/// One content that a run needs: what to ask the object store for, and what the benchmark will know it as.
struct ContentRequest: Equatable, Sendable {
    var role: FetchedContent.Role
    /// The descriptor's own id, else the number of the source among those of its role, from 0.
    var id: String
    var path: String?
    var source: Source

    /// All that a run needs, in the order of its descriptor: datasets, models, the script.
    static func all(of run: RunSubmitted) -> [ContentRequest] {
        let descriptor = run.descriptor
        let datasets = descriptor.data?.sources ?? []
        let models = descriptor.server?.models ?? []
        var requests = datasets.enumerated().map {
            ContentRequest(.dataset, $0.element, number: $0.offset, run)
        }
        requests += models.enumerated().map { ContentRequest(.model, $0.element, number: $0.offset, run) }
        if let script = descriptor.ml?.script?.script { requests.append(ContentRequest(script: script, run)) }
        return requests
    }

    private init(_ role: FetchedContent.Role, _ data: Descriptor.DataSource, number: Int, _ run: RunSubmitted)
    {
        self.role = role
        id = data.id ?? "\(number)"
        path = data.path
        let digests = [
            data.md5.flatMap { Digest(.md5, hexadecimal: $0) },
            data.sha256.flatMap { Digest(.sha256, hexadecimal: $0) },
        ]
        source = Source(
            data.src, directory: run.source.directory, digests: digests.compactMap { $0 },
            unpacks: data.unpack,
            maxSize: data.maxSize?.bytes)
    }

    /// A script is a folder or a file; an archive of one is unpacked, as Benchmark AI did.
    private init(script: String, _ run: RunSubmitted) {
        role = .script
        id = "script"
        let isUpload = script.hasPrefix(Source.uploadScheme)
        let isArchive =
            isUpload || [".tar", ".tar.gz", ".tgz"].contains { script.lowercased().hasSuffix($0) }
        source = Source(script, directory: run.source.directory, unpacks: isArchive)
    }

    /// What the benchmark's runner is told once the store has it.
    func content(_ object: StoredObject) -> FetchedContent {
        FetchedContent(
            role: role, id: id, source: source.label, path: path,
            kind: object.kind == .file ? .file : .directory,
            sha256: object.sha256, size: object.size)
    }
}

extension Source {
    /// The source with secrets in their places; nobody but the store may see it. What has a meaning in addresses is escaped in them.
    func revealed(by secrets: SecretFolder) throws(SecretError) -> Source {
        guard SecretPlaceholder.isIn(text) else { return self }
        var source = self
        source.text = try SecretPlaceholder.replace(in: text) { name throws(SecretError) in
            PercentEncoding.encode(try secrets.value(of: name))
        }
        return source
    }
}
