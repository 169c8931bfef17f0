internal import CLinux
internal import Glibc
internal import Runtime

/// An open file and its locks on ranges of bytes. They belong to this object, not to the process as POSIX locks do: two of these in one process
/// exclude each other, and closing one leaves the other's locks alone.
final class OpenFile: Sendable {
    let path: String
    let descriptor: Int32

    /// Opens the file, and makes it (for its owner alone) where it is not there.
    init(_ path: String) throws(SystemError) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SystemError("open \(path)") }
        self.path = path
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// Locks the bytes for this object alone (`F_WRLCK`), or with others (`F_RDLCK`); false while another object's lock is in the way. Also changes
    /// one kind into the other.
    func tryLock(_ bytes: Range<Int>, _ kind: Int32) -> Bool {
        clinux_file_lock(descriptor, Int16(kind), bytes.lowerBound, bytes.count) == 0
    }

    /// Whether another object's lock is on some of the bytes.
    func isLocked(_ bytes: Range<Int>) -> Bool {
        clinux_file_is_locked(descriptor, bytes.lowerBound, bytes.count) != 0
    }
}
