internal import Glibc

/// Small files as a whole: those of the kernel (`/proc`, `/sys`), which have no size beforehand, and our own records.
package enum SystemFile {
    /// The file's bytes, or nil when it cannot be read or is longer than `limit`.
    package static func bytes(_ path: String, limit: Int = 16 << 20) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var result: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16 * 1024)
        while result.count <= limit {
            let count = read(descriptor, &chunk, chunk.count)
            if count == 0 { return result }
            if count > 0 {
                result += chunk[..<count]
            } else if errno != EINTR {
                return nil
            }
        }
        return nil
    }

    /// The text of the file's first bytes, at most `count`: of a file that the kernel takes long to write only the part that is needed.
    package static func head(_ path: String, count: Int = 4096) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var chunk = [UInt8](repeating: 0, count: count)
        let length = read(descriptor, &chunk, count)
        return length >= 0 ? String(decoding: chunk[..<length], as: UTF8.self) : nil
    }

    /// The file's text without white space around it, or nil when it cannot be read.
    package static func text(_ path: String) -> String? {
        guard let bytes = bytes(path) else { return nil }
        let isSpace: (UInt8) -> Bool = { $0 == 32 || (9...13).contains($0) }
        guard let start = bytes.firstIndex(where: { !isSpace($0) }),
            let end = bytes.lastIndex(where: { !isSpace($0) })
        else { return "" }
        return String(decoding: bytes[start...end], as: UTF8.self)
    }
}
