internal import CMicrohttpd
internal import Glibc

/// Who is at the ends of a socket.
enum SocketName {
    /// In digits, with the scope of a link-local address.
    private static let longestName = 128

    /// The port at our end of a TCP socket.
    static func port(of descriptor: Int32) -> UInt16? {
        name { getsockname(descriptor, $0, $1) }.flatMap { UInt16($0.port) }
    }

    /// The other end.
    static func peer(of descriptor: Int32) -> ServerRequest.Peer {
        // What SO_PEERCRED fills in: process, user and group. glibc's struct of it is hidden from Swift.
        var credentials: [UInt32] = [0, 0, 0]
        var length = socklen_t(MemoryLayout<UInt32>.size * credentials.count)
        let isUnix = name { getsockname(descriptor, $0, $1) } == nil
        if isUnix, getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &length) == 0 {
            return .process(id: Int32(bitPattern: credentials[0]), user: credentials[1])
        }
        guard let (host, port) = name({ getpeername(descriptor, $0, $1) }) else { return .unknown }
        return .address(ServerAddress.tcp(host: host, port: UInt16(port) ?? 0).description)
    }

    /// Host and port in digits; nil for what is no internet address.
    private static func name(
        _ get: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
    ) -> (host: String, port: String)? {
        var address = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        var host = [CChar](repeating: 0, count: longestName)
        var port = [CChar](repeating: 0, count: longestName)
        let isDone = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                guard get(pointer, &length) == 0 else { return false }
                let family = Int32(pointer.pointee.sa_family)
                guard family == AF_INET || family == AF_INET6 else { return false }
                let code = getnameinfo(
                    pointer, length, &host, socklen_t(host.count), &port, socklen_t(port.count),
                    Int32(NI_NUMERICHOST | NI_NUMERICSERV))
                return code == 0
            }
        }
        guard isDone else { return nil }
        return (text(host), text(port))
    }

    private static func text(_ characters: [CChar]) -> String {
        String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
