internal import Digests
internal import Glibc
package import HTTPClient
package import Runtime

/// The object store of one machine: a folder, shared by every program that uses it.
package final class FolderStore: ObjectStore {
    /// What a store may do.
    package struct Settings: Sendable {
        /// The most bytes of one source, where the descriptor does not say (`max_size`).
        package var largestSource: Int64 = 100 << 30
        /// How many sources are fetched at the same time.
        package var fetches = 4
        /// How often a download is tried that does not get any further.
        package var tries = 6
        package var backoff = Backoff(first: .milliseconds(500), most: .seconds(30))
        /// How long a server may say nothing.
        package var idleTimeout = Duration.seconds(60)

        package init() {}
    }

    let folder: ObjectFolder
    private let client: HTTPClient
    private let time: any TimeSource
    private let settings: Settings
    private let flights = SingleFlight<Source, StoredObject>()
    private let gate: Gate

    /// How often to look whether another program is done with a source that this one wants too.
    private static let attention = Duration.milliseconds(100)

    /// Opens the store in a folder, which is made if it is not there.
    ///
    /// - Parameter client: fetches from where users and servers say.
    package static func open(
        _ folder: String, client: HTTPClient = HTTPClient(reach: .notLinkLocal),
        time: any TimeSource = SystemTime(),
        settings: Settings = Settings()
    ) async throws(ObjectStoreError) -> FolderStore {
        let folder = ObjectFolder(root: folder)
        try await Blocking.run { _ throws(ObjectStoreError) in try folder.prepare() }
        return FolderStore(folder, client, time, settings)
    }

    private init(_ folder: ObjectFolder, _ client: HTTPClient, _ time: any TimeSource, _ settings: Settings) {
        self.folder = folder
        self.client = client
        self.time = time
        self.settings = settings
        gate = Gate(places: settings.fetches)
    }

    package func fetch(_ source: Source) async throws(ObjectStoreError) -> StoredObject {
        let location = try SourcePlace(source)
        return try await flights.run(source) { [self] () async throws(ObjectStoreError) in
            try await gate.pass { () async throws(ObjectStoreError) in
                let object = try await take(source, at: location)
                return source.unpacks && object.kind == .file ? try await unpack(object, source) : object
            }
        }
    }

    package func location(of object: StoredObject) async throws(ObjectStoreError) -> String {
        let folder = self.folder
        return try await Blocking.run { _ throws(ObjectStoreError) in
            switch object.kind {
            case .directory: return try TreeStore(folder: folder).location(of: object.sha256)
            case .file:
                guard try folder.size(of: object.sha256) != nil else {
                    throw ObjectStoreError(
                        .notFound, "the object store has no object \(object.sha256) any more; run it again")
                }
                return folder.path(of: object.sha256)
            }
        }
    }
}

extension FolderStore {
    private func limit(of source: Source) -> Int64 { source.maxSize ?? settings.largestSource }

    private func take(
        _ source: Source, at location: SourcePlace
    ) async throws(ObjectStoreError) -> StoredObject {
        let folder = self.folder
        let limit = limit(of: source)
        switch location {
        case .path(let path):
            return try await alone(with: "path \(path)") { () async throws(ObjectStoreError) in
                try await Blocking.run { wish throws(ObjectStoreError) in
                    try LocalImport(folder: folder, source: source, limit: limit, wish: wish).take(path)
                }
            }
        case .stored(let sha256):
            return try await Blocking.run { _ throws(ObjectStoreError) in
                guard let size = try folder.size(of: sha256) else {
                    throw ObjectStoreError(
                        .notFound, "the upload \(sha256) is not there any more; submit the run again")
                }
                return StoredObject(kind: .file, sha256: sha256, size: size)
            }
        case .web(let url):
            return try await alone(with: "url \(url)") { () async throws(ObjectStoreError) in
                if let known = try await known(source, limit: limit) { return known }
                return try await download(source, url: url, limit: limit).take()
            }
        }
    }

    private func download(_ source: Source, url: String, limit: Int64) -> WebDownload {
        var retry = RetryPolicy(time: time)
        retry.attempts = settings.tries
        retry.backoff = settings.backoff
        return WebDownload(
            client: client, folder: folder, source: source, url: url, limit: limit, retry: retry,
            idleTimeout: settings.idleTimeout)
    }

    /// What the source must be by its digests, if the store has it: then nobody needs to be asked.
    private func known(_ source: Source, limit: Int64) async throws(ObjectStoreError) -> StoredObject? {
        if source.digests.isEmpty { return nil }
        let folder = self.folder
        return try await Blocking.run { _ throws(ObjectStoreError) in
            let index = SourceIndex(folder: folder)
            let sha256 = source.digest(.sha256)?.hexadecimal
            let byMD5 = source.digest(.md5).flatMap { index.sha256(ofMD5: $0.hexadecimal) }
            // With both digests given, both must be known to belong together.
            guard let name = sha256 ?? byMD5, source.digest(.md5) == nil || byMD5 == name else { return nil }
            guard let size = try folder.size(of: name), size <= limit else { return nil }
            return StoredObject(kind: .file, sha256: name, size: size)
        }
    }

    private func unpack(_ object: StoredObject, _ source: Source) async throws(ObjectStoreError)
        -> StoredObject
    {
        let folder = self.folder
        let limit = limit(of: source)
        return try await alone(with: "unpack \(object.sha256)") { () async throws(ObjectStoreError) in
            try await Blocking.run { wish throws(ObjectStoreError) in
                try Unpacking(folder: folder, source: source, limit: limit, wish: wish).take(object)
            }
        }
    }

    /// Runs `body` while no other program, and no other fetch of this one, works on the same. A program that is killed lets go.
    private func alone(
        with what: String, _ body: () async throws(ObjectStoreError) -> StoredObject
    ) async throws(ObjectStoreError) -> StoredObject {
        let path = folder.lock(SourceIndex.key(what))
        while true {
            let lock: FileLock?
            do { lock = try FileLock.tryLock(path) } catch { throw .store(error.operation, error.code) }
            if let lock {
                let object = try await body()
                return withExtendedLifetime(lock) { object }
            }
            do { try await time.sleep(for: FolderStore.attention) } catch { throw .cancellation }
        }
    }
}
