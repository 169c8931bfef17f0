internal import Digests
internal import FoundationEssentials
internal import Glibc

/// Lays out a folder of the store on a machine that has no store, from a tar archive with exactly the entries of its manifest. It blocks on the disk.
package enum ArchivedFolder {
    /// Unpacks an archive into a new folder, which is there whole, and is what it should be, or not at all.
    ///
    /// - Parameters:
    ///   - name: what messages call it.
    ///   - folder: what is there already is replaced.
    ///   - sha256: of the manifest.
    ///   - isWritable: whether anybody may change what comes out; else anybody may read it.
    package static func unpack(
        _ archive: String, name: String, to folder: String, sha256: String, isWritable: Bool
    ) throws(ObjectStoreError) {
        let new = "\(folder).new"
        ObjectFolder.remove(new)
        defer { ObjectFolder.remove(new) }
        let mask = umask(0)
        defer { umask(mask) }
        try Layout(root: new, name: name, isWritable: isWritable).take(archive, sha256: sha256)
        ObjectFolder.remove(folder)
        guard rename(new, folder) == 0 else { throw .placing("rename \(new) to \(folder)") }
    }

    /// The entries of an archive below `root`.
    private struct Layout {
        let root: String
        let name: String
        let isWritable: Bool

        private var folderMode: mode_t { isWritable ? 0o777 : 0o755 }

        func take(_ path: String, sha256: String) throws(ObjectStoreError) {
            try makeFolder("")
            let archive = try Archive(path, name: name)
            var tree = TreeBuilder()
            var links: [(SafePath, target: String)] = []
            while let (entry, kind) = try archive.next() {
                // `./` is how tar names the folder that was packed.
                if kind == .folder, entry.allSatisfy({ $0 == "." || $0 == "/" }) { continue }
                guard let path = SafePath(entry) else { throw unsafe("'\(entry)' leads out of the folder") }
                for parent in path.parents { try makeFolder(parent) }
                switch kind {
                case .folder:
                    try makeFolder(path.text)
                    try tree.addFolder(path)
                case .link(let target):
                    links.append((path, target))
                    try tree.addLink(path, to: target)
                case .file(let isExecutable):
                    let (digest, size) = try write(archive, to: path, isExecutable: isExecutable)
                    try tree.addFile(path, sha256: digest, size: size, isExecutable: isExecutable)
                case .hardLink, .other: throw unsafe("'\(path)' is neither file, folder nor link")
                }
            }
            // The manifest refuses links that lead out, and anything below a link; so nothing was written through one.
            try check(try tree.manifest(), sha256: sha256)
            for (path, target) in links where symlink(target, "\(root)/\(path)") != 0 {
                throw .placing("make the link \(path)")
            }
        }

        private func check(_ manifest: TreeManifest, sha256: String) throws(ObjectStoreError) {
            let found = Digest.of(try manifest.encoded()).hexadecimal
            guard found != sha256 else { return }
            throw ObjectStoreError(
                .digestMismatch, "\(name): the folder that came is \(found), not \(sha256)")
        }

        private func makeFolder(_ path: String) throws(ObjectStoreError) {
            guard mkdir("\(root)/\(path)", folderMode) == 0 || errno == EEXIST else {
                throw .placing("make folder \(path)")
            }
        }

        private func write(
            _ archive: Archive, to path: SafePath, isExecutable: Bool
        ) throws(ObjectStoreError) -> (sha256: String, size: Int64) {
            let mode: mode_t = (isWritable ? 0o666 : 0o644) | (isExecutable ? 0o111 : 0)
            let file = "\(root)/\(path)"
            let descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, mode)
            guard descriptor >= 0 else { throw .placing("make \(path)") }
            defer { close(descriptor) }
            let digest = IncrementalDigest(.sha256)
            var size: Int64 = 0
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 * 1024, alignment: 16)
            defer { buffer.deallocate() }
            while case let count = try archive.read(into: buffer), count > 0 {
                let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
                try writeFully(descriptor, bytes, file)
                digest.update(bytes)
                size += Int64(count)
            }
            return (digest.finalize().hexadecimal, size)
        }

        private func unsafe(_ what: String) -> ObjectStoreError {
            ObjectStoreError(.unsafePath, "\(name): \(what); nothing of it was kept")
        }
    }
}

extension ObjectStoreError {
    /// The disk that a folder is laid out on failed.
    fileprivate static func placing(_ operation: String, _ code: Int32 = errno) -> ObjectStoreError {
        ObjectStoreError(.storeUnavailable, "\(operation): \(String(cString: strerror(code)))")
    }
}
