internal import Runtime

/// Does a piece of work once for all who want the same at the same time. Whoever is cancelled leaves at once; the work ends with the last of them.
final class SingleFlight<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    typealias Outcome = Result<Value, ObjectStoreError>

    private struct Flight {
        var id: Int
        var task: Task<Void, Never>?
        var waiters: [Int: CheckedContinuation<Outcome, Never>] = [:]
    }

    private struct State {
        var flights: [Key: Flight] = [:]
        var nextID = 0
        /// Waiters that were cancelled before they came to wait.
        var cancelled: Set<Int> = []

        mutating func makeID() -> Int {
            nextID += 1
            return nextID
        }
    }

    private let state = Locked(State())

    /// The result of `body`, or of the same work that is under way already.
    func run(
        _ key: Key, _ body: @escaping @Sendable () async throws(ObjectStoreError) -> Value
    ) async throws(ObjectStoreError) -> Value {
        let waiter = state.withLock { $0.makeID() }
        defer { _ = state.withLock { $0.cancelled.remove(waiter) } }
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                join(key, waiter, continuation, body)
            }
        } onCancel: {
            leave(key, waiter)
        }
        return try outcome.get()
    }

    private func join(
        _ key: Key, _ waiter: Int, _ continuation: CheckedContinuation<Outcome, Never>,
        _ body: @escaping @Sendable () async throws(ObjectStoreError) -> Value
    ) {
        let isCancelled = state.withLock { state in
            if state.cancelled.remove(waiter) != nil { return true }
            if state.flights[key] == nil {
                let id = state.makeID()
                // Its owner is the table: whoever leaves last cancels it there.
                let task = Task { [weak self] in
                    let outcome: Outcome
                    do throws(ObjectStoreError) { outcome = .success(try await body()) } catch {
                        outcome = .failure(error)
                    }
                    self?.land(key, id, outcome)
                }
                state.flights[key] = Flight(id: id, task: task)
            }
            state.flights[key]?.waiters[waiter] = continuation
            return false
        }
        if isCancelled { continuation.resume(returning: .failure(.cancellation)) }
    }

    private func leave(_ key: Key, _ waiter: Int) {
        let (continuation, task) = state.withLock { state in
            guard let continuation = state.flights[key]?.waiters.removeValue(forKey: waiter) else {
                state.cancelled.insert(waiter)
                return (nil as CheckedContinuation<Outcome, Never>?, nil as Task<Void, Never>?)
            }
            // Work that nobody wants is no longer joined by anybody either.
            let isLast = state.flights[key]?.waiters.isEmpty == true
            return (continuation, isLast ? state.flights.removeValue(forKey: key)?.task : nil)
        }
        continuation?.resume(returning: .failure(.cancellation))
        task?.cancel()
    }

    private func land(_ key: Key, _ id: Int, _ outcome: Outcome) {
        let waiters = state.withLock { state in
            state.flights[key]?.id == id ? state.flights.removeValue(forKey: key)?.waiters : nil
        }
        for waiter in (waiters ?? [:]).values { waiter.resume(returning: outcome) }
    }
}
