internal import CMicrohttpd
internal import Glibc

/// A socket that listens, and the file that names it.
///
/// The file is there from `open` to `retire`. Servers that come and go at the same path take turns by a lock on its folder, so that none
/// removes the file of another that has just begun.
final class ListeningSocket: Sendable {
    /// Connections that wait to be accepted.
    private static let queueLength: Int32 = 256

    let descriptor: Int32
    /// Where it really listens: with the port that the system chose.
    let address: ServerAddress
    /// The socket's file, as it was made; nil for TCP.
    private let inode: ino_t?

    private init(descriptor: Int32, address: ServerAddress, inode: ino_t?) {
        self.descriptor = descriptor
        self.address = address
        self.inode = inode
    }

    deinit { close(descriptor) }

    static func open(_ address: ServerAddress) throws(HTTPServerError) -> ListeningSocket {
        switch address {
        case .unixSocket(let path): try openUnix(path)
        case .tcp(let host, let port): try openTCP(host, port)
        }
    }

    /// Refuses new connections from now on, and lets go of the file if it is still ours.
    func retire() {
        guard case .unixSocket(let path) = address else { return refuse() }
        // Before anybody can find that nobody listens, and take our place.
        let lock = FolderLock(of: path)
        defer { withExtendedLifetime(lock) {} }
        refuse()
        if let status = ListeningSocket.status(path), status.st_ino == inode { unlink(path) }
    }

    private func refuse() {
        // Not closed: libmicrohttpd's thread may still have it. Shut down, it refuses connections as a closed one does.
        shutdown(descriptor, Int32(SHUT_RDWR))
    }

    // MARK: Unix

    private static func openUnix(_ path: String) throws(HTTPServerError) -> ListeningSocket {
        guard var address = sockaddr_un(path: path) else {
            throw HTTPServerError(
                .cannotListen,
                "listen at \(path): the path of a socket has at most "
                    + "\(sockaddr_un.longestPath) bytes, this one has \(path.utf8.count); choose a shorter folder"
            )
        }
        let lock = FolderLock(of: path)
        defer { withExtendedLifetime(lock) {} }
        try removeStale(path, &address)
        let descriptor = try makeSocket(AF_UNIX, path)
        guard bind(descriptor, to: &address) == 0,
            // Nobody can connect before `listen`, so nobody gets in before the mode is right.
            chmod(path, 0o600) == 0, listen(descriptor, queueLength) == 0, let status = status(path)
        else {
            let error = failure("listen at \(path)")
            close(descriptor)
            throw error
        }
        return ListeningSocket(
            descriptor: descriptor, address: .unixSocket(path), inode: status.st_ino)
    }

    /// Removes the file of a server that is dead, and nothing else.
    private static func removeStale(_ path: String, _ address: inout sockaddr_un) throws(HTTPServerError) {
        guard let status = status(path) else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw HTTPServerError(.cannotListen, "listen at \(path): a file that is no socket is in the way")
        }
        let probe = try makeSocket(AF_UNIX, path)
        defer { close(probe) }
        // Only a refusal proves that nobody listens. EAGAIN is a server whose queue is full.
        guard connect(probe, to: &address) != 0, errno == ECONNREFUSED else {
            throw HTTPServerError(
                .addressInUse, "listen at \(path): another process serves there; stop it first")
        }
        unlink(path)
    }

    private static func status(_ path: String) -> stat? {
        var status = stat()
        return lstat(path, &status) == 0 ? status : nil
    }

    // MARK: TCP

    private static func openTCP(_ host: String, _ port: UInt16) throws(HTTPServerError) -> ListeningSocket {
        let wanted = ServerAddress.tcp(host: host, port: port)
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_PASSIVE
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, String(port), &hints, &list)
        guard code == 0, let list else {
            throw HTTPServerError(
                .cannotListen, "listen at \(wanted): \(String(cString: gai_strerror(code)))")
        }
        defer { freeaddrinfo(list) }
        let descriptor = try makeSocket(list.pointee.ai_family, wanted.description)
        var on: Int32 = 1
        // A restart must not wait for the connections of before to be forgotten.
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        guard Glibc.bind(descriptor, list.pointee.ai_addr, list.pointee.ai_addrlen) == 0,
            listen(descriptor, queueLength) == 0
        else {
            let error = failure("listen at \(wanted)")
            close(descriptor)
            throw error
        }
        let real = SocketName.port(of: descriptor) ?? port
        return ListeningSocket(descriptor: descriptor, address: .tcp(host: host, port: real), inode: nil)
    }

    // MARK: Both

    private static func makeSocket(_ family: Int32, _ name: String) throws(HTTPServerError) -> Int32 {
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let descriptor = socket(family, kind, 0)
        guard descriptor >= 0 else { throw failure("listen at \(name)") }
        return descriptor
    }

    private static func bind(_ descriptor: Int32, to address: inout sockaddr_un) -> Int32 {
        withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }

    private static func connect(_ descriptor: Int32, to address: inout sockaddr_un) -> Int32 {
        withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }

    private static func failure(_ operation: String) -> HTTPServerError {
        let code = errno
        return HTTPServerError(
            code == EADDRINUSE ? .addressInUse : .cannotListen,
            "\(operation): \(String(cString: strerror(code)))")
    }
}

/// An exclusive lock on the folder of a path, as long as this lives; without a folder it locks nothing, and what follows fails by itself.
private final class FolderLock {
    private let descriptor: Int32

    init(of path: String) {
        let folder = path.lastIndex(of: "/").map { path[...$0] } ?? "."
        descriptor = open(String(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if descriptor >= 0 { flock(descriptor, LOCK_EX) }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }
}

extension sockaddr_un {
    /// One byte is for the zero at the end.
    static let longestPath = MemoryLayout.size(ofValue: sockaddr_un().sun_path) - 1

    /// Nil when the path does not fit.
    init?(path: String) {
        guard !path.isEmpty, path.utf8.count <= Self.longestPath, !path.utf8.contains(0) else { return nil }
        self.init()
        sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &sun_path) { $0.copyBytes(from: path.utf8) }
    }
}
