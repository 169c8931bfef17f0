internal import Glibc
internal import Runtime

/// Lines that arrive at a descriptor which never blocks: a pipe, a FIFO, or a file that grows. For one thread.
final class LineSource {
    /// -1 when its end has come.
    private(set) var descriptor: Int32
    private var splitter = LineSplitter()
    private let spool: Spool?
    private let isFile: Bool
    private var place = 0

    /// - Parameters:
    ///   - descriptor: is closed with this.
    ///   - isFile: whether the end of what is there is not the end of what will come.
    ///   - spool: gets all bytes as they come.
    init(_ descriptor: Int32, isFile: Bool = false, spool: Spool? = nil) {
        self.descriptor = descriptor
        self.isFile = isFile
        self.spool = spool
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// The kernel's buffer of a pipe is as large; a file is read on at the next opportunity.
    private static let chunk = 64 * 1024

    /// Takes what is there now, at most `limit` bytes of it.
    ///
    /// - Returns: how many bytes there were.
    func read(limit: Int = chunk, _ take: (LineSplitter.Line) -> Void) -> Int {
        guard descriptor >= 0 else { return 0 }
        if isFile { returnToStartIfCut() }
        return withUnsafeTemporaryAllocation(byteCount: LineSource.chunk, alignment: 16) { buffer in
            var total = 0
            while total < limit {
                let count = Glibc.read(descriptor, buffer.baseAddress, min(buffer.count, limit - total))
                if count < 0, errno == EINTR { continue }
                if count == 0, !isFile { end() }
                guard count > 0 else { break }
                let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
                spool?.write(bytes)
                splitter.add(bytes, take)
                total += count
                place += count
            }
            return total
        }
    }

    /// Takes a last line without an end: nothing more will come.
    func finish(_ take: (LineSplitter.Line) -> Void) {
        splitter.finish(take)
        end()
    }

    /// How often the file was shorter than what had been read of it: somebody wrote it anew instead of going on.
    private(set) var cuts = 0

    private func returnToStartIfCut() {
        var status = stat()
        guard fstat(descriptor, &status) == 0, Int(status.st_size) < place else { return }
        lseek(descriptor, 0, SEEK_SET)
        place = 0
        cuts += 1
    }

    private func end() {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
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
