internal import Glibc
internal import Runtime

/// Removes folders that a benchmark has written into: it may have made them read-only, given them names that are no text, and put links into
/// them that lead elsewhere.
enum FolderRemoval {
    /// Removes the folder and all that is in it. Links are removed, never followed.
    static func remove(_ path: String) throws(SystemError) {
        chmod(path, 0o700)
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        if descriptor < 0, errno == ENOENT { return }
        guard descriptor >= 0 else { throw SystemError("open folder \(path)") }
        try empty(descriptor, path)
        guard rmdir(path) == 0 || errno == ENOENT else { throw SystemError("remove folder \(path)") }
    }

    /// Removes what is in an open folder, and closes it.
    private static func empty(_ descriptor: Int32, _ path: String) throws(SystemError) {
        guard let folder = fdopendir(descriptor) else {
            close(descriptor)
            throw SystemError("read folder \(path)")
        }
        defer { closedir(folder) }
        while let entry = readdir(folder) {
            // The name starts where the fixed part of the entry ends.
            let offset = MemoryLayout<dirent>.offset(of: \dirent.d_name) ?? 0
            let name = UnsafeRawPointer(entry).advanced(by: offset).assumingMemoryBound(to: CChar.self)
            if strcmp(name, ".") != 0, strcmp(name, "..") != 0 { try remove(name, from: descriptor, path) }
        }
    }

    private static func remove(
        _ name: UnsafePointer<CChar>, from folder: Int32, _ path: String
    ) throws(SystemError) {
        if unlinkat(folder, name, 0) == 0 || errno == ENOENT { return }
        guard errno == EISDIR || errno == EPERM else {
            throw SystemError("remove \(path)/\(String(cString: name))")
        }
        // Without these a folder can be neither listed nor emptied.
        fchmodat(folder, name, 0o700, 0)
        let child = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard child >= 0 else { throw SystemError("open folder \(path)/\(String(cString: name))") }
        try empty(child, "\(path)/\(String(cString: name))")
        guard unlinkat(folder, name, Int32(AT_REMOVEDIR)) == 0 || errno == ENOENT else {
            throw SystemError("remove folder \(path)/\(String(cString: name))")
        }
    }
}
