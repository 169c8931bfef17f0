internal import CommandLineArguments
internal import FoundationEssentials
internal import Glibc

/// A descriptor as it was given on the command line: a file, or standard input.
struct DescriptorSource {
    var bytes: [UInt8]
    /// For messages: the path as it was typed.
    var name: String
    /// The folder that its relative paths start from.
    var folder: String

    /// What a descriptor may be at most, and one byte: enough for its reader to say that it is too large, whatever is behind.
    private static let most = (1 << 20) + 1

    /// Reads the file, or standard input for `-`.
    static func read(_ path: String) throws(CommandFailure) -> DescriptorSource {
        let current = FileManager.default.currentDirectoryPath
        if path == "-" {
            return DescriptorSource(
                bytes: try read(STDIN_FILENO, "standard input"), name: "<stdin>", folder: current)
        }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            let code = errno
            throw CommandFailure(
                code == ENOENT ? .notFound : .notAllowed, "\(path): \(String(cString: strerror(code))).")
        }
        defer { close(descriptor) }
        let bytes = try read(descriptor, path)
        let absolute = absolute(path)
        let folder = absolute.lastIndex(of: "/").map { String(absolute[..<$0]) } ?? current
        return DescriptorSource(bytes: bytes, name: path, folder: folder.isEmpty ? "/" : folder)
    }

    private static func read(_ descriptor: Int32, _ name: String) throws(CommandFailure) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while bytes.count < most {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count == 0 { break }
            if count < 0 {
                if errno == EINTR { continue }
                throw CommandFailure(.notAllowed, "\(name): \(String(cString: strerror(errno))).")
            }
            bytes += buffer[..<count]
        }
        return bytes
    }

    /// The path from the root.
    static func absolute(_ path: String) -> String {
        if path.hasPrefix("/") { return path }
        return URL(filePath: path, relativeTo: URL(filePath: FileManager.default.currentDirectoryPath + "/"))
            .standardizedFileURL.path()
    }
}
