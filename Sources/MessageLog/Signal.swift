internal import Runtime

/// A bell that tasks wait for. It counts its strokes, so that none is missed between looking and waiting:
///
///     let heard = signal.count
///     if somethingIsThere() { return }
///     await signal.wait(beyond: heard, timeout: .seconds(1))
package final class Signal: Sendable {
    private enum Waiter {
        /// Not yet suspended.
        case coming
        case waiting(CheckedContinuation<Void, Never>)
        /// Its time was over, or its task cancelled, before it was suspended.
        case released
    }

    private struct State {
        var count: UInt64 = 0
        var waiters: [UInt64: Waiter] = [:]
        var lastID: UInt64 = 0
    }

    private let state = Locked(State())

    package init() {}

    /// How often the bell has been rung.
    package var count: UInt64 { state.withLock { $0.count } }

    /// Wakes everybody who waits.
    package func ring() {
        let waiting = state.withLock { state in
            state.count += 1
            var waiting: [CheckedContinuation<Void, Never>] = []
            for (id, waiter) in state.waiters {
                guard case .waiting(let continuation) = waiter else { continue }
                waiting.append(continuation)
                state.waiters[id] = nil
            }
            return waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Returns when the bell has been rung more than `heard` times, after `timeout`, or when the task is cancelled.
    package func wait(beyond heard: UInt64, timeout: Duration) async {
        let id = state.withLock { state in
            state.lastID += 1
            state.waiters[state.lastID] = .coming
            return state.lastID
        }
        // Ended below, whichever way the wait ends.
        let timer = Task {
            try await Task.sleep(for: timeout)
            release(id)
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { suspend(id, beyond: heard, $0) }
        } onCancel: {
            release(id)
        }
        timer.cancel()
    }

    private func suspend(_ id: UInt64, beyond heard: UInt64, _ continuation: CheckedContinuation<Void, Never>)
    {
        let mayWait = state.withLock { state in
            guard case .coming = state.waiters[id], state.count <= heard else {
                state.waiters[id] = nil
                return false
            }
            state.waiters[id] = .waiting(continuation)
            return true
        }
        if !mayWait { continuation.resume() }
    }

    private func release(_ id: UInt64) {
        let continuation = state.withLock { state -> CheckedContinuation<Void, Never>? in
            switch state.waiters[id] {
            case .waiting(let continuation):
                state.waiters[id] = nil
                return continuation
            case .coming:
                state.waiters[id] = .released
                return nil
            case .released, nil: return nil
            }
        }
        continuation?.resume()
    }
}
