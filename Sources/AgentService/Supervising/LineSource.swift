internal import Glibc
internal import Runtime

/// Bytes that arrive at a descriptor which never blocks: a pipe, a FIFO, or a file that grows. For one thread.
final class ByteSource {
    /// -1 when its end has come.
    private(set) var descriptor: Int32
    let isFile: Bool

    /// The kernel's buffer of a pipe is as large; a file is read on at the next opportunity.
    static let chunk = 64 * 1024

    /// - Parameters:
    ///   - descriptor: is closed with this.
    ///   - isFile: whether the end of what is there is not the end of what will come.
    init(_ descriptor: Int32, isFile: Bool = false) {
        self.descriptor = descriptor
        self.isFile = isFile
    }

    deinit { end() }

    /// Of the end of a pipe, which closes its own descriptor with the process.
    convenience init(copying descriptor: Int32) throws(SystemError) {
        let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 3)
        guard copy >= 0 else { throw SystemError("duplicate a pipe") }
        self.init(copy)
    }

    /// Of a file or FIFO that is there.
    convenience init(opening path: String, _ flags: Int32, isFile: Bool = false) throws(SystemError) {
        let descriptor = open(path, flags | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError("open \(path)") }
        self.init(descriptor, isFile: isFile)
    }

    /// Goes on reading a file from here.
    func seek(to offset: Int) { lseek(descriptor, off_t(offset), SEEK_SET) }

    /// Takes what is there now, at most `limit` bytes of it, in pieces of at most `chunk`.
    ///
    /// - Returns: how many bytes there were.
    func read(limit: Int = chunk, _ take: (UnsafeRawBufferPointer) -> Void) -> Int {
        guard descriptor >= 0 else { return 0 }
        return withUnsafeTemporaryAllocation(byteCount: ByteSource.chunk, alignment: 16) { buffer in
            var total = 0
            while total < limit {
                let count = Glibc.read(descriptor, buffer.baseAddress, min(buffer.count, limit - total))
                if count < 0, errno == EINTR { continue }
                if count == 0, !isFile { end() }
                guard count > 0 else { break }
                take(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                total += count
            }
            return total
        }
    }

    /// Nothing more is wanted.
    func end() {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
    }
}

/// Lines that arrive at a descriptor which never blocks. For one thread.
final class LineSource {
    /// How far a file was read, so that another source goes on there.
    struct Place: Codable, Equatable {
        var offset = 0
        /// With a part of a line that was read.
        var splitter = LineSplitter()
    }

    private let source: ByteSource
    private let spool: Spool?
    private(set) var place: Place

    /// -1 when its end has come.
    var descriptor: Int32 { source.descriptor }

    /// - Parameters:
    ///   - spool: gets all bytes as they come.
    ///   - place: of a file, where to begin.
    init(_ source: ByteSource, spool: Spool? = nil, from place: Place = Place()) {
        self.source = source
        self.spool = spool
        self.place = place
        if place.offset > 0 { source.seek(to: place.offset) }
    }

    /// Takes what is there now, at most `limit` bytes of it.
    ///
    /// - Returns: how many bytes there were.
    func read(limit: Int = ByteSource.chunk, _ take: (LineSplitter.Line) -> Void) -> Int {
        if source.isFile { returnToStartIfCut() }
        return source.read(limit: limit) { bytes in
            spool?.write(bytes)
            place.splitter.add(bytes, take)
            place.offset += bytes.count
        }
    }

    /// Takes a last line without an end: nothing more will come.
    func finish(_ take: (LineSplitter.Line) -> Void) {
        place.splitter.finish(take)
        source.end()
    }

    /// How often the file was shorter than what had been read of it: somebody wrote it anew instead of going on.
    private(set) var cuts = 0

    private func returnToStartIfCut() {
        var status = stat()
        guard fstat(descriptor, &status) == 0, Int(status.st_size) < place.offset else { return }
        source.seek(to: 0)
        place.offset = 0
        cuts += 1
    }

    /// What is to be said of a file that was begun anew; nil where it was not.
    var cutsNote: String? {
        if cuts == 0 { return nil }
        return """
            the file of measurements was begun anew \(cuts) times, and what was in it may be lost: \
            append to it (>> in a shell)
            """
    }
}

/// A file that keeps what a benchmark printed, up to a limit.
final class Spool {
    private let descriptor: Int32
    private var left: Int

    /// Opens the file; where that fails nothing is kept, and the benchmark runs all the same: its output is on the log.
    init(_ path: String, limit: Int) {
        descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        left = limit
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    func write(_ bytes: UnsafeRawBufferPointer) {
        var rest = bytes[..<min(bytes.count, left)]
        left -= rest.count
        while descriptor >= 0, !rest.isEmpty {
            let part = UnsafeRawBufferPointer(rebasing: rest)
            let count = Glibc.write(descriptor, part.baseAddress, part.count)
            if count < 0, errno == EINTR { continue }
            // A full disk shall not end the benchmark.
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}
