internal import MessageLog
internal import Runtime

/// How far the read model has come, and a place to wait until it has come further.
package final class ProjectionProgress: Sendable {
    private struct State {
        var positions: [TopicPartition: Int64] = [:]
        var badRecords = 0
        var lastBadRecord: String?
        var buildings = 0
        var distrust: String?
        var obstacle: Obstacle?
        var damage: [TopicPartition: MessageLogError] = [:]
        var next = 0
        var waiters: [Int: (target: [TopicPartition: Int64], continuation: AsyncStream<Void>.Continuation)] =
            [:]
    }

    /// What keeps the model from going on, until it does.
    struct Obstacle: Sendable {
        var message: String
        /// Whether it is that the disk has no room.
        var isFull: Bool
    }

    private let state = Locked(State())

    package init() {}

    /// The next offset to take of each partition.
    var positions: [TopicPartition: Int64] { state.withLock { $0.positions } }

    /// How many records could not be read, and the last of them with the reason.
    var badRecords: (count: Int, last: String?) { state.withLock { ($0.badRecords, $0.lastBadRecord) } }

    func skipped(_ record: RecordPosition, because reason: String) {
        state.withLock {
            $0.badRecords += 1
            $0.lastBadRecord = "\(record): \(reason)"
        }
    }

    /// How often the model was built anew: who reads it opens the new file then.
    var buildings: Int { state.withLock { $0.buildings } }

    func isBuiltAnew() { state.withLock { $0.buildings += 1 } }

    /// Says that reading found the file damaged: it is built anew.
    func distrust(because reason: String) { state.withLock { $0.distrust = reason } }

    /// Why the file is not to be trusted, if so; asked for once.
    func takeDistrust() -> String? {
        state.withLock { state in
            defer { state.distrust = nil }
            return state.distrust
        }
    }

    /// What keeps the model from going on now; nil while it goes.
    var obstacle: Obstacle? { state.withLock { $0.obstacle } }

    func isHeldUp(by obstacle: Obstacle) { state.withLock { $0.obstacle = obstacle } }

    /// What of the log cannot be read, and is not in the model; all else is.
    var damage: [TopicPartition: MessageLogError] { state.withLock { $0.damage } }

    func isDamaged(_ damage: [TopicPartition: MessageLogError]) { state.withLock { $0.damage = damage } }

    /// The model has come to `positions`.
    func advance(to positions: [TopicPartition: Int64]) {
        let reached = state.withLock { state in
            state.positions = positions
            state.obstacle = nil
            let reached = state.waiters.filter { isReached($0.value.target, positions) }
            for id in reached.keys { state.waiters[id] = nil }
            return reached.values.map(\.continuation)
        }
        for continuation in reached { continuation.finish() }
    }

    /// Waits until everything before `target` is in the model.
    ///
    /// - Returns: false when `deadline` passes first.
    func wait(for target: [TopicPartition: Int64], within deadline: Duration) async -> Bool {
        guard let (id, reached) = begin(target) else { return true }
        let isReached = await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                for await _ in reached {}
                return !Task.isCancelled
            }
            group.addTask {
                try? await Task.sleep(for: deadline)
                return false
            }
            defer { group.cancelAll() }
            return await group.next() ?? false
        }
        state.withLock { $0.waiters[id] = nil }
        return isReached
    }

    /// A stream that ends when `target` is reached; nil when it is.
    private func begin(_ target: [TopicPartition: Int64]) -> (Int, AsyncStream<Void>)? {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        let id = state.withLock { state -> Int? in
            if isReached(target, state.positions) { return nil }
            state.next += 1
            state.waiters[state.next] = (target, continuation)
            return state.next
        }
        return id.map { ($0, stream) }
    }

    private func isReached(
        _ target: [TopicPartition: Int64], _ positions: [TopicPartition: Int64]
    ) -> Bool {
        target.allSatisfy { positions[$0.key, default: 0] >= $0.value }
    }
}
