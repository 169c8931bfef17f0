internal import Glibc
package import Runtime

/// The right to run a benchmark on this machine, so that no two disturb each other. It is free again when everybody who holds it has let go of
/// it or has ended; the kernel sees to that, also after SIGKILL.
package final class Slot: Sendable {
    /// From 0.
    package let number: Int
    /// nil for a slot that stands for nothing on this machine.
    private let lock: FileLock?

    /// A slot that a lock on a file of this machine stands for; nil: nothing does, for runners and tests that need none.
    package init(number: Int, lock: FileLock? = nil) {
        self.number = number
        self.lock = lock
    }

    /// The open descriptor whose holders hold the slot; a child that inherits it is one of them.
    package var descriptor: Int32? { lock?.descriptor }
}

/// The slots of one machine: how many benchmarks may run at once.
package protocol SlotPool: Sendable {
    /// A free slot, or nil when there is none right now.
    ///
    /// - Parameter holder: who takes it, for people: `<run>/<attempt>`.
    func tryTake(for holder: String) throws(JobRunnerError) -> Slot?

    /// Waits until a slot is free and takes it. Those who wait get one in the order in which they asked.
    ///
    /// - Throws: `CancellationError` when the task is cancelled first, else a `JobRunnerError`.
    func take(for holder: String) async throws -> Slot
}
