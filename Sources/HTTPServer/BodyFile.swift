internal import Glibc

/// A request's body that is too large for the memory: a file, removed with the last reference to this unless somebody moved it away.
package final class BodyFile: Sendable {
    package let path: String
    private let descriptor: Int32

    /// Makes the file; nil when that is not possible.
    init?(path: String) {
        descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        if descriptor < 0 { return nil }
        self.path = path
    }

    deinit {
        close(descriptor)
        unlink(path)
    }

    /// Adds bytes; false when the disk does not take them. It blocks for as long as that takes: for libmicrohttpd's threads, which wait for nothing else.
    func write(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        var rest = UnsafeRawBufferPointer(bytes)
        while !rest.isEmpty {
            let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
            if count < 0 {
                if errno == EINTR { continue }
                return false
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
        return true
    }
}
