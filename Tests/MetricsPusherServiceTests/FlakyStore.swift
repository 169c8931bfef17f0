import Events
import MetricStore
import Runtime

/// A store that fails as often as a test says, and counts what it is asked.
final class FlakyStore: MetricStore {
    private struct State {
        var failures = 0
        var writes = 0
        var changes = StoreChanges()
    }

    private let store: any MetricStore
    private let state = Locked(State())

    init(_ store: any MetricStore) { self.store = store }

    var writes: Int { state.withLock { $0.writes } }

    /// Fails this often from now on, whatever is asked.
    func fail(_ times: Int) { state.withLock { $0.failures = times } }

    /// How many failures are left.
    var failuresLeft: Int { state.withLock { $0.failures } }

    private func pass() throws(MetricStoreError) {
        let fails = state.withLock { state in
            defer { state.failures = max(0, state.failures - 1) }
            return state.failures > 0
        }
        if fails { throw MetricStoreError(.unavailable, "the disk is away") }
    }

    func write(_ changes: StoreChanges) async throws(MetricStoreError) {
        try pass()
        state.withLock { $0.writes += changes.isEmpty ? 0 : 1 }
        try await store.write(changes)
    }

    func delete(run: String) async throws(MetricStoreError) {
        try pass()
        try await store.delete(run: run)
    }

    func points(
        of run: String, _ query: PointQuery
    ) async throws(MetricStoreError) -> StorePage<StoredPoint> {
        try pass()
        return try await store.points(of: run, query)
    }

    func lines(of run: String, _ query: LineQuery) async throws(MetricStoreError) -> StorePage<StoredLine> {
        try await store.lines(of: run, query)
    }

    func attempts(of run: String) async throws(MetricStoreError) -> [StoredAttempt] {
        try pass()
        return try await store.attempts(of: run)
    }

    func streams(of run: String) async throws(MetricStoreError) -> [StreamStatistics] {
        try pass()
        return try await store.streams(of: run)
    }

    func results(of run: String) async throws(MetricStoreError) -> [ResultComputed] {
        try await store.results(of: run)
    }

    func series(_ query: SeriesQuery) async throws(MetricStoreError) -> SeriesPage {
        try await store.series(query)
    }

    func history(of series: String, last: Int) async throws(MetricStoreError) -> [ResultComputed] {
        try await store.history(of: series, last: last)
    }

    func close() async { await store.close() }
}
