internal import CLinux
internal import Glibc
internal import Runtime

/// How processes that want to write wake each other, so that the log is never free while one sleeps, nor one busy looking.
///
/// SQLite's lock decides who writes. This only tells those who wait for it, oldest first, that it may be free: nothing is lost where a process
/// dies in between, for a look now and then finds that out.
final class Turns: @unchecked Sendable {
    // Because the memory, which all processes that have the log open share, is only reached atomically, and is there until the last use.
    private static let place = 8
    private static let length = 4096

    private let memory: UnsafeMutableRawPointer
    /// Counts the turns that have ended.
    private let ended: UnsafeMutablePointer<UInt32>
    /// How many wait; processes that died while they did are still among them.
    private let waiting: UnsafeMutablePointer<UInt32>
    /// 1 while one of them waits awake.
    private let watching: UnsafeMutablePointer<UInt32>

    /// - Parameter file: has a page whose bytes 8 to 19 are for this.
    init(_ file: OpenFile) throws(SystemError) {
        let memory = mmap(nil, Turns.length, PROT_READ | PROT_WRITE, MAP_SHARED, file.descriptor, 0)
        guard let memory, memory != MAP_FAILED else { throw SystemError("map \(file.path)") }
        self.memory = memory
        ended = (memory + Turns.place).assumingMemoryBound(to: UInt32.self)
        waiting = ended + 1
        watching = ended + 2
    }

    deinit { munmap(memory, Turns.length) }

    /// One who wants to write. Belongs to one connection.
    final class Candidate {
        /// How long one waits awake: for two transactions or so, where a sync is quick.
        private static let watch = Duration.microseconds(300)
        /// How long it trusts the others: a process that died in its turn told nobody.
        private let trust: Duration
        private let turns: Turns
        private var seen: UInt32 = 0
        /// Whether somebody else had the turn since `begin`.
        private(set) var hasWaited = false

        init(_ turns: Turns, trust: Duration) {
            self.turns = turns
            self.trust = trust
        }

        /// To be called before the first attempt, lest a turn that ends after it be missed.
        func begin() {
            seen = clinux_atomic_load(turns.ended)
            hasWaited = false
        }

        /// Returns when a turn has ended since the last attempt, and after a while.
        ///
        /// One of those who wait does so awake, for about as long as a transaction takes: to wake it would take a good part of that.
        func wait() {
            hasWaited = true
            clinux_atomic_add(turns.waiting, 1)
            if clinux_atomic_exchange(turns.watching, 1) == 0 {
                watch()
                clinux_atomic_store(turns.watching, 0)
            }
            clinux_futex_wait(turns.ended, seen, Int(trust.inSeconds * 1e9))
            clinux_atomic_add(turns.waiting, -1)
            seen = clinux_atomic_load(turns.ended)
        }

        private func watch() {
            let end = ContinuousClock.now + Candidate.watch
            while clinux_atomic_load(turns.ended) == seen, ContinuousClock.now < end { sched_yield() }
        }
    }

    /// Whether somebody waits, or died while it did.
    var isSomebodyWaiting: Bool { clinux_atomic_load(waiting) != 0 }

    /// Forgets those who died while they waited. Only for whoever has the log open alone.
    func reset() {
        clinux_atomic_store(waiting, 0)
        clinux_atomic_store(watching, 0)
    }

    /// Ends the turn of whoever has written, successfully or not.
    func end() {
        clinux_atomic_add(ended, 1)
        if isSomebodyWaiting { clinux_futex_wake(ended, 1) }
    }
}
