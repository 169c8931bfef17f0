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

    /// - Parameter file: has a page whose bytes 8 to 15 are for this.
    init(_ file: OpenFile) throws(SystemError) {
        let memory = mmap(nil, Turns.length, PROT_READ | PROT_WRITE, MAP_SHARED, file.descriptor, 0)
        guard let memory, memory != MAP_FAILED else { throw SystemError("map \(file.path)") }
        self.memory = memory
        ended = (memory + Turns.place).assumingMemoryBound(to: UInt32.self)
        waiting = ended + 1
    }

    deinit { munmap(memory, Turns.length) }

    /// One who wants to write. Belongs to one connection.
    final class Candidate {
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
        func wait() {
            hasWaited = true
            clinux_atomic_add(turns.waiting, 1)
            clinux_futex_wait(turns.ended, seen, Int(trust.inSeconds * 1e9))
            clinux_atomic_add(turns.waiting, -1)
            seen = clinux_atomic_load(turns.ended)
        }
    }

    /// Forgets those who died while they waited. Only for whoever has the log open alone.
    func reset() { clinux_atomic_store(waiting, 0) }

    /// Ends the turn of whoever has written, successfully or not.
    func end() {
        clinux_atomic_add(ended, 1)
        if clinux_atomic_load(waiting) != 0 { clinux_futex_wake(ended, 1) }
    }
}
