internal import CLinux
internal import Glibc
internal import Runtime

/// How processes that want to write wake each other, so that the log is never free while one sleeps, nor one busy looking.
///
/// SQLite's lock decides who writes. This only tells those who wait for it that it may be free, oldest first, or that somebody else has written for
/// them (`Seats`): nothing is lost where a process dies in between, for a look now and then finds that out.
final class Turns: @unchecked Sendable {
    // Because the words are only reached atomically, and are there until the last use.
    private static let place = 8

    private let memory: SharedMemory
    /// Counts the turns that have ended.
    private let ended: UnsafeMutablePointer<UInt32>
    /// How many wait; processes that died while they did are still among them.
    private let waiting: UnsafeMutablePointer<UInt32>
    /// Until when one of them waits awake, on `clock`; 0 while none does.
    private let watching: UnsafeMutablePointer<UInt32>

    /// - Parameter memory: its bytes 8 to 19 are for this.
    init(_ memory: SharedMemory) {
        self.memory = memory
        ended = memory.words(at: Turns.place)
        waiting = ended + 1
        watching = ended + 2
    }

    /// One who wants to write. Belongs to one connection.
    final class Candidate {
        /// How long one waits awake: for two transactions or so, where a sync is quick.
        private static let watch: UInt32 = 300
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
        ///
        /// - Parameter passenger: what others may write meanwhile; when that happens this returns too.
        func wait(with passenger: Passenger? = nil) {
            hasWaited = true
            clinux_atomic_add(turns.waiting, 1)
            let hasWatched = watch(passenger)
            clinux_futex_wait_for(
                turns.ended, seen, passenger?.bell ?? Turns.anybody, Int(trust.inSeconds * 1e9))
            clinux_atomic_add(turns.waiting, -1)
            seen = clinux_atomic_load(turns.ended)
            // Nobody was woken while this one was awake, and it does not want the turn any more.
            if hasWatched, passenger?.isAnswered == true { turns.wakeNext() }
        }

        /// Waits awake, unless another one does; whether it did.
        private func watch(_ passenger: Passenger?) -> Bool {
            if passenger?.isAboard == true { return false }
            let start = Turns.clock
            let before = clinux_atomic_load(turns.watching)
            // Who was to be done by now has died, or was stopped.
            guard before == 0 || Int32(bitPattern: start &- before) > 0 else { return false }
            let end = (start &+ Candidate.watch) | 1
            guard clinux_atomic_compare_exchange(turns.watching, before, end) != 0 else { return false }
            while clinux_atomic_load(turns.ended) == seen, Int32(bitPattern: end &- Turns.clock) > 0 {
                // Whoever travels along need not hurry, and leaves the watch to one who comes later.
                if passenger?.isAboard == true { break }
                sched_yield()
            }
            _ = clinux_atomic_compare_exchange(turns.watching, end, 0)
            return true
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
    ///
    /// - Parameter served: the bells of those who have been answered.
    func end(served: UInt32 = 0) {
        clinux_atomic_add(ended, 1)
        guard isSomebodyWaiting else { return }
        if served != 0 { clinux_futex_wake_for(ended, .max, served) }
        let watch = clinux_atomic_load(watching)
        if watch == 0 || Int32(bitPattern: Turns.clock &- watch) > 0 { wakeNext() }
    }

    private func wakeNext() {
        if isSomebodyWaiting { clinux_futex_wake(ended, 1) }
    }

    /// The bell of whoever has none of its own: every stroke is for it.
    private static let anybody = UInt32.max

    /// Microseconds, as all processes count them.
    private static var clock: UInt32 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt32(truncatingIfNeeded: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
    }
}
