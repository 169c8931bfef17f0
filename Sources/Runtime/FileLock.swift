internal import CLinux
internal import Glibc

/// Why a file or a process could not be handled, with the system's own words.
package struct SystemError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What was tried, on what: `open /var/lib/bai/lock`.
    package var operation: String
    package var code: Int32

    package init(_ operation: String, code: Int32 = errno) {
        self.operation = operation
        self.code = code
    }

    package var description: String { "\(operation): \(String(cString: strerror(code)))" }
}

/// An advisory lock on a file, held by this process (and by children that inherit it) until it is released or every holder has ended: the
/// kernel frees it even after SIGKILL.
package final class FileLock: Sendable {
    package let path: String
    /// The open descriptor; hand it to a child to let the child hold the lock too.
    package let descriptor: Int32

    private init(path: String, descriptor: Int32) {
        self.path = path
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// The lock on `path`, or nil while somebody else holds it. Makes the file if it is not there (mode 0600).
    package static func tryLock(_ path: String) throws(SystemError) -> FileLock? {
        do throws(SystemError) {
            return try take(path, LOCK_EX | LOCK_NB)
        } catch  where error.code == EWOULDBLOCK {
            return nil
        }
    }

    /// The lock on `path`, waiting for it for as long as it takes, in turn with whoever else waits. It blocks its thread: call it on one of
    /// its own.
    package static func lock(_ path: String) throws(SystemError) -> FileLock {
        try take(path, LOCK_EX)
    }

    private static func take(_ path: String, _ operation: Int32) throws(SystemError) -> FileLock {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SystemError("open \(path)") }
        while flock(descriptor, operation) != 0 {
            let code = errno
            if code == EINTR { continue }
            close(descriptor)
            throw SystemError("flock \(path)", code: code)
        }
        return FileLock(path: path, descriptor: descriptor)
    }

    /// Whether somebody holds the lock on `path` right now. Asks without writing, so that it works in a folder that cannot be written.
    package static func isHeld(_ path: String) -> Bool {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        // One that is there and cannot be looked into is somebody else's.
        guard descriptor >= 0 else { return errno != ENOENT }
        defer { close(descriptor) }
        while flock(descriptor, LOCK_SH | LOCK_NB) != 0 {
            if errno != EINTR { return errno == EWOULDBLOCK }
        }
        return false
    }

    /// Replaces what the file says, for people who look at it: a process id.
    package func write(_ text: String) {
        ftruncate(descriptor, 0)
        let bytes = Array(text.utf8)
        pwrite(descriptor, bytes, bytes.count, 0)
    }
}
