internal import CLinux
internal import Glibc

/// Wakes a thread that waits in `poll`.
package final class Bell: Sendable {
    /// Readable while it rings.
    package let descriptor: Int32

    package init() {
        descriptor = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
        // Without a descriptor left this process cannot start a benchmark either.
        precondition(descriptor >= 0, "eventfd failed with \(errno)")
    }

    deinit { close(descriptor) }

    /// Wakes the thread, now or when it comes to wait.
    package func ring() { eventfd_write(descriptor, 1) }

    /// Ends the ringing.
    package func clear() {
        var count: eventfd_t = 0
        eventfd_read(descriptor, &count)
    }
}
