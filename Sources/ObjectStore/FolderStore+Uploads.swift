internal import Digests
internal import Glibc

/// What comes into the store from its users' own hands.
extension FolderStore {
    /// A path for a file that is to become an object. Nothing is there; what is left there is removed in time.
    package func uploadPath() -> String { folder.temporaryPath() }

    /// The size of a file in the store; nil when it is not there.
    package func size(of sha256: String) async throws(ObjectStoreError) -> Int64? {
        let folder = folder
        return try await Blocking.run { _ throws(ObjectStoreError) in try folder.size(of: sha256) }
    }

    /// Takes the file at `path`, one that `uploadPath` gave, into the store. It is durable when this returns, and gone from where it was.
    ///
    /// - Returns: its size.
    /// - Throws: `digestMismatch` when its SHA-256 is another one; then nothing was taken.
    package func adopt(_ path: String, as sha256: String) async throws(ObjectStoreError) -> Int64 {
        let folder = folder
        return try await Blocking.run { _ throws(ObjectStoreError) in
            let found: Digest
            do throws(DigestError) { found = try Digest.ofFile(path) } catch {
                throw ObjectStoreError(.storeUnavailable, "the object store: \(error.message)")
            }
            guard found.hexadecimal == sha256 else {
                throw ObjectStoreError(
                    .digestMismatch,
                    "what came has the SHA-256 \(found.hexadecimal), not \(sha256): it was changed on the way, or named wrongly"
                )
            }
            var status = stat()
            guard stat(path, &status) == 0 else { throw .store("look at \(path)") }
            try folder.adopt(path, as: sha256, isDurable: true)
            return Int64(status.st_size)
        }
    }
}
