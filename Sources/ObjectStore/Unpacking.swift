internal import Glibc

/// Turns an archive in the store into a folder in the store. Each file goes straight into the store under its digest; the names only become
/// entries of a manifest, which is checked: so no name and no link in an archive can ever lead anywhere. It blocks on the disk.
struct Unpacking {
    /// Of what comes out to what went in: more is no data but a bomb. Real text packs to a hundredth.
    private static let mostExpansion: Int64 = 300
    /// Below this size anything may expand as it likes.
    private static let harmless: Int64 = 64 << 20

    let folder: ObjectFolder
    let source: Source
    let limit: Int64
    let wish: Blocking.Wish

    /// The content of the archive `sha256`.
    func take(_ archive: StoredObject) throws(ObjectStoreError) -> StoredObject {
        let index = SourceIndex(folder: folder)
        let trees = TreeStore(folder: folder)
        if let known = index.tree(ofArchive: archive.sha256), let object = try trees.find(known) {
            if object.size > limit { throw tooLarge }
            return object
        }
        let object = try trees.put(try manifest(of: archive))
        index.setTree(object.sha256, ofArchive: archive.sha256)
        return object
    }

    private func manifest(of object: StoredObject) throws(ObjectStoreError) -> TreeManifest {
        let archive = try Archive(folder.path(of: object.sha256), name: source.label)
        let most = min(limit, max(object.size * Unpacking.mostExpansion, Unpacking.harmless))
        var tree = TreeBuilder()
        while let (name, kind) = try archive.next() {
            try wish.check()
            // `./` is how tar names the folder that was packed.
            if kind == .folder, name.allSatisfy({ $0 == "." || $0 == "/" }), !name.contains("..") { continue }
            guard let path = SafePath(name) else { throw unsafe("'\(name)' leads out of the folder") }
            try add(path, kind, of: archive, to: &tree, most: most)
        }
        return try tree.manifest()
    }

    private func add(
        _ path: SafePath, _ kind: Archive.Kind, of archive: Archive, to tree: inout TreeBuilder, most: Int64
    ) throws(ObjectStoreError) {
        switch kind {
        case .folder: try tree.addFolder(path)
        case .link(let target):
            guard path.isSafeLink(to: target) else {
                throw unsafe("the link '\(path)' points out of the folder, to '\(target)'")
            }
            try tree.addLink(path, to: target)
        case .hardLink(let other):
            guard let other = SafePath(other) else { throw unsafe("'\(path)' is another name of '\(other)'") }
            try tree.addHardLink(path, to: other)
        case .file(let isExecutable):
            let file = try store(archive, most: most - tree.size)
            try tree.addFile(path, sha256: file.sha256, size: file.size, isExecutable: isExecutable)
        case .other: throw unsafe("'\(path)' is a device or a pipe")
        }
        if tree.size > most { throw tooLarge }
    }

    private func store(_ archive: Archive, most: Int64) throws(ObjectStoreError) -> ObjectWriter.Result {
        let writer = try ObjectWriter(folder, limit: .max)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 * 1024, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            try wish.check()
            let count = try archive.read(into: buffer)
            if count == 0 { return try writer.commit(isDurable: false) }
            guard writer.size + Int64(count) <= most else { throw tooLarge }
            try writer.write(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
    }

    private func unsafe(_ what: String) -> ObjectStoreError {
        ObjectStoreError(.unsafePath, "\(source.label): \(what); nothing of it was unpacked")
    }

    private var tooLarge: ObjectStoreError {
        ObjectStoreError(
            .tooLarge,
            "\(source.label): unpacked it has more bytes than \(limit) (max_size), or than "
                + "\(Unpacking.mostExpansion) for each packed one")
    }
}
