internal import Descriptors
package import Events
internal import MetricStore
internal import Runtime

/// What came out of a run.
package struct CollectionReport: Equatable, Sendable {
    package var results: [ResultComputed]
    package var collected: RunCollected

    package init(results: [ResultComputed], collected: RunCollected) {
        self.results = results
        self.collected = collected
    }
}

/// Looks in the store whether all of a run is there, and computes its results.
package struct Collector: Sendable {
    /// Which attempts' streams have to be whole before results are computed.
    package enum Patience: Equatable, Sendable {
        case forAllAttempts
        case forMeasuredAttempts
    }

    private let store: any MetricStore
    private let time: any TimeSource
    private let output: StructuredLog
    private let backoff = Backoff(first: .milliseconds(100), most: .seconds(10))

    init(store: any MetricStore, time: any TimeSource, output: StructuredLog) {
        self.store = store
        self.time = time
        self.output = output
    }

    /// The results of `run`; nil while something that has to come is missing, and when the task is cancelled. A store that does not answer
    /// is asked again for as long as it takes.
    func report(
        on run: String, _ request: CollectionRequested, patience: Patience
    ) async -> CollectionReport? {
        var failures = 0
        while !Task.isCancelled {
            do throws(MetricStoreError) {
                return try await tryReport(on: run, request, patience: patience)
            } catch {
                failures += 1
                output.warning(
                    "the store cannot be read, trying again", ["run.id": run, "error": error.message])
                // Cancelled while it sleeps: the loop around looks.
                try? await time.sleep(for: backoff.delay(after: failures))
            }
        }
        return nil
    }

    private func tryReport(
        on run: String, _ request: CollectionRequested, patience: Patience
    ) async throws(MetricStoreError) -> CollectionReport? {
        let streams = Streams(
            try await store.streams(of: run), ranks: request.run.descriptor.streamCount)
        var awaited = request.measured
        if patience == .forAllAttempts { awaited += try await store.attempts(of: run).map(\.finished) }
        guard awaited.allSatisfy(streams.hasEnded) else { return nil }
        var measurements = Measurements(request.run.descriptor)
        var query = PointQuery(onlyAccepted: true, limit: largestStorePage)
        repeat {
            let page = try await store.points(of: run, query)
            for point in page.items { measurements.add(point.point, attempt: point.attempt) }
            query.after = page.next
        } while query.after != nil && !Task.isCancelled
        if Task.isCancelled { return nil }
        return ResultBuilder(run: run, request: request, streams: streams, measurements: measurements).report
    }
}
