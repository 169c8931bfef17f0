internal import FoundationEssentials
package import Runtime

/// A folder of a test's own, removed with all that is in it when the test lets go of it.
package final class TemporaryFolder: Sendable {
    package let path: String

    /// - Parameter place: the folder to make it in; one that is not there is replaced by the usual one.
    package init(under place: String = "/tmp") throws {
        let place = FileManager.default.isWritableFile(atPath: place) ? place : "/tmp"
        path = "\(place)/bai-test-\(UUID().uuidString.lowercased().prefix(13))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// The path of `name` in the folder.
    package func file(_ name: String) -> String { "\(path)/\(name)" }

    /// Writes a file into the folder, with the folders on the way, and gives its path.
    @discardableResult
    package func write(_ name: String, _ text: String) throws -> String {
        let path = file(name)
        let folder = path[..<(path.lastIndex(of: "/") ?? path.endIndex)]
        try FileManager.default.createDirectory(atPath: String(folder), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(filePath: path))
        return path
    }
}

/// Waits until `condition` holds, asking every few milliseconds; false when the deadline passes first.
package func eventually(
    within deadline: Duration = .seconds(20), _ condition: () async throws -> Bool
) async rethrows -> Bool {
    let end = ContinuousClock.now + deadline
    while ContinuousClock.now < end {
        if try await condition() { return true }
        try? await Task.sleep(for: .milliseconds(5))
    }
    return try await condition()
}

/// Time that stands still until a test moves it.
package final class ManualTime: TimeSource {
    private struct Sleeper {
        var until: Timestamp
        var wake: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var now: Timestamp
        var sleepers: [Int: Sleeper] = [:]
        var cancelled: Set<Int> = []
        var next = 0
    }

    private let state: Locked<State>

    package init(_ now: Timestamp = Timestamp(milliseconds: 1_700_000_000_000)) {
        state = Locked(State(now: now))
    }

    package var now: Timestamp { state.withLock { $0.now } }

    /// How many are asleep: wait for it before moving the time on.
    package var sleepers: Int { state.withLock { $0.sleepers.count } }

    /// Moves the time forward and wakes whoever has slept enough.
    package func advance(by duration: Duration) {
        let due = state.withLock { state in
            state.now = state.now + duration
            let due = state.sleepers.filter { $0.value.until <= state.now }
            for id in due.keys { state.sleepers[id] = nil }
            return due.values.map(\.wake)
        }
        for wake in due { wake.resume() }
    }

    package func sleep(for duration: Duration) async throws {
        let id = state.withLock { state in
            state.next += 1
            return state.next
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { wake in
                let refused = state.withLock { state in
                    if state.cancelled.remove(id) != nil { return true }
                    state.sleepers[id] = Sleeper(until: state.now + duration, wake: wake)
                    return false
                }
                if refused { wake.resume(throwing: CancellationError()) }
            }
        } onCancel: {
            let sleeper = state.withLock { state -> Sleeper? in
                if let sleeper = state.sleepers.removeValue(forKey: id) { return sleeper }
                state.cancelled.insert(id)
                return nil
            }
            sleeper?.wake.resume(throwing: CancellationError())
        }
    }
}

/// The machine's time, in which nobody sleeps for long.
package struct HastyTime: TimeSource {
    private let time = SystemTime()

    package init() {}

    package var now: Timestamp { time.now }

    package func sleep(for duration: Duration) async throws {
        try await time.sleep(for: min(duration, .milliseconds(5)))
    }
}
