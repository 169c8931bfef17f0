package import Events
package import MetricStore
package import Runtime
package import ServiceLoop

/// Brings metrics and logs into the store, and makes results of them when a run has ended.
///
///     metrics, logs ──► store          run's attempts over ──► everything stored? ──► results, collected
///
/// What is decided is in `PusherRules`. Here is what touches the store: all that came together is written in one transaction, and a run is
/// collected beside the loop, since reading a million points takes longer than other runs' metrics should wait.
package struct MetricsPusher: Subject {
    package typealias State = Collection
    package typealias Effect = PusherEffect
    package typealias Signal = PusherSignal

    package let name = "metrics-pusher"
    package let inputs: [Topic] = [.metrics, .logs, .status, .commands]

    private let store: any MetricStore
    private let collector: Collector
    private let work = BackgroundWork()

    package init(store: any MetricStore, time: any TimeSource = SystemTime(), output: StructuredLog? = nil) {
        self.store = store
        collector = Collector(
            store: store, time: time, output: output ?? StructuredLog(service: "bai-metrics-pusher"))
    }

    package func decide(
        _ input: Input<PusherSignal>, key: String, state: Collection?, now: Timestamp
    ) throws -> Decision<Collection, PusherEffect> {
        try PusherRules.decide(input, run: key, state: state, now: now)
    }

    package func perform(
        _ effects: [KeyedEffect<PusherEffect>], signals: Signals<PusherSignal>
    ) async throws {
        var changes = StoreChanges()
        // Only the newest request of a run matters, and only once everything before it is stored.
        var requested: [String: (Collection, patience: Collector.Patience)] = [:]
        for effect in effects {
            switch effect.effect {
            case .write(let change): changes.add(change, run: effect.key)
            case .delete:
                try await store.write(changes)
                changes = StoreChanges()
                try await store.delete(run: effect.key)
            case .collect(let collection, let patience): requested[effect.key] = (collection, patience)
            case .stop:
                requested[effect.key] = nil
                work.cancel(effect.key)
            }
        }
        try await store.write(changes)
        for (run, (collection, patience)) in requested {
            start(collection, of: run, patience: patience, signals: signals)
        }
    }

    private func start(
        _ collection: Collection, of run: String, patience: Collector.Patience,
        signals: Signals<PusherSignal>
    ) {
        let collector = collector
        work.cancel(run)
        work.start(run) {
            guard let report = await collector.report(on: run, collection.request, patience: patience) else {
                return
            }
            signals.send(.collected(report), for: run)
        }
    }

    package func release(_ keys: [String]) async {
        for key in keys { work.cancel(key) }
    }
}

extension StoreChanges {
    /// Adds what one event said.
    mutating func add(_ write: PusherEffect.Write, run: String) {
        switch write {
        case .points(let batch): points.append(Points(run: run, batch: batch))
        case .lines(let batch): lines.append(Lines(run: run, batch: batch))
        case .end(let kind, let end): ends.append(End(run: run, kind: kind, end: end))
        case .attempt(let attempt): attempts.append(Ended(run: run, attempt: attempt))
        case .accepted(let numbers): accepted.append(Accepted(run: run, attempts: numbers))
        case .results(let computed): results += computed
        }
    }
}
