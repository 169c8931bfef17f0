/// Where a server listens.
package enum ServerAddress: Sendable, Equatable, CustomStringConvertible {
    /// A socket in the file system, for this user alone.
    case unixSocket(String)
    /// A host of this machine and a port; 0 lets the system choose.
    case tcp(host: String, port: UInt16)

    package var description: String {
        switch self {
        case .unixSocket(let path): "unix:\(path)"
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        }
    }
}

/// How much one server takes on.
package struct ServerLimits: Sendable {
    /// Open connections; who comes beyond waits in the listening socket's queue.
    package var connections: UInt32 = 1024
    /// Memory for a connection's head and buffers; a longer head is answered by 431.
    package var connectionMemory = 64 * 1024
    /// Bytes of a request's body; more is answered by 413.
    package var bodySize = 4 * 1024 * 1024
    /// Bytes of all bodies together that are in memory at a time; who comes beyond is asked to come again, by 503.
    package var bodyMemory = 256 * 1024 * 1024
    /// How long a peer may keep a connection without a byte in either direction, in whole seconds.
    package var idleTimeout: Duration = .seconds(60)
    /// How long the first line of a request may take (from the connection's beginning, or the end of what went before), how long the rest of the
    /// request, and then a handler to answer it (by 503 after that). A stream that has begun has any time.
    package var requestTimeout: Duration = .seconds(120)
    /// libmicrohttpd's threads. They only move bytes: handlers run on Swift's.
    package var threads: UInt32 = 1

    package init() {}
}
