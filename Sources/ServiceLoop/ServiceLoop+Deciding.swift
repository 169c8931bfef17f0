internal import Events
internal import JSON
internal import MessageLog
internal import Runtime

extension ServiceLoop {
    /// One thing to decide.
    enum Work: Sendable {
        case record(LogRecord)
        case signal(String, S.Signal)
        case restored(String)
        case wake(String)
        /// What was in hand for a key cannot be read, for this reason.
        case unreadable(LogRecord, String)

        var key: String {
            switch self {
            case .record(let record), .unreadable(let record, _): record.key
            case .signal(let key, _), .restored(let key), .wake(let key): key
            }
        }
    }

    /// What a stretch of work comes to, before any of it is done.
    struct Plan {
        var effects: [KeyedEffect<S.Effect>] = []
        var records: [Int: [NewRecord]] = [:]
        /// The next offset to take, by partition and topic.
        var offsets: [Int: [String: Int64]] = [:]
        /// New state of the keys that were decided; nil inside is nothing in hand any more.
        var states: [String: StoredState<S.State>?] = [:]
        var wakes: [String: Timestamp?] = [:]

        /// Whether nothing but offsets would be written.
        var isOnlyOffsets: Bool { records.isEmpty && effects.isEmpty }
    }

    /// Why one piece of work cannot be decided or done.
    struct WorkFailure: Error {
        var work: Work
        var reason: String
    }

    /// Decides `work` in order, each on what the ones before it left.
    func plan(_ work: [Work]) throws(WorkFailure) -> Plan {
        var plan = Plan()
        let now = time.now
        for item in work {
            if case .record(let record) = item {
                plan.offsets[record.partition, default: [:]][record.topic] = record.offset + 1
            }
            do {
                try decide(item, now: now, into: &plan)
            } catch {
                throw WorkFailure(work: item, reason: String(describing: error))
            }
        }
        addStates(to: &plan)
        return plan
    }

    private func decide(_ work: Work, now: Timestamp, into plan: inout Plan) throws {
        let key = work.key
        let stored = plan.states[key] ?? keys[key]
        let (input, origin) = try input(of: work, stored: stored)
        guard let input, let origin else { return }
        let decision = try subject.decide(input, key: key, state: stored?.state, now: now)
        plan.states[key] = .some(decision.state.map { StoredState(origin: origin, state: $0) })
        plan.wakes[key] = .some(decision.state == nil ? nil : decision.wake)
        plan.effects += decision.effects.map { KeyedEffect(key: key, effect: $0) }
        for event in decision.events {
            let target = event.key ?? key
            let record = try record(of: event, after: origin, key: target, now: now)
            plan.records[Partitioner.partition(of: key, among: partitionCount), default: []].append(record)
        }
    }

    /// What a piece of work is to the subject, and the envelope that its events follow from; nils where it concerns nothing that is in hand.
    private func input(of work: Work, stored: StoredState<S.State>?) throws -> (Input<S.Signal>?, Event?) {
        switch work {
        case .record(let record):
            // A tombstone is nobody's input.
            guard let value = record.value else { return (nil, nil) }
            let event = try JSONCoding.decode(Event.self, from: value)
            // A run's events follow from the one that brought the run. A series goes on from run to run: there they follow from the newest.
            let first = subject.endsRunsOnFailure ? stored?.origin : nil
            return (.event(event), first ?? event.withoutPayload)
        case .signal(_, let signal): return (.signal(signal), stored?.origin)
        case .restored: return (.restored, stored?.origin)
        case .wake: return (.wake, stored?.origin)
        case .unreadable(let record, let reason):
            throw UnreadableState(position: record.position, reason: reason)
        }
    }

    /// A state that another version of the service wrote, or nobody.
    private struct UnreadableState: Error, CustomStringConvertible {
        var position: RecordPosition
        var reason: String
        var description: String { "the state at \(position) cannot be read: \(reason)" }
    }

    func record(of event: OutgoingEvent, after origin: Event, key: String, now: Timestamp) throws -> NewRecord
    {
        func build(_ payload: some EventPayload) throws -> NewRecord {
            let event = try origin.following(
                payload, messageID: "\(origin.actionID)/\(subject.name)/\(event.name)", at: now,
                by: node.visit(at: now))
            return NewRecord(
                topic: type(of: payload).topic.rawValue, key: key, headers: ["type": event.type],
                value: try JSONCoding.encode(event))
        }
        return try build(event.payload)
    }

    /// The states that changed, as records of the service's compacted topic.
    private func addStates(to plan: inout Plan) {
        for (key, state) in plan.states where state != keys[key] {
            let partition = Partitioner.partition(of: key, among: partitionCount)
            // A state is made of values that were decoded or decided: encoding it cannot fail, and if it did, the key must not be lost silently.
            let value = state.flatMap { try? JSONCoding.encode($0) }
            precondition(state == nil || value != nil, "the state of \(key) cannot be encoded")
            plan.records[partition, default: []].append(
                NewRecord(topic: Topic.state(of: subject.name), key: key, value: value))
        }
    }
}

extension Event {
    fileprivate var withoutPayload: Event {
        var event = self
        event.payload = .object([:])
        return event
    }
}
