internal import Runtime

/// Lets so many through at a time; the others wait in the order in which they came.
final class Gate: Sendable {
    private struct State {
        var free: Int
        var waiters: [(id: Int, wake: CheckedContinuation<Bool, Never>)] = []
        var cancelled: Set<Int> = []
        var nextID = 0
    }

    private let state: Locked<State>

    init(places: Int) {
        precondition(places > 0, "a gate without places lets nobody through")
        state = Locked(State(free: places))
    }

    /// Runs `body` when there is a place.
    ///
    /// - Throws: `canceled` when the task is cancelled while it waits; else what `body` throws.
    func pass<Value: Sendable>(
        _ body: () async throws(ObjectStoreError) -> Value
    ) async throws(ObjectStoreError) -> Value {
        guard await enter() else { throw .cancellation }
        defer { leave() }
        return try await body()
    }

    private func enter() async -> Bool {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        defer { _ = state.withLock { $0.cancelled.remove(id) } }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { wake in
                let answer = state.withLock { state -> Bool? in
                    if state.cancelled.remove(id) != nil { return false }
                    if state.free > 0 {
                        state.free -= 1
                        return true
                    }
                    state.waiters.append((id, wake))
                    return nil
                }
                if let answer { wake.resume(returning: answer) }
            }
        } onCancel: {
            cancel(id)
        }
    }

    private func cancel(_ id: Int) {
        let wake = state.withLock { state -> CheckedContinuation<Bool, Never>? in
            if let index = state.waiters.firstIndex(where: { $0.id == id }) {
                return state.waiters.remove(at: index).wake
            }
            // Not there yet, or through already.
            state.cancelled.insert(id)
            return nil
        }
        wake?.resume(returning: false)
    }

    private func leave() {
        let next = state.withLock { state -> CheckedContinuation<Bool, Never>? in
            if state.waiters.isEmpty {
                state.free += 1
                return nil
            }
            return state.waiters.removeFirst().wake
        }
        next?.resume(returning: true)
    }
}
