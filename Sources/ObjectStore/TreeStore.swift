internal import Digests
internal import FoundationEssentials
internal import Glibc

/// Folders in the store: kept as manifests, laid out as folders when they are needed. It blocks on the disk.
struct TreeStore {
    let folder: ObjectFolder

    /// Keeps a manifest whose files are in the store; they and it are durable when this returns.
    ///
    /// - Parameter source: what it is the content of: its SHA-256 must be the manifest's.
    func put(_ manifest: TreeManifest, for source: Source? = nil) throws(ObjectStoreError) -> StoredObject {
        let bytes = try manifest.encoded()
        if let source {
            try DigestCheck(source).check(sha256: Digest.of(bytes).hexadecimal) {
                () throws(ObjectStoreError) in
                throw ObjectStoreError(
                    .unsupportedSource,
                    "\(source.label) is a folder, and a folder has no md5; leave it out, or give sha256")
            }
        }
        try folder.settle(Set(manifest.entries.compactMap(\.sha256)))
        let writer = try ObjectWriter(folder, limit: Int64(bytes.count))
        try writer.write(bytes)
        return StoredObject(
            kind: .directory, sha256: try writer.commit(isDurable: true).sha256, size: manifest.size)
    }

    /// Whether the manifest and all of its files are in the store; then what they are.
    func find(_ sha256: String) throws(ObjectStoreError) -> StoredObject? {
        guard try folder.size(of: sha256) != nil else { return nil }
        let manifest = try TreeManifest(reading: folder.read(sha256))
        for entry in manifest.entries {
            guard let digest = entry.sha256 else { continue }
            if try folder.size(of: digest) != entry.size { return nil }
        }
        return StoredObject(kind: .directory, sha256: sha256, size: manifest.size)
    }

    /// The folder laid out, as it was when it was fetched: files that somebody has written to since are made anew.
    func location(of sha256: String) throws(ObjectStoreError) -> String {
        guard try folder.size(of: sha256) != nil else {
            throw ObjectStoreError(
                .notFound, "the object store has no folder \(sha256) any more; run it again")
        }
        let manifest = try TreeManifest(reading: folder.read(sha256))
        let path = folder.treePath(of: sha256)
        if isIntact(path, manifest) { return path }
        let new = folder.temporaryPath()
        defer { ObjectFolder.remove(new) }
        try layOut(manifest, at: new)
        try ObjectFolder.makeFolder("\(folder.root)/trees/\(sha256.prefix(2))")
        try swap(new, path, manifest)
        return path
    }

    /// Puts the new folder where the old one, if any, is. Whoever does the same at the same time makes the same.
    private func swap(_ new: String, _ path: String, _ manifest: TreeManifest) throws(ObjectStoreError) {
        if rename(new, path) == 0 { return }
        guard errno == EEXIST || errno == ENOTEMPTY else { throw .store("rename \(new) to \(path)") }
        if isIntact(path, manifest) { return }
        let old = folder.temporaryPath()
        rename(path, old)
        defer { ObjectFolder.remove(old) }
        guard rename(new, path) == 0 || isIntact(path, manifest) else {
            throw .store("rename \(new) to \(path)")
        }
    }

    private func isIntact(_ path: String, _ manifest: TreeManifest) -> Bool {
        var status = stat()
        guard lstat(path, &status) == 0 else { return false }
        return manifest.entries.allSatisfy { entry in
            guard lstat("\(path)/\(entry.path)", &status) == 0 else { return false }
            if let target = entry.target {
                return (try? FileManager.default.destinationOfSymbolicLink(atPath: "\(path)/\(entry.path)"))
                    == target
            }
            guard let size = entry.size else { return status.st_mode & S_IFMT == S_IFDIR }
            return ObjectFolder.isUntouched(status) && Int64(status.st_size) == size
        }
    }
}

// Laying out.
extension TreeStore {
    private func layOut(_ manifest: TreeManifest, at root: String) throws(ObjectStoreError) {
        try ObjectFolder.makeFolder(root)
        var made: Set<String> = []
        for entry in manifest.entries {
            let path = "\(root)/\(entry.path)"
            // A manifest was checked when it was read: nothing is below a link, so that each of these is a folder made here.
            for parent in SafePath(entry.path)?.parents ?? [] where made.insert(parent).inserted {
                try ObjectFolder.makeFolder("\(root)/\(parent)")
            }
            if let target = entry.target {
                guard symlink(target, path) == 0 else { throw .store("make the link \(path)") }
            } else if let sha256 = entry.sha256 {
                try place(sha256, at: path, isExecutable: entry.isExecutable)
            } else if made.insert(entry.path).inserted {
                try ObjectFolder.makeFolder(path)
            }
        }
    }

    /// A plain file is the object itself under one more name; one that can be executed has a mode of its own, and so is a copy.
    private func place(_ sha256: String, at path: String, isExecutable: Bool) throws(ObjectStoreError) {
        let object = folder.path(of: sha256)
        if !isExecutable {
            if link(object, path) == 0 { return }
            // A file may have only so many names; other file systems have no such thing.
            guard [EMLINK, EPERM, EXDEV, EOPNOTSUPP].contains(errno) else {
                throw errno == ENOENT
                    ? ObjectStoreError(
                        .notFound, "the object store has no object \(sha256) any more; run it again")
                    : .store("link \(path)")
            }
        }
        try copy(object, to: path, mode: isExecutable ? ObjectFolder.executableMode : ObjectFolder.objectMode)
    }

    private func copy(_ object: String, to path: String, mode: mode_t) throws(ObjectStoreError) {
        let input = open(object, O_RDONLY | O_CLOEXEC)
        guard input >= 0 else { throw .store("open \(object)") }
        defer { close(input) }
        let output = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard output >= 0 else { throw .store("make \(path)") }
        defer { close(output) }
        try copyBytes(from: input, object, to: output, path)
        guard fchmod(output, mode) == 0 else { throw .store("change the mode of \(path)") }
        try ObjectFolder.setTime(of: output, path)
    }

    private func copyBytes(
        from input: Int32, _ object: String, to output: Int32, _ path: String
    ) throws(ObjectStoreError) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 * 1024, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            let count = Glibc.read(input, buffer.baseAddress, buffer.count)
            if count == 0 { return }
            if count > 0 {
                try writeFully(output, UnsafeRawBufferPointer(rebasing: buffer[..<count]), path)
            } else if errno != EINTR {
                throw .store("read \(object)")
            }
        }
    }
}
