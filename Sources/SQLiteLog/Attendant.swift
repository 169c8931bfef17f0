internal import CLinux
internal import Glibc
internal import MessageLog
internal import Runtime

/// The thread of every log that somebody waits for: it listens for commits, of other processes too, and beats the hearts of this process's group
/// members, whatever the rest of the process is busy with. It sleeps in `poll` otherwise.
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
        /// Its events say that the bell was written to; nil before somebody waits, and where the system has no more watches to give.
        var ears: Int32?
        var isStarted = false
        var isStopped = false
    }

    /// Rung after every commit, whoever made it.
    let signal = Signal()
    private let bell: OpenFile
    /// Wakes the thread to look at what has changed here.
    private let nudge: Int32
    private let state = Locked(State())

    /// How often somebody who waits looks where the bell cannot be watched.
    private static let deafness: Int32 = 50

    private let canListen: Bool

    /// - Parameters:
    ///   - path: the log's file.
    ///   - canListen: false behaves as a system without watches does, for tests.
    init(besides path: String, canListen: Bool = true) throws(SystemError) {
        self.canListen = canListen
        bell = try OpenFile("\(path)-bell")
        nudge = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
        guard nudge >= 0 else { throw SystemError("make an eventfd for \(path)") }
    }

    deinit {
        state.withLock { if let ears = $0.ears { close(ears) } }
        close(nudge)
    }

    /// Starts the thread, if it has not been started: whoever only publishes needs none. It keeps this object until `stop`.
    func start() {
        let isFirst = state.withLock { state in
            if state.isStarted || state.isStopped { return false }
            state.isStarted = true
            state.ears = listen()
            return true
        }
        if isFirst { Thread.detach { self.run() } }
    }

    func stop() {
        state.withLock { $0.isStopped = true }
        wake()
    }

    private func listen() -> Int32? {
        guard canListen else { return nil }
        let ears = inotify_init1(Int32(IN_NONBLOCK | IN_CLOEXEC))
        if ears >= 0, inotify_add_watch(ears, bell.path, UInt32(IN_MODIFY)) >= 0 { return ears }
        close(ears)
        return nil
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
        let ears = state.withLock { $0.ears }
        while let next = beatDue() {
            var descriptors = [nudge, ears].compactMap {
                $0.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            }
            // Without ears everybody is woken to look, often enough to seem awake.
            let isDeaf = ears == nil
            poll(&descriptors, nfds_t(descriptors.count), isDeaf ? Attendant.deafness : next)
            drain(nudge)
            if ears.map({ drain($0) }) ?? isDeaf { signal.ring() }
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
