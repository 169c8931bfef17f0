internal import Glibc
internal import Runtime

/// One end of a TCP or unix connection, byte by byte: for peers that do what no library would.
///
/// Its calls block their thread, for some seconds at most; those of asynchronous tests, a thread of their own.
package final class RawConnection: Sendable {
    private let descriptor: Int32

    init(_ descriptor: Int32) {
        self.descriptor = descriptor
        // No test waits longer for bytes that do not come.
        var patience = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    /// Connects to a port of this machine.
    package static func connect(port: UInt16) throws -> RawConnection {
        let descriptor = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        let connection = RawConnection(descriptor)
        let code = withLoopback(port: port) { Glibc.connect(descriptor, $0, $1) }
        guard code == 0 else { throw SystemError("connect to port \(port)") }
        return connection
    }

    /// Connects to a unix socket.
    package static func connect(path: String) throws -> RawConnection {
        let descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        let connection = RawConnection(descriptor)
        let code = withUnix(path: path) { Glibc.connect(descriptor, $0, $1) }
        guard code == 0 else { throw SystemError("connect to \(path)") }
        return connection
    }

    /// Sends all of `text`; false when the peer is gone.
    @discardableResult
    package func write(_ text: String) -> Bool { write(Array(text.utf8)) }

    /// Sends all of `bytes`; false when the peer is gone.
    @discardableResult
    package func write(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                send(
                    descriptor, $0.baseAddress.map { $0 + sent }, bytes.count - sent,
                    Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    /// What comes next; empty when the peer has ended or nothing came.
    package func read(most: Int = 65_536) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: most) { buffer, count in
            count = max(recv(descriptor, buffer.baseAddress, most, 0), 0)
        }
    }

    /// What comes up to and including `end`, or up to the peer's end.
    package func read(until end: String) -> String {
        var bytes: [UInt8] = []
        while !bytes.suffix(end.utf8.count).elementsEqual(end.utf8) {
            let next = read(most: 1)
            if next.isEmpty { break }
            bytes += next
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// What comes up to the peer's end.
    package func readAll() -> String {
        var bytes: [UInt8] = []
        while true {
            let next = read()
            if next.isEmpty { return String(decoding: bytes, as: UTF8.self) }
            bytes += next
        }
    }

    /// Reads on until the peer ends the connection; false when it does not within some seconds.
    package func waitForEnd() -> Bool {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count <= 0 { return count == 0 || errno == ECONNRESET }
        }
    }

    /// Ends our sending; the peer can go on.
    package func endSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Leaves what a server leaves that was killed: a socket's file where nobody listens.
    package static func leaveSocketFile(path: String) throws {
        let descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        defer { close(descriptor) }
        let code = withUnix(path: path) { bind(descriptor, $0, $1) }
        guard code == 0 else { throw SystemError("bind \(path)") }
    }

    /// Makes the connection's end a reset instead of an orderly one.
    package func endWithReset() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
    }
}

extension RawConnection {
    /// Sends all of `text`; false when the peer is gone.
    @discardableResult
    package func write(_ text: String) async -> Bool { await onThread { self.write(text) } }

    /// What comes next; empty when the peer has ended or nothing came.
    package func read(most: Int = 65_536) async -> [UInt8] { await onThread { self.read(most: most) } }

    /// What comes up to and including `end`, or up to the peer's end.
    package func read(until end: String) async -> String { await onThread { self.read(until: end) } }

    /// Reads on until the peer ends the connection; false when it does not within some seconds.
    package func waitForEnd() async -> Bool { await onThread { self.waitForEnd() } }

    /// What comes up to the peer's end.
    package func readAll() async -> String { await onThread { self.readAll() } }
}

/// Runs what blocks on a thread of its own: on the shared pool it could keep out those that it waits for.
package func onThread<Answer: Sendable>(_ body: @escaping @Sendable () -> Answer) async -> Answer {
    await withCheckedContinuation { continuation in
        Thread.detach { continuation.resume(returning: body()) }
    }
}

/// A server on a port of its own that does with each connection what the test says; the connection ends with `serve`.
package final class RawServer: Sendable {
    package let port: UInt16
    private let descriptor: Int32

    package init(_ serve: @escaping @Sendable (RawConnection) -> Void) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard withLoopback(port: 0, { bind(descriptor, $0, $1) }) == 0, listen(descriptor, 64) == 0 else {
            throw SystemError("listen on a port of the loopback")
        }
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        self.descriptor = descriptor
        port = UInt16(bigEndian: address.sin_port)
        Thread.detach {
            while true {
                let next = accept(descriptor, nil, nil)
                if next < 0 { break }
                // Children of other tests must not keep it open.
                _ = fcntl(next, F_SETFD, FD_CLOEXEC)
                Thread.detach { serve(RawConnection(next)) }
            }
            close(descriptor)
        }
    }

    /// Ends the thread that accepts.
    deinit { shutdown(descriptor, Int32(SHUT_RDWR)) }

    package var url: String { "http://127.0.0.1:\(port)" }
}

private func withLoopback(port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    return withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
}

private func withUnix(path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    return withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
    }
}
