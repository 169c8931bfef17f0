internal import CLinux
internal import Glibc

/// What others leave for one thread. That thread sleeps while there is nothing; whoever brings something wakes it.
///
/// Between two threads a wake costs more than most work does. So the owner may stay awake for a moment: whoever works in turns with it is soon back.
package final class Inbox<Element: Sendable>: @unchecked Sendable {
    // Because the words are only reached atomically, and all else under a lock.
    private let elements = Locked<[Element]>([])
    /// Counts what has happened; the thread sleeps on it.
    private let changes: UnsafeMutablePointer<UInt32>
    private let isAsleep: UnsafeMutablePointer<UInt32>

    package init() {
        changes = .allocate(capacity: 2)
        changes.initialize(repeating: 0, count: 2)
        isAsleep = changes + 1
    }

    deinit { changes.deallocate() }

    package var count: Int { elements.withLock { $0.count } }

    /// Leaves something, for the thread to find in the order in which it came.
    package func add(_ element: Element) {
        elements.withLock { $0.append(element) }
        clinux_atomic_add(changes, 1)
        if clinux_atomic_load(isAsleep) != 0 { clinux_futex_wake(changes, 1) }
    }

    /// Takes the oldest, at most so many; waits while there is none.
    ///
    /// - Parameter attention: how long it waits awake. It gives way to whoever else wants the processor.
    package func take(atMost limit: Int, attention: Duration) -> [Element] {
        while true {
            let seen = clinux_atomic_load(changes)
            let found = elements.withLock { elements in
                let found = Array(elements.prefix(limit))
                elements.removeFirst(found.count)
                return found
            }
            if !found.isEmpty { return found }
            wait(beyond: seen, attention)
        }
    }

    /// Waits awake until there are so many, or for so long.
    package func await(_ count: Int, atMost time: Duration) {
        let end = ContinuousClock.now + time
        while self.count < count, ContinuousClock.now < end { sched_yield() }
    }

    private func wait(beyond seen: UInt32, _ attention: Duration) {
        let end = ContinuousClock.now + attention
        while ContinuousClock.now < end {
            if clinux_atomic_load(changes) != seen { return }
            sched_yield()
        }
        clinux_atomic_store(isAsleep, 1)
        // Whoever adds something from here on sees that it has to wake.
        clinux_futex_wait(changes, seen, -1)
        clinux_atomic_store(isAsleep, 0)
    }
}
