package import Access
package import Configuration
internal import Glibc
internal import Runtime

extension InstallationSettings {
    package static let keyFile = Setting<String?>.optionalPath(
        "api.key_file", fallbackText: "key in BAI_HOME, made when it is first needed",
        "The file with the secret that run tokens are made with: 32 random bytes or more. All services need the same."
    )
}

extension ServiceContext {
    /// The key that run tokens are made with and known by; made now if nobody has needed it before.
    package func installationKey() throws(InstallationKeyError) -> InstallationKey {
        let path = settings.settings[InstallationSettings.keyFile]
        return try InstallationKeyFile(path: path ?? installation.keyFile).open(mayMake: path == nil)
    }
}

/// The file with an installation's key.
package struct InstallationKeyFile {
    let path: String

    package init(path: String) { self.path = path }

    /// More is no key but another file.
    private static let mostBytes = 4096

    /// The key.
    ///
    /// - Parameter mayMake: whether a missing file is made. One that somebody named has to be there: a key made up by each of several machines
    ///   would be another on each.
    package func open(mayMake: Bool) throws(InstallationKeyError) -> InstallationKey {
        if let key = try read() { return key }
        guard mayMake else { throw InstallationKeyError("\(path): there is no such file (api.key_file)") }
        try make()
        guard let key = try read() else { throw failure("read") }
        return key
    }

    /// Nil when the file is not there.
    private func read() throws(InstallationKeyError) -> InstallationKey? {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw failure("open")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw InstallationKeyError("\(path) is no file")
        }
        // A group may: that is how clusters hand a mounted Secret to a user who is not root.
        guard status.st_mode & 0o007 == 0 else {
            throw InstallationKeyError(
                "\(path) can be read by everybody and is not used: chmod 600 it, or mount it with defaultMode 0440"
            )
        }
        var bytes = [UInt8](repeating: 0, count: InstallationKeyFile.mostBytes)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        guard count >= 0 else { throw failure("read") }
        guard let key = InstallationKey(Array(bytes[..<count])) else {
            throw InstallationKeyError(
                "\(path) has fewer than \(InstallationKey.byteCount) bytes: that is no key")
        }
        return key
    }

    /// Makes the file, whole and with its mode from the first moment; of several who do so at once one wins.
    private func make() throws(InstallationKeyError) {
        let draft = "\(path).\(getpid()).\(UInt32.random(in: .min ... .max))"
        let descriptor = Glibc.open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("make") }
        defer {
            close(descriptor)
            unlink(draft)
        }
        let bytes = (0..<InstallationKey.byteCount).map { _ in UInt8.random(in: .min ... .max) }
        guard write(descriptor, bytes, bytes.count) == bytes.count, fsync(descriptor) == 0 else {
            throw failure("write")
        }
        guard link(draft, path) == 0 || errno == EEXIST else { throw failure("make") }
    }

    private func failure(_ operation: String) -> InstallationKeyError {
        InstallationKeyError("\(operation) \(path): \(String(cString: strerror(errno)))")
    }
}

/// Why an installation's key cannot be had. Its message names the file, and never what is in it.
package struct InstallationKeyError: Error, Equatable, Sendable, CustomStringConvertible {
    package var message: String

    init(_ message: String) { self.message = message }

    package var description: String { message }
}
