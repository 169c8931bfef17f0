internal import Runtime

/// Tells those who wait that something has been written to the read model.
///
/// Only *that*, not what: whoever is told reads the model from where it left off. So there is nothing to buffer, a slow reader holds up nobody, and
/// no event can get lost or overtake another.
package final class Changes: Sendable {
    private struct State {
        var next = 0
        var ofRuns: [String: [Int: AsyncStream<Void>.Continuation]] = [:]
        var ofAll: [Int: AsyncStream<Void>.Continuation] = [:]
    }

    private let state = Locked(State())

    package init() {}

    /// A subscription to one run, or to everything (nil). It begins at once: what is written from now on is told, what was written before is not.
    func subscribe(to run: String?) -> Subscription {
        // One signal waits at most: two say no more than one.
        let (signals, continuation) = AsyncStream.makeStream(
            of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let id = state.withLock { state in
            state.next += 1
            if let run {
                state.ofRuns[run, default: [:]][state.next] = continuation
            } else {
                state.ofAll[state.next] = continuation
            }
            return state.next
        }
        continuation.onTermination = { [weak self] _ in self?.remove(id, of: run) }
        return Subscription(signals: signals)
    }

    /// Tells the subscribers of `runs` and of everything.
    func tell(_ runs: Set<String>) {
        let concerned = state.withLock { state in
            Array(state.ofAll.values) + runs.flatMap { state.ofRuns[$0].map { Array($0.values) } ?? [] }
        }
        for continuation in concerned { continuation.yield() }
    }

    /// Tells everybody: after a change that concerns every run, and from time to time, so that streams can say that they are alive.
    func tellAll() {
        let everybody = state.withLock { state in
            Array(state.ofAll.values) + state.ofRuns.values.flatMap { Array($0.values) }
        }
        for continuation in everybody { continuation.yield() }
    }

    /// How many subscriptions there are.
    var count: Int {
        state.withLock { $0.ofAll.count + $0.ofRuns.values.reduce(0) { $0 + $1.count } }
    }

    private func remove(_ id: Int, of run: String?) {
        state.withLock { state in
            if let run {
                state.ofRuns[run]?[id] = nil
                if state.ofRuns[run]?.isEmpty == true { state.ofRuns[run] = nil }
            } else {
                state.ofAll[id] = nil
            }
        }
    }
}

/// One subscription; it ends when it is let go of.
final class Subscription: Sendable {
    private let signals: AsyncStream<Void>

    init(signals: AsyncStream<Void>) { self.signals = signals }

    /// Returns after the next signal, at once when one has come since the last call, or when the task is cancelled.
    func wait() async {
        var iterator = signals.makeAsyncIterator()
        _ = await iterator.next()
    }
}
