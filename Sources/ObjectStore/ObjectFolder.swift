internal import CLinux
internal import Digests
internal import FoundationEssentials
internal import Glibc

/// The folder that a store is. Everything here blocks on the disk.
///
///     sha256/ab/ab12…   one file per content, read-only, changed last in 1970: whoever writes to it leaves a trace
///     trees/ab/ab12…    folders laid out from their manifests
///     partial/          downloads that are not finished, with what is needed to go on
///     index/            what sources were found to be: to be asked again, never needed
///     locks/ tmp/       of those who work here now
struct ObjectFolder: Sendable {
    let root: String

    /// Makes the folder and its parts, and removes what killed programs have left in it.
    func prepare() throws(ObjectStoreError) {
        for name in ["sha256", "trees", "partial", "index", "locks", "tmp"] {
            try ObjectFolder.makeFolder("\(root)/\(name)")
        }
        removeLeftovers(in: "tmp", olderThan: 86_400)
        removeLeftovers(in: "partial", olderThan: 30 * 86_400)
    }

    func path(of sha256: String) -> String { "\(root)/sha256/\(sha256.prefix(2))/\(sha256)" }
    func treePath(of sha256: String) -> String { "\(root)/trees/\(sha256.prefix(2))/\(sha256)" }
    /// A lock for what has this key, and now and then for something else too: there are only so many files.
    func lock(_ key: String) -> String { "\(root)/locks/\(key.prefix(3))" }
    func partial(_ key: String) -> String { "\(root)/partial/\(key)" }
    func temporaryPath() -> String { "\(root)/tmp/\(UUID().uuidString.lowercased())" }

    /// The size of an object, if the store has it and it is what its name says. One that somebody has written to is read again, and thrown
    /// out if its content is another now.
    func size(of sha256: String) throws(ObjectStoreError) -> Int64? {
        let path = path(of: sha256)
        var status = stat()
        guard lstat(path, &status) == 0 else {
            if errno == ENOENT { return nil }
            throw .store("look at \(path)")
        }
        if ObjectFolder.isUntouched(status) { return Int64(status.st_size) }
        guard (try? Digest.ofFile(path))?.hexadecimal == sha256 else {
            unlink(path)
            return nil
        }
        try seal(path)
        return Int64(status.st_size)
    }

    /// Takes a file of the store's own disk in as the object `sha256`, which its content must have been found to be, and which is gone from where
    /// it was when this returns.
    ///
    /// - Parameter isDurable: whether it is on the disk then. If not, it counts as touched until `settle` has been called.
    func adopt(_ file: String, as sha256: String, isDurable: Bool) throws(ObjectStoreError) {
        let path = path(of: sha256)
        if try size(of: sha256) != nil {
            unlink(file)
            return
        }
        try ObjectFolder.makeFolder("\(root)/sha256/\(sha256.prefix(2))")
        if isDurable {
            try seal(file)
        } else if chmod(file, ObjectFolder.objectMode) != 0 {
            throw .store("change the mode of \(file)")
        }
        guard rename(file, path) == 0 else { throw .store("rename \(file) to \(path)") }
    }

    /// Has objects that were adopted in a hurry written to the disk, all with one sync: a sync for each of a hundred thousand files
    /// takes minutes.
    func settle(_ objects: Set<String>) throws(ObjectStoreError) {
        let paths = objects.map { path(of: $0) }.filter { path in
            var status = stat()
            return lstat(path, &status) == 0 && !ObjectFolder.isUntouched(status)
        }
        if paths.isEmpty { return }
        let descriptor = open(root, O_RDONLY | O_CLOEXEC | O_DIRECTORY)
        guard descriptor >= 0 else { throw .store("open \(root)") }
        defer { close(descriptor) }
        guard clinux_sync_file_system(descriptor) == 0 else { throw .store("sync \(root)") }
        for path in paths {
            let file = open(path, O_RDONLY | O_CLOEXEC)
            guard file >= 0 else { throw .store("open \(path)") }
            defer { close(file) }
            try ObjectFolder.setTime(of: file, path)
        }
    }

    /// All of an object's bytes; for small ones.
    func read(_ sha256: String) throws(ObjectStoreError) -> [UInt8] {
        guard let data = try? Data(contentsOf: URL(filePath: path(of: sha256))) else {
            throw ObjectStoreError(.notFound, "the object store has no object \(sha256)")
        }
        return Array(data)
    }

    /// Makes a file read-only, gives it the time that only untouched files have, and has it written to the disk.
    private func seal(_ path: String) throws(ObjectStoreError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .store("open \(path)") }
        defer { close(descriptor) }
        guard fchmod(descriptor, ObjectFolder.objectMode) == 0 else {
            throw .store("change the mode of \(path)")
        }
        try ObjectFolder.setTime(of: descriptor, path)
        guard fsync(descriptor) == 0 else { throw .store("sync \(path)") }
    }
}

extension ObjectFolder {
    static let objectMode: mode_t = 0o444
    static let executableMode: mode_t = 0o555

    /// Whether nobody has written to a file since it was sealed.
    static func isUntouched(_ status: stat) -> Bool {
        status.st_mode & S_IFMT == S_IFREG && status.st_mode & 0o222 == 0 && status.st_mtim.tv_sec == 0
    }

    static func setTime(of descriptor: Int32, _ path: String) throws(ObjectStoreError) {
        let times = [timespec(tv_sec: 0, tv_nsec: 0), timespec(tv_sec: 0, tv_nsec: 0)]
        guard futimens(descriptor, times) == 0 else { throw .store("set the time of \(path)") }
    }

    static func makeFolder(_ path: String) throws(ObjectStoreError) {
        if mkdir(path, 0o700) == 0 || errno == EEXIST { return }
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw .store("make the folder \(path)")
        }
    }

    static func remove(_ path: String) {
        // What cannot be removed now is a leftover for the next start to remove.
        try? FileManager.default.removeItem(atPath: path)
    }

    private func removeLeftovers(in name: String, olderThan age: Int) {
        let folder = "\(root)/\(name)"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        for name in names {
            var status = stat()
            let path = "\(folder)/\(name)"
            guard lstat(path, &status) == 0, status.st_mtim.tv_sec < time(nil) - age else { continue }
            ObjectFolder.remove(path)
        }
    }
}
