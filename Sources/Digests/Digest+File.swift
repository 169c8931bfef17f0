internal import Glibc

/// Why a file has no digest.
package struct DigestError: Error, Equatable, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// The file is not there.
        case notFound = "not_found"
        /// The file cannot be opened or read.
        case unreadable
    }

    package var code: Code
    /// What was tried, on which file, and the system's words.
    package var message: String

    package var description: String { message }
}

extension Digest {
    /// Large enough that the system calls do not show, small enough for any stack of callers.
    private static let chunkSize = 128 * 1024

    /// The digest of a file's content, read in chunks. It blocks on the disk: call it off the shared pool.
    package static func ofFile(_ path: String, _ algorithm: Algorithm = .sha256) throws(DigestError) -> Digest
    {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open", path) }
        defer { close(descriptor) }
        let digest = IncrementalDigest(algorithm)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: chunkSize, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            let count = read(descriptor, buffer.baseAddress, buffer.count)
            if count == 0 { return digest.finalize() }
            if count > 0 {
                digest.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            } else if errno != EINTR {
                throw failure("read", path)
            }
        }
    }

    private static func failure(_ operation: String, _ path: String) -> DigestError {
        let code = errno
        return DigestError(
            code: code == ENOENT ? .notFound : .unreadable,
            message: "\(operation) \(path): \(String(cString: strerror(code)))")
    }
}
