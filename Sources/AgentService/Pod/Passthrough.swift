internal import Glibc

/// A descriptor that bytes are passed on to as they come, without ever waiting for whoever reads them. For one thread.
final class Passthrough {
    let descriptor: Int32
    private let flags: Int32
    private var pending: [UInt8] = []

    /// - Parameter descriptor: stays open; while this lives writing to it never blocks, for anybody who has it.
    init(_ descriptor: Int32) {
        self.descriptor = descriptor
        flags = fcntl(descriptor, F_GETFL)
        _ = fcntl(descriptor, F_SETFL, flags | O_NONBLOCK)
    }

    deinit { _ = fcntl(descriptor, F_SETFL, flags) }

    /// Whether something waits for room.
    var isBlocked: Bool { !pending.isEmpty }

    /// Passes bytes on, now or at the next `flush`.
    func write(_ bytes: UnsafeRawBufferPointer) {
        pending += bytes
        flush()
    }

    /// Passes on as much as there is room for.
    func flush() {
        var written = 0
        while written < pending.count {
            let count = pending[written...].withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress, $0.count)
            }
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EAGAIN { break }
            // Nobody reads any more: what is printed still reaches the sidecar.
            guard count > 0 else {
                pending = []
                return
            }
            written += count
        }
        pending.removeFirst(written)
    }

    /// Waits until everything is passed on, but not for long.
    func finish(patience: Duration) {
        let deadline = ContinuousClock.now + patience
        while isBlocked, .now < deadline {
            var wanted = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            poll(&wanted, 1, 100)
            flush()
        }
    }
}
