internal import Glibc
internal import Runtime

/// A small file system in memory, mounted while this lives. Only the super-user may.
package final class SmallDisk: Sendable {
    /// Whether one can be had here; says so where not.
    package static let isPossible: Bool = {
        guard let disk = try? SmallDisk(megabytes: 1) else {
            print(
                "no small file system can be mounted here: full disks are made of failing system calls alone")
            return false
        }
        return !disk.path.isEmpty
    }()

    private let folder: TemporaryFolder
    package var path: String { folder.path }

    /// - Throws: `SystemError` where mounting is not permitted.
    package init(megabytes: Int) throws {
        folder = try TemporaryFolder()
        guard mount("none", folder.path, "tmpfs", 0, "size=\(megabytes)m") == 0 else {
            throw SystemError("mount a small file system")
        }
    }

    deinit { umount2(folder.path, Int32(MNT_DETACH)) }

    /// Leaves no room at all.
    package func fill() throws {
        let filler = open("\(path)/filler", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard filler >= 0 else { throw SystemError("make a filler") }
        defer { close(filler) }
        let bytes = [UInt8](repeating: 1, count: 4096)
        while write(filler, bytes, bytes.count) > 0 {}
    }

    /// Refuses writes from now on. Nobody may have a file open for writing.
    package func makeReadOnly() throws {
        let flags = UInt(MS_RDONLY) | UInt(MS_REMOUNT)
        guard mount("none", path, "tmpfs", flags, nil) == 0 else { throw SystemError("remount \(path)") }
    }

    /// Makes room again.
    package func empty() { unlink("\(path)/filler") }
}
