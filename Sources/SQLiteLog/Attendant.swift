internal import CLinux
internal import Glibc
internal import MessageLog
internal import Runtime

/// The thread that every open log has: it listens for other processes' commits and beats the hearts of this process's group members, whatever the
/// rest of the process is busy with. It sleeps in `poll` otherwise.
///
/// Commits are heard through the log's `-bell` file, into which every publisher writes a byte after its commit. (The WAL itself would be heard
/// before the commit can be seen.) Who publishes and dies before it rings is heard by nobody: waiting for the signal is bounded for that reason.
final class Attendant: Sendable {
    private struct Heart {
        var beat: Heartbeat
        var next: ContinuousClock.Instant
    }

    private struct State {
        var hearts: [String: Heart] = [:]
        var isStopped = false
    }

    /// Rung after every commit, whoever made it.
    let signal = Signal()
    private let bell: OpenFile
    /// Its events say that the bell was written to.
    private let ears: Int32
    /// Wakes the thread to look at what has changed here.
    private let nudge: Int32
    private let state = Locked(State())

    /// - Parameter path: the log's file.
    init(besides path: String) throws(SystemError) {
        bell = try OpenFile("\(path)-bell")
        ears = inotify_init1(Int32(IN_NONBLOCK | IN_CLOEXEC))
        nudge = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
        guard ears >= 0, nudge >= 0, inotify_add_watch(ears, bell.path, UInt32(IN_MODIFY)) >= 0 else {
            throw SystemError("watch \(bell.path)")
        }
    }

    deinit {
        close(ears)
        close(nudge)
    }

    /// Starts the thread. It keeps this object until `stop`.
    func start() { Thread.detach { self.run() } }

    func stop() {
        state.withLock { $0.isStopped = true }
        wake()
    }

    /// Tells everybody, here and in other processes, that a commit was made.
    func ring() {
        var byte: UInt8 = 0
        // Where the byte cannot be written, at least this process hears it.
        if pwrite(bell.descriptor, &byte, 1, 0) != 1 { signal.ring() }
    }

    func add(_ heartbeat: Heartbeat, of member: String) {
        state.withLock { $0.hearts[member] = Heart(beat: heartbeat, next: .now + heartbeat.interval) }
        wake()
    }

    func remove(_ member: String) {
        state.withLock { $0.hearts[member] = nil }
    }

    func heartbeat(of member: String) -> Heartbeat? {
        state.withLock { $0.hearts[member]?.beat }
    }

    private func run() {
        while let next = beatDue() {
            var descriptors = [
                pollfd(fd: ears, events: Int16(POLLIN), revents: 0),
                pollfd(fd: nudge, events: Int16(POLLIN), revents: 0),
            ]
            poll(&descriptors, nfds_t(descriptors.count), next)
            drain(nudge)
            if drain(ears) { signal.ring() }
        }
    }

    /// Beats the hearts whose time has come, and says in how many milliseconds the next one's will have (-1: none will); nil when it is over.
    private func beatDue() -> Int32? {
        state.withLock { state in
            if state.isStopped { return nil }
            let now = ContinuousClock.now
            for (member, heart) in state.hearts where heart.next <= now {
                heart.beat.beat()
                state.hearts[member]?.next = now + heart.beat.interval
            }
            guard let next = state.hearts.values.map(\.next).min() else { return -1 }
            // Rounded up, lest it be woken just before.
            return Int32(clamping: (next - now).wholeMilliseconds + 1)
        }
    }

    private func wake() {
        var one: UInt64 = 1
        write(nudge, &one, MemoryLayout.size(ofValue: one))
    }

    /// Takes everything out of a descriptor; whether there was something.
    @discardableResult
    private func drain(_ descriptor: Int32) -> Bool {
        var found = false
        withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 8) { buffer in
            while read(descriptor, buffer.baseAddress, buffer.count) > 0 { found = true }
        }
        return found
    }
}
