internal import Glibc
internal import Runtime

/// TCP connections between the pods of an attempt. None of them ever blocks in reading or writing.
enum Sockets {
    /// Listens on all addresses of this machine.
    static func listen(port: Int) throws(SystemError) -> Int32 {
        // Where there is IPv6, its socket takes connections of both kinds.
        if let six = try? listen(port: port, AF_INET6) { return six }
        return try listen(port: port, AF_INET)
    }

    private static func listen(port: Int, _ family: Int32) throws(SystemError) -> Int32 {
        let descriptor = socket(family, stream | close | nonblocking, 0)
        guard descriptor >= 0 else { throw SystemError("make a socket") }
        set(descriptor, SOL_SOCKET, SO_REUSEADDR, 1)
        if family == AF_INET6 { set(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, 0) }
        let number = in_port_t(truncatingIfNeeded: port).bigEndian
        var four = sockaddr_in()
        (four.sin_family, four.sin_port) = (sa_family_t(AF_INET), number)
        var six = sockaddr_in6()
        (six.sin6_family, six.sin6_port) = (sa_family_t(AF_INET6), number)
        let bound = family == AF_INET6 ? bind(descriptor, &six) : bind(descriptor, &four)
        guard bound == 0, Glibc.listen(descriptor, SOMAXCONN) == 0 else {
            let error = SystemError("listen on port \(port)")
            Glibc.close(descriptor)
            throw error
        }
        return descriptor
    }

    /// A connection to `host`, by any of its addresses.
    ///
    /// - Returns: nil when nobody answers within `patience`; why is not told apart, since whoever asks comes again.
    static func connect(_ host: String, port: Int, patience: Duration) -> Int32? {
        var hints = addrinfo()
        hints.ai_socktype = stream
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, "\(port)", &hints, &found) == 0 else { return nil }
        defer { freeaddrinfo(found) }
        var next = found
        while let address = next?.pointee {
            if let descriptor = connect(address, patience: patience) { return descriptor }
            next = address.ai_next
        }
        return nil
    }

    private static func connect(_ address: addrinfo, patience: Duration) -> Int32? {
        let descriptor = socket(address.ai_family, stream | close | nonblocking, 0)
        guard descriptor >= 0 else { return nil }
        if Glibc.connect(descriptor, address.ai_addr, address.ai_addrlen) == 0 { return descriptor }
        var wanted = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        var code: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        if errno == EINPROGRESS, poll(&wanted, 1, Int32(clamping: patience.wholeMilliseconds)) > 0,
            getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size) == 0, code == 0
        {
            return descriptor
        }
        Glibc.close(descriptor)
        return nil
    }

    private static let stream = Int32(SOCK_STREAM.rawValue)
    private static let close = Int32(SOCK_CLOEXEC.rawValue)
    private static let nonblocking = Int32(SOCK_NONBLOCK.rawValue)

    private static func set(_ descriptor: Int32, _ level: Int32, _ option: Int32, _ value: Int32) {
        var value = value
        setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    private static func bind<Address>(_ descriptor: Int32, _ address: inout Address) -> Int32 {
        withUnsafeBytes(of: &address) { bytes in
            guard let base = bytes.baseAddress else { return -1 }
            return Glibc.bind(
                descriptor, base.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count))
        }
    }
}

/// A connection over which short lines are exchanged. For one thread.
final class LineConnection {
    let descriptor: Int32
    private var pending: [UInt8] = []
    /// Whether the other end has gone, or never ended its line.
    private(set) var isOver = false

    /// Far more than any line that is meant.
    private static let longest = 1024

    /// - Parameter descriptor: is closed with this.
    init(_ descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Sends a line. One that finds no room is lost with its connection: what is sent fits the kernel's buffer many times.
    func send(_ line: String) {
        let text = line + "\n"
        if Glibc.send(descriptor, text, text.utf8.count, Int32(MSG_NOSIGNAL)) != text.utf8.count {
            isOver = true
        }
    }

    /// The next line that has come whole; nil while there is none.
    func next() -> String? {
        var chunk = [UInt8](repeating: 0, count: 256)
        while !isOver {
            if let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
                defer { pending.removeFirst(end + 1) }
                return String(decoding: pending[..<end], as: UTF8.self)
            }
            if pending.count > LineConnection.longest { isOver = true }
            let count = read(descriptor, &chunk, chunk.count)
            if count > 0 {
                pending += chunk[..<count]
            } else if count == 0 || (errno != EAGAIN && errno != EINTR) {
                isOver = true
            } else if errno == EAGAIN {
                return nil
            }
        }
        return nil
    }
}
