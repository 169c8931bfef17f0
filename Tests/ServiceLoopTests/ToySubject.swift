import Events
import JSON
import MessageLog
import Runtime
import ServiceLoop
import TestSupport

/// A subject that counts the commands of a run and does what their reasons say.
struct ToySubject: Subject {
    struct State: Codable, Equatable { var seen: [String] }
    enum Effect: Sendable, Equatable { case note(String) }
    enum Signal: Sendable { case reported(String) }

    let name = "toy"
    let inputs: [Topic] = [.commands]
    let world: World

    func decide(_ input: Input<Signal>, key: String, state: State?, now: Timestamp) throws -> Decision<
        State, Effect
    > {
        var state = state ?? State(seen: [])
        switch input {
        case .event(let event):
            let word = try event.payload(as: Command.self).reason ?? ""
            if word == "poison" { throw JSONError(path: "payload.reason", message: "is poison") }
            if word == "forget" { return Decision(state: nil) }
            if word == "ignore" { return Decision(state: state.seen.isEmpty ? nil : state) }
            state.seen.append(word)
            let wake = word == "sleep" ? now + .seconds(60) : nil
            return Decision(
                state: state, effects: [.note("\(key):\(word)")], events: [published(word)], wake: wake)
        case .restored:
            return Decision(state: state, effects: [.note("\(key):restored")])
        case .wake:
            state.seen.append("woken")
            return Decision(state: state, events: [published("woken")])
        case .signal(.reported(let word)):
            state.seen.append(word)
            return Decision(state: state, events: [published(word)])
        }
    }

    private func published(_ word: String) -> OutgoingEvent {
        OutgoingEvent(StatusChanged(status: .running, message: word, attempt: 1), name: word)
    }

    func perform(_ effects: [KeyedEffect<Effect>], signals: Signals<Signal>) async throws {
        for effect in effects {
            guard case .note(let word) = effect.effect else { continue }
            try world.note(word)
            if word.hasSuffix(":ask") { signals.send(.reported("answer"), for: effect.key) }
        }
    }

    func release(_ keys: [String]) async { world.released(keys) }
}

/// What the toy's effects do, and how often they fail first.
final class World: Sendable {
    struct Broken: Retryable { var isTransient: Bool }

    private struct State {
        var notes: [String] = []
        var failures: [String: (count: Int, isTransient: Bool)] = [:]
        var released: [String] = []
    }

    private let state = Locked(State())

    var notes: [String] { state.withLock { $0.notes } }
    var releasedKeys: [String] { state.withLock { $0.released } }

    func fail(_ word: String, times: Int, isTransient: Bool) {
        state.withLock { $0.failures[word] = (times, isTransient) }
    }

    func released(_ keys: [String]) { state.withLock { $0.released += keys } }

    fileprivate func note(_ word: String) throws {
        try state.withLock { state in
            if let failure = state.failures[word], failure.count > 0 {
                state.failures[word] = (failure.count - 1, failure.isTransient)
                throw Broken(isTransient: failure.isTransient)
            }
            state.notes.append(word)
        }
    }
}

/// A log with the toy's topics, and the loops that run over it.
struct ToyStage {
    let log: any MessageLog
    let world = World()
    let time = ManualTime()

    init(partitions: Int = 2, log: any MessageLog = InMemoryLog()) async throws {
        self.log = log
        try await log.create(
            (Topic.allCases.map(\.rawValue) + [Topic.state(of: "toy")]).map { name in
                TopicConfiguration(
                    name: name, partitions: partitions,
                    cleanup: name.hasPrefix("state.") ? .compact : .delete(after: nil))
            })
    }

    func loop(
        node: String = "a", failPoints: FailPoints = .none, time: (any TimeSource)? = nil
    ) -> ServiceLoop<ToySubject> {
        var settings = ServiceLoop<ToySubject>.Settings()
        settings.backoff = Backoff(first: .milliseconds(1), most: .milliseconds(2))
        settings.lazyCommit = .milliseconds(5)
        settings.stallCheck = .milliseconds(20)
        return ServiceLoop(
            subject: ToySubject(world: world), log: log,
            node: ServiceNode(service: "bai-toy", host: node, processID: 1),
            time: time ?? SystemTime(), failPoints: failPoints,
            output: StructuredLog(service: "toy", write: { _ in }),
            settings: settings)
    }

    /// Runs `body` beside a loop, which is ended in peace afterwards.
    func running(
        _ loop: ServiceLoop<ToySubject>, _ body: () async throws -> Void
    ) async throws {
        let task = Task { try await loop.run() }
        do { try await body() } catch {
            task.cancel()
            throw error
        }
        task.cancel()
        try await task.value
    }

    func send(_ words: String..., to run: String) async throws {
        for word in words {
            let event = Event(
                messageID: word, actionID: run, clientID: "c", clientVersion: "1.0.0", clientUsername: "u",
                tstamp: Timestamp(milliseconds: 1), type: Command.type,
                payload: try JSONCoding.tree(Command(kind: .cancel, reason: word)))
            _ = try await log.publish([
                NewRecord(topic: "commands", key: run, value: try JSONCoding.encode(event))
            ])
        }
    }

    /// All events on a topic, in order within a run.
    func events(_ topic: Topic) async throws -> [Event] {
        var events: [Event] = []
        for partition in 0..<(try await log.topics().first?.partitions ?? 0) {
            let records = try await log.read(
                TopicPartition(topic: topic.rawValue, partition: partition), from: 0, limit: ReadLimit())
            events += try records.compactMap {
                try $0.value.map { try JSONCoding.decode(Event.self, from: $0) }
            }
        }
        return events
    }

    /// The words that the toy published about a run.
    func published(_ run: String) async throws -> [String] {
        try await events(.status).filter { $0.actionID == run }.map {
            try $0.payload(as: StatusChanged.self).message
        }
    }
}
