internal import CArchive
internal import Glibc

/// Reads an archive - tar, tar.gz or zip - entry by entry, by libarchive. Nothing is written: what an entry is called decides nothing here. It blocks
/// on the disk.
final class Archive {
    private let handle: OpaquePointer
    private let name: String
    private var entry: OpaquePointer?
    /// How many bytes of the entry's content are still to come, as the archive says.
    private var rest: Int64 = 0

    /// What an entry is.
    enum Kind: Equatable {
        case file(isExecutable: Bool)
        case folder
        case link(target: String)
        case hardLink(of: String)
        /// A device, a pipe, a socket.
        case other
    }

    /// - Parameters:
    ///   - path: the file to read.
    ///   - name: what messages call it.
    init(_ path: String, name: String) throws(ObjectStoreError) {
        guard let handle = archive_read_new() else {
            throw ObjectStoreError(.storeUnavailable, "no memory to read \(name)")
        }
        self.handle = handle
        self.name = name
        archive_read_support_filter_gzip(handle)
        archive_read_support_format_tar(handle)
        archive_read_support_format_zip(handle)
        guard archive_read_open_filename(handle, path, 128 * 1024) == ARCHIVE_OK else {
            // The handle is let go by `deinit`, which follows since everything is set.
            throw failure("it is no archive, or of a kind that is not known (tar, tar.gz and zip are)")
        }
    }

    deinit { archive_read_free(handle) }

    /// Goes to the next entry.
    ///
    /// - Returns: its path as the archive has it, and its kind; nil after the last one.
    func next() throws(ObjectStoreError) -> (path: String, kind: Kind)? {
        entry = nil
        let code = archive_read_next_header(handle, &entry)
        if code == ARCHIVE_EOF { return nil }
        guard code == ARCHIVE_OK || code == ARCHIVE_WARN, let entry else { throw failure("it is damaged") }
        guard archive_entry_is_encrypted(entry) == 0 else {
            throw ObjectStoreError(.badArchive, "\(name) is encrypted; there is no way to give its password")
        }
        guard let path = text(archive_entry_pathname_utf8(entry), archive_entry_pathname(entry)) else {
            throw ObjectStoreError(.unsafePath, "\(name): the name of an entry is not UTF-8")
        }
        rest = archive_entry_size(entry)
        return (path, try kind(of: entry, path))
    }

    /// Reads the next bytes of the entry's content into `buffer`.
    ///
    /// - Returns: how many; 0 at its end.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(ObjectStoreError) -> Int {
        // Before a hole in a sparse file libarchive may give nothing although more follows; after that it gives the hole's zeros.
        for _ in 0..<2 {
            let count = archive_read_data(handle, buffer.baseAddress, buffer.count)
            guard count >= 0 else { throw failure("it is damaged") }
            rest -= Int64(count)
            if count > 0 || rest <= 0 { return count }
        }
        throw failure("it is damaged: a file in it is shorter than it says")
    }

    private func kind(of entry: OpaquePointer, _ path: String) throws(ObjectStoreError) -> Kind {
        if let pointer = archive_entry_hardlink(entry) {
            guard let target = text(archive_entry_hardlink_utf8(entry), pointer) else { throw badName(path) }
            return .hardLink(of: target)
        }
        // The kinds have the values of the system's own.
        switch mode_t(archive_entry_filetype(entry)) {
        case S_IFREG: return .file(isExecutable: archive_entry_perm(entry) & 0o100 != 0)
        case S_IFDIR: return .folder
        case S_IFLNK:
            guard let target = text(archive_entry_symlink_utf8(entry), archive_entry_symlink(entry)) else {
                throw badName(path)
            }
            return .link(target: target)
        default: return .other
        }
    }

    /// A name: as the archive says that it is in UTF-8, else its bytes, if they are.
    private func text(_ declared: UnsafePointer<CChar>?, _ raw: UnsafePointer<CChar>?) -> String? {
        (declared ?? raw).flatMap { String(validatingCString: $0) }
    }

    private func badName(_ path: String) -> ObjectStoreError {
        ObjectStoreError(.unsafePath, "\(name): where '\(path)' points to is not UTF-8")
    }

    private func failure(_ what: String) -> ObjectStoreError {
        let words = archive_error_string(handle).map { String(cString: $0) } ?? "no more is known"
        return ObjectStoreError(.badArchive, "\(name) cannot be unpacked: \(what): \(words)")
    }
}
