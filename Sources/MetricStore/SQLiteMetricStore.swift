package import Events

/// The metric store in one SQLite file, for one writer and any number of readers, in this process and in others.
package final class SQLiteMetricStore: MetricStore {
    private let writer: StoreWriter
    private let reader: StoreReader

    /// Opens the store, making the file if it is not there.
    package init(path: String) throws(MetricStoreError) {
        writer = try StoreWriter(path: path)
        // A connection of its own: a long read holds no write up.
        reader = try StoreReader(path: path)
    }

    package func write(_ changes: StoreChanges) async throws(MetricStoreError) {
        if !changes.isEmpty { try await writer.write(changes) }
    }

    package func delete(run: String) async throws(MetricStoreError) {
        try await writer.delete(run: run)
    }

    package func points(
        of run: String, _ query: PointQuery
    ) async throws(MetricStoreError) -> StorePage<StoredPoint> {
        try await reader.points(of: run, query)
    }

    package func lines(
        of run: String, _ query: LineQuery
    ) async throws(MetricStoreError) -> StorePage<StoredLine> {
        try await reader.lines(of: run, query)
    }

    package func attempts(of run: String) async throws(MetricStoreError) -> [StoredAttempt] {
        try await reader.attempts(of: run)
    }

    package func streams(of run: String) async throws(MetricStoreError) -> [StreamStatistics] {
        try await reader.streams(of: run)
    }

    package func results(of run: String) async throws(MetricStoreError) -> [ResultComputed] {
        try await reader.results(of: run)
    }

    package func series(_ query: SeriesQuery) async throws(MetricStoreError) -> SeriesPage {
        try await reader.series(query)
    }

    package func history(
        of series: String, last: Int
    ) async throws(MetricStoreError) -> [ResultComputed] {
        try await reader.history(of: series, last: last)
    }

    package func close() async {
        await writer.close()
        await reader.close()
    }
}
