internal import Glibc
package import Runtime

/// Files that are there whole or not at all, also after a power cut: written beside their place, synced, and moved there.
package enum DurableFile {
    /// Puts `bytes` in the file's place, whatever was there before.
    package static func replace(_ path: String, with bytes: [UInt8]) throws(SystemError) {
        let temporary = try write(bytes, beside: path)
        guard rename(temporary, path) == 0 else {
            let error = SystemError("rename \(temporary) to \(path)")
            unlink(temporary)
            throw error
        }
        try syncFolder(of: path)
    }

    /// Makes the file, unless there is one: of several who try, one succeeds.
    ///
    /// - Returns: whether it was made.
    package static func create(_ path: String, with bytes: [UInt8]) throws(SystemError) -> Bool {
        let temporary = try write(bytes, beside: path)
        defer { unlink(temporary) }
        // Unlike rename, link refuses a name that is taken.
        if link(temporary, path) != 0 {
            if errno == EEXIST { return false }
            throw SystemError("link \(temporary) to \(path)")
        }
        try syncFolder(of: path)
        return true
    }

    private static func write(_ bytes: [UInt8], beside path: String) throws(SystemError) -> String {
        let temporary = "\(path).\(UInt32.random(in: .min ... .max)).tmp"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SystemError("open \(temporary)") }
        defer { close(descriptor) }
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress, $0.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw SystemError("write \(temporary)") }
            written += count
        }
        guard fsync(descriptor) == 0 else { throw SystemError("fsync \(temporary)") }
        return temporary
    }

    /// A new name is durable only when its folder is synced.
    private static func syncFolder(of path: String) throws(SystemError) {
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError("open \(folder)") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw SystemError("fsync \(folder)") }
    }
}
