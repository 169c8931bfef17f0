package import Runtime

/// Time in which nobody waits, but how long they would have is remembered.
package final class ImpatientTime: TimeSource {
    private let waits = Locked<[Duration]>([])
    private let time = SystemTime()

    package init() {}

    package var slept: [Duration] { waits.withLock { $0 } }
    package var now: Timestamp { time.now }

    package func sleep(for duration: Duration) async throws {
        waits.withLock { $0.append(duration) }
        try await time.sleep(for: min(duration, .milliseconds(1)))
    }
}
