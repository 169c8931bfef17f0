internal import CLinux
internal import Glibc
package import Runtime

/// Tells when something happens to files or in folders. For one thread: wait for `descriptor` to be readable, then ask for `events()`.
package final class Inotify {
    /// What is watched for.
    package enum Interest {
        /// A file was written to.
        case content
        /// A file in the folder got its name: `DurableFile` was used on it.
        case names
    }

    /// Readable when something happened.
    package let descriptor: Int32

    package init() throws(SystemError) {
        descriptor = inotify_init1(Int32(IN_NONBLOCK | IN_CLOEXEC))
        guard descriptor >= 0 else { throw SystemError("inotify_init1") }
    }

    deinit { close(descriptor) }

    /// Watches a file or folder.
    ///
    /// - Returns: the number that its events carry.
    package func watch(_ path: String, for interest: Interest) throws(SystemError) -> Int32 {
        let mask: UInt32 =
            switch interest {
            case .content: UInt32(IN_MODIFY)
            case .names: UInt32(IN_MOVED_TO | IN_CREATE | IN_DELETE_SELF)
            }
        let number = inotify_add_watch(descriptor, path, mask)
        guard number >= 0 else { throw SystemError("inotify_add_watch \(path)") }
        return number
    }

    /// Ends a watch.
    package func forget(_ number: Int32) { inotify_rm_watch(descriptor, number) }

    /// The watches to which something happened since the last call.
    package func events() -> Set<Int32> {
        var happened: Set<Int32> = []
        // Room for a few hundred events; what does not fit comes with the next read.
        var buffer = [UInt8](repeating: 0, count: 16 * 1024)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            guard count > 0 else { return happened }
            buffer.withUnsafeBytes { bytes in
                var place = 0
                while place + MemoryLayout<inotify_event>.size <= count {
                    let event = bytes.loadUnaligned(fromByteOffset: place, as: inotify_event.self)
                    happened.insert(event.wd)
                    place += MemoryLayout<inotify_event>.size + Int(event.len)
                }
            }
        }
    }
}
