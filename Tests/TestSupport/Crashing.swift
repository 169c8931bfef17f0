package import Events
package import Runtime
package import ServiceLoop

/// A service that is killed at the n-th time it does effects, between the effects and their commit, and is then started anew: what it published
/// must not differ from what it publishes when nobody kills it.
package final class Crashing<Inner: Subject>: Subject {
    package typealias State = Inner.State
    package typealias Effect = Inner.Effect
    package typealias Signal = Inner.Signal

    private struct Life {
        var inner: Inner
        var remaining: Int
        var crashes = 0
    }

    private let make: @Sendable () -> Inner
    private let life: Locked<Life>

    /// - Parameter point: which time; beyond the last it is never killed.
    package init(at point: Int, _ make: @escaping @Sendable () -> Inner) {
        self.make = make
        life = Locked(Life(inner: make(), remaining: point))
    }

    /// Whether the point was reached.
    package var hasCrashed: Bool { life.withLock { $0.crashes > 0 } }

    private var inner: Inner { life.withLock { $0.inner } }

    package var name: String { inner.name }
    package var inputs: [Topic] { inner.inputs }

    package func decide(
        _ input: Input<Signal>, key: String, state: State?, now: Timestamp
    ) throws -> Decision<State, Effect> {
        try inner.decide(input, key: key, state: state, now: now)
    }

    package func perform(
        _ effects: [KeyedEffect<Effect>], signals: Signals<Signal>
    ) async throws {
        let victim = inner
        try await victim.perform(effects, signals: signals)
        let isHit = life.withLock { life in
            life.remaining -= 1
            guard life.remaining == 0 else { return false }
            life.inner = make()
            life.crashes += 1
            return true
        }
        guard isHit else { return }
        await victim.release(Array(Set(effects.map(\.key))))
        // The loop takes this for its end, commits nothing, and joins its group anew.
        throw CancellationError()
    }

    package func release(_ keys: [String]) async { await inner.release(keys) }
}
