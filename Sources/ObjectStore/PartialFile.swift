internal import Digests
internal import FoundationEssentials
internal import Glibc
internal import JSON
internal import Runtime

/// A download that may not be finished: its bytes so far, what they are the beginning of, and their digests. It outlives the program, so that the
/// next one goes on where this one was killed. On a queue of its own, because it blocks on the disk.
actor PartialFile {
    /// What tells whether the rest, asked for later, belongs to the same content.
    struct Validators: Codable, Equatable {
        var etag: String?
        var lastModified: String?

        /// What `If-Range` takes: a strong entity tag, else a date.
        var range: String? { etag.flatMap { $0.hasPrefix("W/") ? nil : $0 } ?? lastModified }
    }

    private let executor = QueueExecutor(label: "bai.objects.download")
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private let folder: ObjectFolder
    private let path: String
    private let computesMD5: Bool
    private var descriptor: Int32 = -1
    private var sha256 = IncrementalDigest(.sha256)
    private var md5: IncrementalDigest?
    private(set) var size: Int64 = 0
    private(set) var validators = Validators()
    /// Whether it came in more than one answer, which may have been about different contents.
    private(set) var isPieced = false

    init(_ folder: ObjectFolder, key: String, computesMD5: Bool) {
        self.folder = folder
        self.computesMD5 = computesMD5
        path = folder.partial(key)
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Opens what is there, and reads it for the digests.
    func open() throws(ObjectStoreError) {
        descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .store("open \(path)") }
        if let data = try? Data(contentsOf: URL(filePath: validatorsPath)),
            let known = try? JSONCoding.decode(Validators.self, from: data)
        {
            validators = known
        }
        resetDigests()
        try readExisting()
        isPieced = size > 0
    }

    /// Begins anew, with nothing.
    func restart(_ validators: Validators) throws(ObjectStoreError) {
        guard ftruncate(descriptor, 0) == 0, lseek(descriptor, 0, SEEK_SET) == 0 else {
            throw .store("empty \(path)")
        }
        self.validators = validators
        size = 0
        isPieced = false
        resetDigests()
        // Without it the download begins anew after a kill, which is no more than a waste.
        if let bytes = try? JSONCoding.encode(validators) {
            try? Data(bytes).write(to: URL(filePath: validatorsPath), options: .atomic)
        }
    }

    /// What comes from here on is another answer than what is there.
    func resume() { isPieced = size > 0 }

    func append(_ bytes: [UInt8]) throws(ObjectStoreError) {
        let result = bytes.withUnsafeBytes { bytes in
            Result { () throws(ObjectStoreError) in
                try writeFully(descriptor, bytes, path)
                update(bytes)
            }
        }
        try result.get()
    }

    /// The digests of what is there. After that it can only be taken in, or restarted.
    func finish() -> ObjectWriter.Result {
        let result = ObjectWriter.Result(
            sha256: sha256.finalize().hexadecimal, md5: md5?.finalize().hexadecimal, size: size)
        resetDigests()
        return result
    }

    /// Makes it an object of the store.
    func adopt(as sha256: String) throws(ObjectStoreError) {
        try folder.adopt(path, as: sha256, isDurable: true)
        unlink(validatorsPath)
    }

    private nonisolated var validatorsPath: String { "\(path).json" }

    private func resetDigests() {
        sha256 = IncrementalDigest(.sha256)
        md5 = computesMD5 ? IncrementalDigest(.md5) : nil
    }

    private func update(_ bytes: UnsafeRawBufferPointer) {
        sha256.update(bytes)
        md5?.update(bytes)
        size += Int64(bytes.count)
    }

    private func readExisting() throws(ObjectStoreError) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 * 1024, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            let count = read(descriptor, buffer.baseAddress, buffer.count)
            if count == 0 { return }
            if count > 0 {
                update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            } else if errno != EINTR {
                throw .store("read \(path)")
            }
            // Somebody waits for this no longer.
            if Task.isCancelled { throw .cancellation }
        }
    }
}
