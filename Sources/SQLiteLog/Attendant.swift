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
        var watch: Int32?
        /// Who sleeps until something comes.
        var ears: [ObjectIdentifier: Ear] = [:]
        /// How many commits had been told when the bell was heard last.
        var heard: UInt32
        var isStarted = false
        var isStopped = false
    }

    /// Rung after every commit, whoever made it.
    let signal = Signal()
    private let bell: OpenFile
    /// Wakes the thread to look at what has changed here.
    private let nudge: Int32
    private let members: MembersFile
    private let state: Locked<State>

    /// How often somebody who waits looks where the bell cannot be watched.
    private static let deafness: Int32 = 50

    private let canListen: Bool

    /// - Parameters:
    ///   - path: the log's file.
    ///   - members: where commits are told.
    ///   - canListen: false behaves as a system without watches does, for tests.
    init(besides path: String, _ members: MembersFile, canListen: Bool = true) throws(SystemError) {
        self.canListen = canListen
        self.members = members
        state = Locked(State(heard: members.news.commitCount))
        bell = try OpenFile("\(path)-bell")
        nudge = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
        guard nudge >= 0 else { throw SystemError("make an eventfd for \(path)") }
    }

    deinit {
        state.withLock { if let watch = $0.watch { close(watch) } }
        close(nudge)
    }

    /// Starts the thread, if it has not been started: whoever only publishes needs none. It keeps this object until `stop`.
    func start() {
        let isFirst = state.withLock { state in
            if state.isStarted || state.isStopped { return false }
            state.isStarted = true
            state.watch = watchBell()
            return true
        }
        if isFirst { Thread.detach { self.run() } }
    }

    func stop() {
        state.withLock { $0.isStopped = true }
        wake()
    }

    private func watchBell() -> Int32? {
        guard canListen else { return nil }
        let watch = inotify_init1(Int32(IN_NONBLOCK | IN_CLOEXEC))
        if watch >= 0, inotify_add_watch(watch, bell.path, UInt32(IN_MODIFY)) >= 0 { return watch }
        close(watch)
        return nil
    }

    /// From now on the ear's signal is rung when something may have been written to one of the places, until it is forgotten.
    func listen(for places: Set<Int>) -> Ear {
        let ear = Ear(members.news, places)
        state.withLock { $0.ears[ObjectIdentifier(ear)] = ear }
        return ear
    }

    func forget(_ ear: Ear) {
        state.withLock { $0.ears[ObjectIdentifier(ear)] = nil }
    }

    /// Tells everybody, here and in other processes, that a commit was made.
    func ring() {
        var byte: UInt8 = 0
        // Where the byte cannot be written, at least this process hears it.
        if pwrite(bell.descriptor, &byte, 1, 0) != 1 { hear() }
    }

    /// Wakes everybody who waits in this process, whatever for.
    func ringAll() {
        signal.ring()
        for ear in state.withLock({ $0.ears.values }) { ear.signal.ring() }
    }

    /// Wakes those for whom something may have come.
    private func hear() {
        signal.ring()
        let news = members.news
        let isUntold = state.withLock { state in
            let now = news.commitCount
            defer { state.heard = now }
            return state.heard == now
        }
        // Somebody has committed who tells it elsewhere: an older program, or one that found the file gone and made a new one.
        if isUntold { news.doubt() }
        for ear in state.withLock({ $0.ears.values }) { ear.listen() }
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
        let watch = state.withLock { $0.watch }
        while let next = beatDue() {
            var descriptors = [nudge, watch].compactMap {
                $0.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            }
            // Without a watch everybody is woken to look, often enough to seem awake.
            let isDeaf = watch == nil
            poll(&descriptors, nfds_t(descriptors.count), isDeaf ? Attendant.deafness : next)
            drain(nudge)
            if watch.map({ drain($0) }) ?? isDeaf { hear() }
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
