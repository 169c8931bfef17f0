internal import Runtime

/// What a service does beside its loop: work that takes long, by key. The pieces of one key run one after the other, in the order in which they
/// were started; those of different keys run at the same time. All of it ends with this.
package final class BackgroundWork: Sendable {
    private struct State {
        var pieces: [String: [Int: Task<Void, Never>]] = [:]
        var newest: [String: Int] = [:]
        var nextID = 0
    }

    private let state = Locked(State())

    package init() {}

    deinit { cancelAll() }

    /// Starts `body` once all that was started for `key` before has ended. Work that is cancelled before its turn never begins.
    package func start(_ key: String, _ body: @escaping @Sendable () async -> Void) {
        state.withLock { state in
            let id = state.nextID
            state.nextID += 1
            let previous = state.newest[key].flatMap { state.pieces[key]?[$0] }
            state.newest[key] = id
            state.pieces[key, default: [:]][id] = Task { [weak self] in
                await previous?.value
                if !Task.isCancelled { await body() }
                self?.end(key, id)
            }
        }
    }

    /// Cancels what runs and what waits for `key`; work that is started afterwards still comes after it.
    package func cancel(_ key: String) {
        for task in state.withLock({ Array(($0.pieces[key] ?? [:]).values) }) { task.cancel() }
    }

    package func cancelAll() {
        for task in state.withLock({ $0.pieces.values.flatMap(\.values) }) { task.cancel() }
    }

    /// The keys that have work now.
    package var keys: Set<String> { state.withLock { Set($0.pieces.keys) } }

    private func end(_ key: String, _ id: Int) {
        state.withLock { state in
            state.pieces[key]?[id] = nil
            if state.newest[key] == id { state.newest[key] = nil }
            if state.pieces[key]?.isEmpty == true { state.pieces[key] = nil }
        }
    }
}
