internal import Runtime

/// What waits for the loop: pushed from anywhere, taken by the loop alone, all that is there at once.
final class Inbox<Item: Sendable>: Sendable {
    private struct State {
        var items: [Item] = []
        var waiter: CheckedContinuation<Void, Never>?
        var isOpen = true

        mutating func takeWaiter() -> CheckedContinuation<Void, Never>? {
            defer { waiter = nil }
            return waiter
        }
    }

    private let state = Locked(State())

    func push(_ item: Item) {
        let waiter = state.withLock { state in
            state.items.append(item)
            return state.takeWaiter()
        }
        waiter?.resume()
    }

    /// Lets a waiting `wait()` return, now and from now on.
    func close() {
        let waiter = state.withLock { state in
            state.isOpen = false
            return state.takeWaiter()
        }
        waiter?.resume()
    }

    /// All that is there, oldest first; maybe nothing.
    func take() -> [Item] {
        state.withLock { state in
            defer { state.items = [] }
            return state.items
        }
    }

    /// Returns when something is there, when the inbox is closed, or when the task is cancelled.
    func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { (waiter: CheckedContinuation<Void, Never>) in
                let isReady = state.withLock { state in
                    if !state.items.isEmpty || !state.isOpen || Task.isCancelled { return true }
                    state.waiter = waiter
                    return false
                }
                if isReady { waiter.resume() }
            }
        } onCancel: {
            state.withLock { $0.takeWaiter() }?.resume()
        }
    }
}
