internal import Digests
internal import Glibc

/// Takes a file or a folder of this machine into the store. It blocks on the disk.
struct LocalImport {
    let folder: ObjectFolder
    let source: Source
    let limit: Int64
    let wish: Blocking.Wish

    /// How often a file is read that changes while it is read, before that is said to be no use.
    private static let tries = 3
    /// Within this many seconds after a change another one may leave no trace in a file's times: such a file is not remembered.
    private static let settled = 2

    /// Reads `path`, which may be a link itself.
    func take(_ path: String) throws(ObjectStoreError) -> StoredObject {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .reading(path) }
        defer { close(descriptor) }
        var memory = LocalMemory(SourceIndex(folder: folder), source: path)
        switch try kind(of: descriptor, path) {
        case .file:
            let file = try takeFile(descriptor, path, name: "", &memory, limit: limit)
            try check(file)
            memory.save()
            return StoredObject(kind: .file, sha256: file.sha256, size: file.size)
        case .folder:
            let object = try takeFolder(descriptor, path, &memory)
            memory.save()
            return object
        case .other:
            throw ObjectStoreError(.unsupportedSource, "\(path) is neither a file nor a folder")
        }
    }

    private enum Kind { case file, folder, other }

    private func kind(of descriptor: Int32, _ path: String) throws(ObjectStoreError) -> Kind {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .reading(path) }
        return switch status.st_mode & S_IFMT {
        case S_IFREG: .file
        case S_IFDIR: .folder
        default: .other
        }
    }

    private func check(_ file: ObjectWriter.Result) throws(ObjectStoreError) {
        try DigestCheck(source).check(sha256: file.sha256) { file.md5 }
    }
}

// Files.
extension LocalImport {
    /// Copies a file into the store, unless it is there and has not changed since.
    private func takeFile(
        _ descriptor: Int32, _ path: String, name: String, _ memory: inout LocalMemory, limit: Int64
    ) throws(ObjectStoreError) -> ObjectWriter.Result {
        for _ in 0..<LocalImport.tries {
            var before = stat()
            guard fstat(descriptor, &before) == 0 else { throw .reading(path) }
            guard before.st_size <= limit else {
                throw ObjectStoreError(
                    .tooLarge,
                    "\(path) has \(before.st_size) bytes; no more than \(limit) are allowed (max_size)")
            }
            let stamp = SourceIndex.Stamp(before)
            if source.digest(.md5) == nil, let sha256 = memory.digest(of: name, stamp),
                try folder.size(of: sha256) == stamp.size
            {
                return ObjectWriter.Result(sha256: sha256, size: stamp.size)
            }
            let copy = try copy(descriptor, path, limit: limit, isAlone: name.isEmpty)
            var after = stat()
            guard fstat(descriptor, &after) == 0 else { throw .reading(path) }
            guard SourceIndex.Stamp(after) == stamp else { continue }
            if Int(before.st_ctim.tv_sec) < time(nil) - LocalImport.settled {
                memory.remember(name, .init(stamp: stamp, sha256: copy.sha256))
            }
            return copy
        }
        throw ObjectStoreError(
            .downloadFailed,
            "\(path) changes while it is read; run the benchmark when whoever writes it is done")
    }

    private func copy(
        _ descriptor: Int32, _ path: String, limit: Int64, isAlone: Bool
    ) throws(ObjectStoreError) -> ObjectWriter.Result {
        let writer = try ObjectWriter(folder, limit: limit, computesMD5: source.digest(.md5) != nil)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 * 1024, alignment: 16)
        defer { buffer.deallocate() }
        var offset: off_t = 0
        while true {
            try wish.check()
            let count = pread(descriptor, buffer.baseAddress, buffer.count, offset)
            if count < 0 {
                if errno == EINTR { continue }
                throw .reading(path)
            }
            if count == 0 { return try writer.commit(isDurable: isAlone) }
            try writer.write(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            offset += off_t(count)
        }
    }
}

// Folders.
extension LocalImport {
    private func takeFolder(
        _ descriptor: Int32, _ path: String, _ memory: inout LocalMemory
    ) throws(ObjectStoreError) -> StoredObject {
        var tree = TreeBuilder()
        try walk(descriptor, path, below: nil, &tree, &memory)
        return try TreeStore(folder: folder).put(try tree.manifest(), for: source)
    }

    /// Takes what is in an open folder. No link is followed on the way: what is not inside stays outside.
    private func walk(
        _ descriptor: Int32, _ root: String, below parent: SafePath?, _ tree: inout TreeBuilder,
        _ memory: inout LocalMemory
    ) throws(ObjectStoreError) {
        for name in try names(in: descriptor, root) {
            try wish.check()
            let text = parent.map { "\($0)/\(name)" } ?? name
            guard let path = SafePath(text) else {
                throw ObjectStoreError(.unsafePath, "\(root)/\(text): the path is too deep or too long")
            }
            var status = stat()
            guard fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
                throw .reading("\(root)/\(text)")
            }
            switch status.st_mode & S_IFMT {
            case S_IFLNK:
                try tree.addLink(path, to: try linkTarget(descriptor, name, "\(root)/\(text)"))
            case S_IFDIR, S_IFREG:
                try takeEntry(descriptor, name, root, path, status, &tree, &memory)
            default:
                throw ObjectStoreError(
                    .unsupportedSource, "\(root)/\(text): only files, folders and links can be fetched")
            }
        }
    }

    private func takeEntry(
        _ parent: Int32, _ name: String, _ root: String, _ path: SafePath, _ status: stat,
        _ tree: inout TreeBuilder, _ memory: inout LocalMemory
    ) throws(ObjectStoreError) {
        let full = "\(root)/\(path)"
        let descriptor = openat(parent, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { throw .reading(full) }
        defer { close(descriptor) }
        switch try kind(of: descriptor, full) {
        case .folder:
            try tree.addFolder(path)
            try walk(descriptor, root, below: path, &tree, &memory)
        case .file:
            let file = try takeFile(descriptor, full, name: path.text, &memory, limit: limit - tree.size)
            try tree.addFile(
                path, sha256: file.sha256, size: file.size, isExecutable: status.st_mode & 0o100 != 0)
        case .other:
            throw ObjectStoreError(.downloadFailed, "\(full) changes while it is read")
        }
    }

    /// The names in a folder, sorted: the same folder is always read in the same order.
    private func names(in descriptor: Int32, _ path: String) throws(ObjectStoreError) -> [String] {
        // Of its own, because closing the stream closes it.
        let copy = openat(descriptor, ".", O_RDONLY | O_CLOEXEC | O_DIRECTORY)
        guard copy >= 0, let stream = fdopendir(copy) else { throw .reading(path) }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = Glibc.readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(validatingCString: $0) }
            }
            guard let name else {
                throw ObjectStoreError(.unsafePath, "\(path): the name of a file in it is not UTF-8")
            }
            if name != "." && name != ".." { names.append(name) }
            guard names.count <= TreeManifest.mostEntries else {
                throw ObjectStoreError(
                    .tooLarge, "\(path) has more than \(TreeManifest.mostEntries) files; pack them into fewer"
                )
            }
        }
        return names.sorted()
    }

    private func linkTarget(
        _ parent: Int32, _ name: String, _ path: String
    ) throws(ObjectStoreError) -> String {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = buffer.withUnsafeMutableBytes { bytes in
            bytes.withMemoryRebound(to: CChar.self) { names in
                names.baseAddress.map { readlinkat(parent, name, $0, names.count) } ?? -1
            }
        }
        guard count >= 0 else { throw .reading(path) }
        guard let target = String(validating: buffer[..<count], as: UTF8.self) else {
            throw ObjectStoreError(.unsafePath, "\(path): the target of the link is not UTF-8")
        }
        return target
    }
}

/// What is remembered of a source's files, and what is to be remembered from now on.
struct LocalMemory {
    private let index: SourceIndex
    private let source: String
    private let known: [String: SourceIndex.LocalEntry]
    private var fresh: [String: SourceIndex.LocalEntry] = [:]

    init(_ index: SourceIndex, source: String) {
        self.index = index
        self.source = source
        known = index.local(source)
    }

    /// The SHA-256 of a file that has not changed since it was computed.
    mutating func digest(of name: String, _ stamp: SourceIndex.Stamp) -> String? {
        guard let entry = known[name], entry.stamp == stamp else { return nil }
        fresh[name] = entry
        return entry.sha256
    }

    mutating func remember(_ name: String, _ entry: SourceIndex.LocalEntry) { fresh[name] = entry }

    /// Forgets the files that are gone.
    func save() {
        if fresh != known { index.setLocal(source, fresh) }
    }
}
