internal import Glibc

/// Reads files that people wrote: whole, and never more than they may have.
package enum SourceFile {
    /// The bytes of the file at `path`, or of standard input for `-`; where there are more than `limit`, one more than that.
    ///
    /// Blocks until they are read.
    package static func read(_ path: String, limit: Int) throws(SourceFileError) -> [UInt8] {
        let file = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw SourceFileError(errno) }
        defer { if path != "-" { close(file) } }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while bytes.count <= limit {
            let count = Glibc.read(file, &piece, min(piece.count, limit + 1 - bytes.count))
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw SourceFileError(errno) }
            if count == 0 { break }
            bytes += piece[..<count]
        }
        return bytes
    }
}

/// Why a file cannot be read.
package struct SourceFileError: Error, Equatable, Sendable {
    /// In the system's words.
    package var message: String
    /// Whether there is no such file.
    package var isMissing: Bool

    init(_ code: Int32) {
        message = String(cString: strerror(code))
        isMissing = code == ENOENT
    }

    /// The error as a problem of the file `name`.
    package func problem(name: String) -> Problem {
        Problem(code: "cannot_read", message: "cannot read \(Excerpt.quote(name)): \(message)", source: name)
    }
}
