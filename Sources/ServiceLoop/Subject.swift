package import Events
package import Runtime

/// What one service is about. Everything else about a service (taking, committing, retrying, restoring, ending) is `ServiceLoop`'s.
///
///     take a record → decide (pure) → do the effects (idempotent) → publish events + state + offset (one transaction)
///
/// State is kept by key (the run, or the series) in a compacted topic of the service's own, in the same transaction as the offset: whoever takes over
/// a partition finds exactly what the last committed decision left.
package protocol Subject: Sendable {
    /// What the service has in hand for one key. nil is nothing.
    associatedtype State: Codable & Equatable & Sendable
    /// What a decision wants done in the world.
    associatedtype Effect: Sendable
    /// What the world reports back, at any time after an effect was started.
    associatedtype Signal: Sendable

    /// The service's short name: `executor`.
    var name: String { get }
    var inputs: [Topic] { get }
    /// Whether the keys are runs, so that a run ends as an error when a record of it cannot be handled.
    var endsRunsOnFailure: Bool { get }

    /// Decides, from what is in hand and what has come, what is in hand now and what is to be done. Pure: no I/O, no clock.
    ///
    /// - Throws: when the input cannot be understood; the record goes to the dead letters at once.
    func decide(
        _ input: Input<Signal>, key: String, state: State?, now: Timestamp
    ) throws -> Decision<State, Effect>

    /// Does effects, in order. Doing one twice must be doing it once: after a crash they come again. What takes long is started here and reported
    /// through `signals`.
    ///
    /// - Throws: an error that is `Retryable` and transient is tried again for as long as it takes; any other a few times, and then the record
    ///   becomes a dead letter.
    func perform(_ effects: [KeyedEffect<Effect>], signals: Signals<Signal>) async throws

    /// Stops background work for these keys: another instance has them now, or the service ends. Nothing is undone.
    func release(_ keys: [String]) async
}

extension Subject {
    package var endsRunsOnFailure: Bool { true }

    package func release(_ keys: [String]) async {}
}

/// What a decision is about.
package enum Input<Signal: Sendable>: Sendable {
    /// A record of one of the inputs.
    case event(Event)
    /// The state was read back after a start or a change of hands: start its effects again.
    case restored
    /// The time that an earlier decision asked for has come.
    case wake
    /// An effect reports.
    case signal(Signal)
}

/// What is in hand after a decision, and what follows from it.
package struct Decision<State: Sendable, Effect: Sendable>: Sendable {
    package var state: State?
    package var effects: [Effect]
    package var events: [OutgoingEvent]
    /// When to decide again at the latest, if nothing comes before; replaces what an earlier decision asked for.
    package var wake: Timestamp?

    package init(state: State?, effects: [Effect] = [], events: [OutgoingEvent] = [], wake: Timestamp? = nil)
    {
        self.state = state
        self.effects = effects
        self.events = events
        self.wake = wake
    }
}

extension Decision: Equatable where State: Equatable, Effect: Equatable {
    package static func == (left: Self, right: Self) -> Bool {
        left.state == right.state && left.effects == right.effects && left.wake == right.wake
            && left.events.map(\.name) == right.events.map(\.name)
    }
}

/// An effect and the key that it is for.
package struct KeyedEffect<Effect: Sendable>: Sendable {
    package var key: String
    package var effect: Effect

    package init(key: String, effect: Effect) {
        self.key = key
        self.effect = effect
    }
}

/// An event that a decision publishes; the loop fills in the envelope.
package struct OutgoingEvent: Sendable {
    package var payload: any EventPayload
    /// Unique for this run and service, and the same whenever the same decision is taken again: `starting/2`. Becomes part of the message id.
    package var name: String
    /// The key to publish under where it is not the decision's own: results go by their series.
    package var key: String?

    package init(_ payload: any EventPayload, name: String, key: String? = nil) {
        self.payload = payload
        self.name = name
        self.key = key
    }
}

/// Where background work reports to.
package struct Signals<Signal: Sendable>: Sendable {
    private let deliver: @Sendable (String, Signal) -> Void

    package init(_ deliver: @escaping @Sendable (String, Signal) -> Void) {
        self.deliver = deliver
    }

    /// Has a signal decided for `key`. One for a key that this instance does not hold is dropped: whoever holds it starts the effect itself.
    package func send(_ signal: Signal, for key: String) {
        deliver(key, signal)
    }
}
