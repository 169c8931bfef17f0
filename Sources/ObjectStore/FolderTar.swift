internal import Glibc
internal import Runtime

/// A folder, or a single file, as a tar archive, piece by piece: entries sorted by path, without times and owners. The same content gives the same
/// bytes, wherever it is. On a queue of its own, because it blocks on the disk.
package actor FolderTar {
    private let executor = QueueExecutor(label: "bai.objects.tar")
    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// A piece has at most so many bytes, but for a header.
    private static let pieceSize = 256 * 1024

    private struct Entry {
        var path: SafePath
        var status: stat
    }

    private let root: String
    /// Sorted; nil before the folder has been looked at.
    private var entries: ArraySlice<Entry>?
    /// The file whose content comes next.
    private var file: (descriptor: Int32, path: String, size: Int64, left: Int64)?
    private var isOver = false

    /// - Parameter root: what is to be packed. Of a folder what is in it; a file stands in the archive alone, under its own name.
    package init(of root: String) { self.root = root }

    deinit { if let file { close(file.descriptor) } }

    /// The next piece; nil after the last.
    ///
    /// - Throws: also when a file changes while it is read.
    package func next() throws(ObjectStoreError) -> [UInt8]? {
        if isOver { return nil }
        if entries == nil { entries = try look()[...] }
        if file != nil { return try content() }
        guard let entry = entries?.popFirst() else {
            isOver = true
            return TarHeader.end
        }
        return try header(of: entry)
    }

    // MARK: What there is

    private var isFolder: Bool {
        var status = stat()
        return stat(root, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    private func place(of path: SafePath) -> String { isFolder ? "\(root)/\(path)" : root }

    private func look() throws(ObjectStoreError) -> [Entry] {
        var status = stat()
        guard stat(root, &status) == 0 else { throw .reading(root) }
        if status.st_mode & S_IFMT == S_IFREG {
            let name = root.split(separator: "/").last.map(String.init) ?? "file"
            guard let path = SafePath(name) else { throw .reading(root, EINVAL) }
            return [Entry(path: path, status: status)]
        }
        var entries: [Entry] = []
        try walk("", into: &entries)
        return entries.sorted { $0.path < $1.path }
    }

    private func walk(_ folder: String, into entries: inout [Entry]) throws(ObjectStoreError) {
        for name in try names(in: folder.isEmpty ? root : "\(root)/\(folder)") {
            let text = folder.isEmpty ? name : "\(folder)/\(name)"
            var status = stat()
            guard let path = SafePath(text) else {
                throw ObjectStoreError(.unsafePath, "\(root)/\(text): the path is too deep or too long")
            }
            guard lstat("\(root)/\(text)", &status) == 0 else { throw .reading("\(root)/\(text)") }
            entries.append(Entry(path: path, status: status))
            guard entries.count <= TreeManifest.mostEntries else {
                throw ObjectStoreError(.tooLarge, "\(root) has more than \(TreeManifest.mostEntries) files")
            }
            if status.st_mode & S_IFMT == S_IFDIR { try walk(text, into: &entries) }
        }
    }

    private func names(in folder: String) throws(ObjectStoreError) -> [String] {
        guard let stream = opendir(folder) else { throw .reading(folder) }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = Glibc.readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(validatingCString: $0) }
            }
            guard let name else {
                throw ObjectStoreError(.unsafePath, "\(folder): the name of a file in it is not UTF-8")
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }

    // MARK: What is written

    private func header(of entry: Entry) throws(ObjectStoreError) -> [UInt8] {
        let place = place(of: entry.path)
        switch entry.status.st_mode & S_IFMT {
        case S_IFDIR: return TarHeader(path: "\(entry.path)/", kind: .folder).bytes
        case S_IFLNK:
            let target = try target(of: place)
            guard entry.path.isSafeLink(to: target) else {
                throw ObjectStoreError(
                    .unsafePath, "\(place): the link points out of the folder, to '\(target)'")
            }
            return TarHeader(path: entry.path.text, kind: .link, target: target).bytes
        case S_IFREG:
            let size = try open(place)
            return TarHeader(
                path: entry.path.text, kind: .file, size: size,
                isExecutable: entry.status.st_mode & 0o100 != 0
            ).bytes
        default:
            throw ObjectStoreError(
                .unsupportedSource, "\(place): only files, folders and links can be packed")
        }
    }

    private func open(_ path: String) throws(ObjectStoreError) -> Int64 {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .reading(path) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw .reading(path, EINVAL)
        }
        let size = Int64(status.st_size)
        file = (descriptor, path, size, size)
        return size
    }

    private func content() throws(ObjectStoreError) -> [UInt8]? {
        guard var file else { return nil }
        var failure: Int32 = 0
        let wanted = Int(min(file.left, Int64(FolderTar.pieceSize)))
        var bytes = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, count in
            var got = 0
            while count < wanted {
                got = read(file.descriptor, buffer.baseAddress.map { $0 + count }, wanted - count)
                if got < 0, errno == EINTR { continue }
                if got < 0 { failure = errno }
                if got <= 0 { break }
                count += got
            }
        }
        if failure != 0 { throw .reading(file.path, failure) }
        guard bytes.count == wanted else {
            throw ObjectStoreError(
                .downloadFailed,
                "\(file.path) changes while it is read; try again when whoever writes it is done")
        }
        file.left -= Int64(wanted)
        self.file = file
        if file.left == 0 {
            close(file.descriptor)
            self.file = nil
            bytes += TarHeader.padding(after: file.size)
        }
        return bytes.isEmpty ? try next() : bytes
    }

    private func target(of path: String) throws(ObjectStoreError) -> String {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = buffer.withUnsafeMutableBytes { bytes in
            bytes.withMemoryRebound(to: CChar.self) { names in
                names.baseAddress.map { readlink(path, $0, names.count) } ?? -1
            }
        }
        guard count >= 0 else { throw .reading(path) }
        guard let target = String(validating: buffer[..<count], as: UTF8.self) else {
            throw ObjectStoreError(.unsafePath, "\(path): the target of the link is not UTF-8")
        }
        return target
    }
}
