/// A point in time: milliseconds since 1970-01-01T00:00:00Z. On the wire it is that number.
package struct Timestamp: Hashable, Comparable, Sendable, Codable {
    package var milliseconds: Int64

    package init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    package init(from decoder: any Decoder) throws {
        milliseconds = try decoder.singleValueContainer().decode(Int64.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(milliseconds)
    }

    package static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.milliseconds < right.milliseconds
    }

    package static func + (time: Timestamp, duration: Duration) -> Timestamp {
        Timestamp(milliseconds: time.milliseconds + duration.wholeMilliseconds)
    }

    package static func - (later: Timestamp, earlier: Timestamp) -> Duration {
        .milliseconds(later.milliseconds - earlier.milliseconds)
    }
}

extension Duration {
    /// Whole milliseconds, rounded towards zero.
    package var wholeMilliseconds: Int64 {
        components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    }

    /// Seconds with fraction.
    package var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }
}

/// Where the time comes from. Decisions get a `Timestamp` handed in; this is for who hands it in.
package protocol TimeSource: Sendable {
    /// The time now. Never goes backwards within a process.
    var now: Timestamp { get }

    /// Returns after `duration`, or throws `CancellationError` when the task is cancelled first.
    func sleep(for duration: Duration) async throws
}

/// The machine's time: what the wall clock said at one moment, advanced by the clock that nobody can set. Somebody who sets the wall clock an hour
/// forward does not make every deadline of a running service fall due.
package struct SystemTime: TimeSource {
    private let anchor: ClockAnchor
    private let clocks: MachineClocks

    /// - Parameter anchor: that moment, of programs that have to agree about the time; nil is now.
    package init(anchor: ClockAnchor? = nil, clocks: MachineClocks = .real) {
        self.anchor = anchor ?? ClockAnchor(clocks)
        self.clocks = clocks
    }

    package var now: Timestamp {
        Timestamp(milliseconds: anchor.wall.milliseconds + clocks.elapsed() - anchor.elapsed)
    }

    package func sleep(for duration: Duration) async throws {
        try await Task.sleep(for: duration)
    }
}
