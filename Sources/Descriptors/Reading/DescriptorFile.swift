internal import Diagnostics
internal import Glibc
internal import TOML

extension DescriptorReader {
    /// Reads the descriptor in the file at `path`, or on standard input for `-`. Reads no more than a descriptor may have, whatever it is.
    ///
    /// It blocks until the file is read: for the command line.
    package static func read(file path: String, overrides: [String] = []) -> DescriptorReading {
        let name = path == "-" ? "<stdin>" : path
        do throws(DescriptorFileError) {
            return read(try contents(of: path), filename: name, overrides: overrides)
        } catch {
            let problem = Problem(
                code: "cannot_read", message: "cannot read \(Excerpt.quote(name)): \(error.message)",
                source: name)
            return DescriptorReading(problems: [problem])
        }
    }

    /// The file's bytes; one more than a descriptor may have where there are more.
    package static func contents(of path: String) throws(DescriptorFileError) -> [UInt8] {
        let file = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw DescriptorFileError(message: String(cString: strerror(errno))) }
        defer { if path != "-" { close(file) } }
        let limit = TOMLLimits().bytes + 1
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while bytes.count < limit {
            let count = Glibc.read(file, &piece, min(piece.count, limit - bytes.count))
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw DescriptorFileError(message: String(cString: strerror(errno))) }
            if count == 0 { break }
            bytes += piece[..<count]
        }
        return bytes
    }
}

/// Why a file cannot be read, in the system's words.
package struct DescriptorFileError: Error, Equatable, Sendable {
    package var message: String
}
