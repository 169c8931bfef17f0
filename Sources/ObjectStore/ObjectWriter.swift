internal import Digests
internal import Glibc

/// Writes a new object: bytes go into a temporary file and through the digests; `commit` makes it part of the store. One that is let go before
/// leaves nothing behind. It blocks on the disk.
final class ObjectWriter {
    private let folder: ObjectFolder
    private let path: String
    private let descriptor: Int32
    private let sha256 = IncrementalDigest(.sha256)
    private let md5: IncrementalDigest?
    private let limit: Int64
    private(set) var size: Int64 = 0

    /// What was written.
    struct Result {
        var sha256: String
        var md5: String?
        var size: Int64
    }

    /// - Parameters:
    ///   - limit: the most bytes to take.
    ///   - computesMD5: whether the result has that digest too.
    init(_ folder: ObjectFolder, limit: Int64, computesMD5: Bool = false) throws(ObjectStoreError) {
        self.folder = folder
        self.limit = limit
        md5 = computesMD5 ? IncrementalDigest(.md5) : nil
        path = folder.temporaryPath()
        descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        if descriptor < 0 { throw .store("make \(path)") }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
        unlink(path)
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws(ObjectStoreError) {
        size += Int64(bytes.count)
        guard size <= limit else { throw ObjectStoreError(.tooLarge, "it has more than \(limit) bytes") }
        try writeFully(descriptor, bytes, path)
        sha256.update(bytes)
        md5?.update(bytes)
    }

    func write(_ bytes: [UInt8]) throws(ObjectStoreError) {
        let result = bytes.withUnsafeBytes { bytes in
            Swift.Result { () throws(ObjectStoreError) in try write(bytes) }
        }
        try result.get()
    }

    /// Makes what was written an object of the store. Ends this.
    ///
    /// - Parameter isDurable: as in `ObjectFolder.adopt`.
    func commit(isDurable: Bool) throws(ObjectStoreError) -> Result {
        let digest = sha256.finalize().hexadecimal
        try folder.adopt(path, as: digest, isDurable: isDurable)
        return Result(sha256: digest, md5: md5?.finalize().hexadecimal, size: size)
    }
}

/// Writes all of `bytes` at the end of what was written before.
func writeFully(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, _ path: String) throws(ObjectStoreError)
{
    var rest = bytes
    while !rest.isEmpty {
        let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
        if count < 0 {
            if errno == EINTR { continue }
            throw .store("write to \(path)")
        }
        rest = UnsafeRawBufferPointer(rebasing: rest[count...])
    }
}
