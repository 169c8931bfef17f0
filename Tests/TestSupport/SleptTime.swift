package import Runtime

/// Time that passes when somebody sleeps, and only then: waits cost nothing and are as long as they were meant to be.
package final class SleptTime: TimeSource {
    private let time: Locked<Timestamp>

    package init(_ now: Timestamp = Timestamp(milliseconds: 1_700_000_000_000)) {
        time = Locked(now)
    }

    package var now: Timestamp { time.withLock { $0 } }

    package func sleep(for duration: Duration) async throws {
        try Task.checkCancellation()
        time.withLock { $0 = $0 + duration }
    }
}
