internal import Glibc

/// The secrets of an installation: a folder with a file for each, called as the secret is.
///
/// What travels through the system is a secret's name. Its value is read where it is used, each time anew, so that one that was changed is used at
/// once, and is in no message.
package struct SecretFolder: Codable, Hashable, Sendable {
    package let path: String

    package init(_ path: String) { self.path = path }

    /// That of an installation without secrets: a path where nothing can be.
    package static let empty = SecretFolder("/dev/null/secrets")

    /// Longer than any key or token, and shorter than what an environment may have.
    private static let mostBytes = 64 * 1024

    /// Whether `name` can be a secret's: letters, digits, `-`, `_` and `.`, a letter or digit first, at most 63. So it is no path, and fits Kubernetes.
    package static func isName(_ name: some StringProtocol) -> Bool {
        let isFirst: (UInt8) -> Bool = { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        }
        guard let first = name.utf8.first, isFirst(first), name.utf8.count <= 63 else { return false }
        return name.utf8.allSatisfy { isFirst($0) || "-_.".utf8.contains($0) }
    }

    /// The secret called `name`, without the line end that editors leave at the end of files.
    package func value(of name: String) throws(SecretError) -> String {
        guard SecretFolder.isName(name) else {
            throw SecretError(.badName, "a secret's name has letters, digits, '-', '_' and '.', at most 63")
        }
        let file = open("\(path)/\(name)", O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else {
            let words = String(cString: strerror(errno))
            throw SecretError(
                [ENOENT, ENOTDIR].contains(errno) ? .missing : .unreadable,
                "there is no secret \"\(name)\" here: \(path)/\(name) cannot be read (\(words))")
        }
        defer { close(file) }
        try SecretFolder.check(file, name, path)
        return try text(of: file, name)
    }

    /// Refuses what others can read: a secret that is none. A file of the super-user's that our group may read was given to us on purpose, as a
    /// cluster gives its Secrets to pods.
    private static func check(_ file: Int32, _ name: String, _ path: String) throws(SecretError) {
        var status = stat()
        guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw SecretError(.unreadable, "the secret \"\(name)\" is no file: \(path)/\(name)")
        }
        let isGiven = status.st_uid == 0 && geteuid() != 0 && status.st_mode & 0o037 == 0
        guard status.st_mode & 0o077 == 0 || isGiven else {
            throw SecretError(
                .exposed,
                "the secret \"\(name)\" can be read by others and is not used: chmod 600 \(path)/\(name)")
        }
    }

    private func text(of file: Int32, _ name: String) throws(SecretError) -> String {
        var bytes = [UInt8](repeating: 0, count: SecretFolder.mostBytes + 1)
        var count = 0
        while count < bytes.count {
            let length = bytes[count...].withUnsafeMutableBytes { read(file, $0.baseAddress, $0.count) }
            if length < 0, errno == EINTR { continue }
            guard length > 0 else { break }
            count += length
        }
        if count > 0, bytes[count - 1] == UInt8(ascii: "\n") { count -= 1 }
        if count > 0, bytes[count - 1] == UInt8(ascii: "\r") { count -= 1 }
        let value = bytes[..<count]
        guard (1...SecretFolder.mostBytes).contains(count), !value.contains(0),
            let text = String(validating: value, as: UTF8.self)
        else {
            throw SecretError(
                .unreadable,
                "the secret \"\(name)\" is empty, longer than \(SecretFolder.mostBytes) bytes, or no text: \(path)/\(name)"
            )
        }
        return text
    }
}

/// Why there is no secret. Its message names the secret and its file, and never what is in it.
package struct SecretError: Error, Equatable, Sendable {
    package enum Code: String, Sendable {
        case badName = "bad_name"
        case missing, unreadable
        /// Others than its owner can read it.
        case exposed
    }

    package var code: Code
    package var message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}
