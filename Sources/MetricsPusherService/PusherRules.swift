internal import Descriptors
package import Events
package import MetricStore
package import Runtime
internal import ServiceLoop

/// What the pusher has in hand for a run: from the moment that the executor wants it collected until it is.
package struct Collection: Codable, Equatable, Sendable {
    package var request: CollectionRequested
    package var requested: Timestamp

    package init(request: CollectionRequested, requested: Timestamp) {
        self.request = request
        self.requested = requested
    }
}

/// What the pusher wants done.
package enum PusherEffect: Equatable, Sendable {
    case write(Write)
    /// Remove all of the run from the store.
    case delete
    /// Look whether everything is stored, and compute the results if it is.
    case collect(Collection, Collector.Patience)
    /// Whatever is being collected is of no interest any more.
    case stop

    /// Something to store.
    package enum Write: Equatable, Sendable {
        case points(MetricBatch)
        case lines(LogBatch)
        case end(StreamKind, StreamEnded)
        case attempt(AttemptFinished)
        case accepted([Int])
        case results([ResultComputed])
    }
}

/// What is reported to the pusher.
package enum PusherSignal: Equatable, Sendable {
    case collected(CollectionReport)
}

/// What the pusher does about what it is told. Pure.
enum PusherRules {
    /// How long the last lines of attempts that do not count are waited for, so that whoever sees a failed run's status finds its last words too.
    static let patience = Duration.seconds(5)

    static func decide(
        _ input: Input<PusherSignal>, run: String, state: Collection?, now: Timestamp
    ) throws -> Decision<Collection, PusherEffect> {
        switch input {
        case .event(let event): try decide(event, state: state, now: now)
        case .restored, .wake: again(state, now: now)
        case .signal(.collected(let report)): state == nil ? Decision(state: nil) : finish(report)
        }
    }

    private static func decide(
        _ event: Event, state: Collection?, now: Timestamp
    ) throws -> Decision<Collection, PusherEffect> {
        switch event.type {
        case MetricBatch.type:
            return write(.points(try event.payload(as: MetricBatch.self)), state, now)
        case LogBatch.type:
            return write(.lines(try event.payload(as: LogBatch.self)), state, now)
        case MetricsEnded.type:
            return end(.metrics, try event.payload(as: MetricsEnded.self).end, state, now)
        case LogsEnded.type:
            return end(.lines, try event.payload(as: LogsEnded.self).end, state, now)
        case AttemptFinished.type:
            return write(.attempt(try event.payload(as: AttemptFinished.self)), state, now)
        case CollectionRequested.type:
            return begin(try event.payload(as: CollectionRequested.self), now)
        case StatusChanged.type where try event.payload(as: StatusChanged.self).status.isFinal:
            // The run's end: what it still waits for will not change it.
            return Decision(state: nil, effects: state == nil ? [] : [.stop])
        case Command.type where try event.payload(as: Command.self).kind == .delete:
            return Decision(state: nil, effects: [.stop, .delete])
        default:
            return Decision(state: state, wake: wake(state, now))
        }
    }

    private static func write(
        _ write: PusherEffect.Write, _ state: Collection?, _ now: Timestamp
    ) -> Decision<Collection, PusherEffect> {
        Decision(state: state, effects: [.write(write)], wake: wake(state, now))
    }

    /// The end of a stream may be the last thing that was missing.
    private static func end(
        _ kind: StreamKind, _ end: StreamEnded, _ state: Collection?, _ now: Timestamp
    ) -> Decision<Collection, PusherEffect> {
        var decision = again(state, now: now)
        decision.effects.insert(.write(.end(kind, end)), at: 0)
        return decision
    }

    private static func begin(
        _ request: CollectionRequested, _ now: Timestamp
    ) -> Decision<Collection, PusherEffect> {
        let collection = Collection(request: request, requested: now)
        // The executor's list stands, whatever this service has seen of the attempts itself.
        let attempts = request.accepted.map { PusherEffect.write(.attempt($0)) }
        let accepted = PusherEffect.write(.accepted(request.measured.map(\.attempt.number)))
        return Decision(
            state: collection,
            effects: attempts + [accepted, .collect(collection, patience(collection, now))],
            wake: wake(collection, now))
    }

    /// Tries to collect what is in hand, or lets it go when its time is over.
    private static func again(_ state: Collection?, now: Timestamp) -> Decision<Collection, PusherEffect> {
        guard let state else { return Decision(state: nil) }
        guard now < deadline(state) else { return Decision(state: nil, effects: [.stop]) }
        return Decision(
            state: state, effects: [.collect(state, patience(state, now))], wake: wake(state, now))
    }

    private static func finish(_ report: CollectionReport) -> Decision<Collection, PusherEffect> {
        let results = report.results.map {
            OutgoingEvent($0, name: "result/\($0.series.id)", key: $0.series.id)
        }
        return Decision(
            state: nil, effects: [.write(.results(report.results))],
            events: results + [OutgoingEvent(report.collected, name: "collected")])
    }

    private static func patience(_ collection: Collection, _ now: Timestamp) -> Collector.Patience {
        now < collection.requested + patience ? .forAllAttempts : .forMeasuredAttempts
    }

    /// When the run is let go in any case. The watcher has ended it long before, by its `collect_timeout`; this is for a request that comes after
    /// that end.
    private static func deadline(_ collection: Collection) -> Timestamp {
        let timeout = collection.request.run.descriptor.run.collectTimeout.duration
        return collection.requested + timeout + timeout
    }

    private static func wake(_ state: Collection?, _ now: Timestamp) -> Timestamp? {
        state.map { now < $0.requested + patience ? $0.requested + patience : deadline($0) }
    }
}

extension CollectionRequested {
    /// The attempts that give samples: those that were accepted, succeeded and are no warm-up.
    package var measured: [AttemptFinished] {
        accepted.filter { !$0.attempt.isWarmup && $0.outcome.status == .succeeded }
    }
}
