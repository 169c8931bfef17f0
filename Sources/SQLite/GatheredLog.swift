internal import CSQLite
internal import Glibc

/// SQLite's own files, but for the write-ahead log: what a transaction adds to it is gathered and written with one call, and its file grows in
/// steps, ahead of what is written.
///
/// SQLite writes each page with two calls, which cost more than the bytes in them. And a file that grows with each transaction makes each sync
/// write the file system's journal too; one that has its blocks already does not.
///
/// What is gathered is written before the sync that ends the transaction, so this is only for connections with `synchronous=FULL`: without that
/// sync others could be told of pages that are still here.
enum GatheredLog {
    /// The name by which SQLite knows these files; nil where it does not take them.
    static let name: String? = register("bai-gathered-log")

    private static func register(_ name: String) -> String? {
        // SQLite keeps both for as long as the process lives.
        guard let usual = sqlite3_vfs_find(nil), let text = strdup(name) else { return nil }
        let own = UnsafeMutablePointer<sqlite3_vfs>.allocate(capacity: 1)
        own.initialize(to: usual.pointee)
        own.pointee.zName = UnsafePointer(text)
        own.pointee.pNext = nil
        own.pointee.xOpen = { _, path, file, flags, outFlags in
            // The usual files are SQLite's default, and stay it.
            guard let usual = sqlite3_vfs_find(nil), let file, let open = usual.pointee.xOpen else {
                return SQLITE_CANTOPEN
            }
            let code = open(usual, path, file, flags, outFlags)
            if code == SQLITE_OK, flags & SQLITE_OPEN_WAL != 0 { GatheredFile.install(on: file) }
            return code
        }
        return sqlite3_vfs_register(own, 0) == SQLITE_OK ? name : nil
    }
}

/// The write-ahead log as one connection writes it.
private struct GatheredFile {
    typealias File = UnsafeMutablePointer<sqlite3_file>

    /// The most that SQLite's own files take at once is less than 128 KiB.
    private static let piece = 120 << 10
    /// Room for what a transaction usually writes, and for a step.
    private static let capacity = 512 << 10
    /// How much the file grows at once: some sixty pages, so that few transactions pay for it.
    private static let step = 256 << 10

    /// What SQLite calls. The first member: a file points at it, and so at all of this.
    private var methods: sqlite3_io_methods
    private let usual: UnsafePointer<sqlite3_io_methods>
    private let buffer: UnsafeMutableRawPointer
    /// How much is gathered, and for which place in the file.
    private var count = 0
    private var start = 0
    /// A length that the file is known to have had. Asked for as rarely as can be: a file whose times somebody has seen gets a new time with each
    /// write, which is a write of its own.
    private var size = 0

    private init(_ usual: UnsafePointer<sqlite3_io_methods>) {
        methods = usual.pointee
        self.usual = usual
        buffer = .allocate(byteCount: GatheredFile.capacity, alignment: 4096)
    }

    /// Comes between SQLite and `file`, until that is closed.
    static func install(on file: File) {
        guard let usual = file.pointee.pMethods else { return }
        var new = GatheredFile(usual)
        new.methods.xClose = { $0.map { GatheredFile.close($0) } ?? SQLITE_MISUSE }
        new.methods.xRead = { file, bytes, count, offset in
            GatheredFile.written(file) { $0.xRead?($1, bytes, count, offset) }
        }
        new.methods.xWrite = { file, start, count, offset in
            guard let file, let start else { return SQLITE_MISUSE }
            let bytes = UnsafeRawBufferPointer(start: start, count: Int(count))
            return GatheredFile.of(file).pointee.gather(bytes, Int(offset), file)
        }
        new.methods.xTruncate = { file, size in GatheredFile.written(file) { $0.xTruncate?($1, size) } }
        new.methods.xSync = { file, flags in GatheredFile.written(file) { $0.xSync?($1, flags) } }
        new.methods.xFileSize = { file, size in GatheredFile.written(file) { $0.xFileSize?($1, size) } }
        let own = UnsafeMutablePointer<GatheredFile>.allocate(capacity: 1)
        own.initialize(to: new)
        file.pointee.pMethods = UnsafeRawPointer(own).assumingMemoryBound(to: sqlite3_io_methods.self)
    }

    private static func of(_ file: File) -> UnsafeMutablePointer<GatheredFile> {
        // Only called by way of the methods of a file that has one.
        UnsafeMutableRawPointer(mutating: file.pointee.pMethods).assumingMemoryBound(to: GatheredFile.self)
    }

    private static func close(_ file: File) -> Int32 {
        let own = of(file)
        // What is still here belongs to no transaction that has ended.
        let code = own.pointee.usual.pointee.xClose?(file) ?? SQLITE_MISUSE
        own.pointee.buffer.deallocate()
        own.deallocate()
        return code
    }

    /// Calls one of SQLite's own methods when what was gathered is in the file.
    private static func written(
        _ file: File?, _ method: (sqlite3_io_methods, File) -> Int32?
    ) -> Int32 {
        guard let file else { return SQLITE_MISUSE }
        let own = of(file)
        let code = own.pointee.write(to: file)
        guard code == SQLITE_OK else { return code }
        return method(own.pointee.usual.pointee, file) ?? SQLITE_MISUSE
    }

    private mutating func gather(_ bytes: UnsafeRawBufferPointer, _ offset: Int, _ file: File) -> Int32 {
        guard let source = bytes.baseAddress else { return SQLITE_OK }
        if count > 0, offset != start + count || count + bytes.count > GatheredFile.capacity {
            let code = write(to: file)
            guard code == SQLITE_OK else { return code }
        }
        // No page is as large as that; if one were, it would need no gathering.
        guard bytes.count <= GatheredFile.capacity else { return put(source, bytes.count, offset, file) }
        if count == 0 { start = offset }
        (buffer + count).copyMemory(from: source, byteCount: bytes.count)
        count += bytes.count
        return SQLITE_OK
    }

    /// Writes what was gathered, and zeros behind it where the file ends: to SQLite they are the end of the log. What cannot be written is
    /// forgotten: SQLite undoes the transaction, and writes at this place again.
    private mutating func write(to file: File) -> Int32 {
        guard count > 0 else { return SQLITE_OK }
        defer { count = 0 }
        let zeros = missing(file)
        if zeros > 0 {
            (buffer + count).initializeMemory(as: UInt8.self, repeating: 0, count: zeros)
            if put(buffer, count + zeros, start, file) == SQLITE_OK { return SQLITE_OK }
            // A disk may have no room for the zeros, but for what matters.
        }
        return put(buffer, count, start, file)
    }

    private func put(_ bytes: UnsafeRawPointer, _ count: Int, _ offset: Int, _ file: File) -> Int32 {
        for done in stride(from: 0, to: count, by: GatheredFile.piece) {
            let length = Int32(min(GatheredFile.piece, count - done))
            let code = usual.pointee.xWrite?(file, bytes + done, length, Int64(offset + done))
            guard code == SQLITE_OK else { return code ?? SQLITE_MISUSE }
        }
        return SQLITE_OK
    }

    /// How many bytes the file lacks to the next step behind what is gathered; none while that is within the file.
    private mutating func missing(_ file: File) -> Int {
        let end = start + count
        // Where the log is begun anew, the file may have been made shorter.
        if start == 0 { size = 0 }
        if end <= size { return 0 }
        var found: Int64 = 0
        guard usual.pointee.xFileSize?(file, &found) == SQLITE_OK else { return 0 }
        size = Int(found)
        if end <= size { return 0 }
        let stepEnd = (end + GatheredFile.step - 1) / GatheredFile.step * GatheredFile.step
        return min(stepEnd - end, GatheredFile.capacity - count)
    }
}
