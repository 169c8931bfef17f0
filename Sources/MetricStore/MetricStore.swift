package import Events

/// Where what benchmarks measured and printed is kept: points, log lines, attempts and results, and with the results the history of each series.
///
/// A point or line is known by run, attempt, rank and sequence number, a result by run and series: writing one again changes nothing, so that a
/// writer that was stopped between writing and saying so simply writes again. Every implementation passes `MetricStoreContractTests`.
package protocol MetricStore: Sendable {
    /// Writes all of `changes`. They are durable, and seen by every reader, when this returns. When it throws, some of them may be written.
    ///
    /// What belongs to a deleted run is passed over.
    func write(_ changes: StoreChanges) async throws(MetricStoreError)

    /// Removes everything of a run, its place in the history of its series included, for good: what is written for it later is passed over.
    /// Deleting a run that is not there is no error.
    func delete(run: String) async throws(MetricStoreError)

    /// A page of a run's points, by attempt, rank and sequence number.
    func points(of run: String, _ query: PointQuery) async throws(MetricStoreError) -> StorePage<StoredPoint>

    /// A page of a run's log lines, by attempt, rank and sequence number.
    func lines(of run: String, _ query: LineQuery) async throws(MetricStoreError) -> StorePage<StoredLine>

    /// The attempts of a run that have ended, by number.
    func attempts(of run: String) async throws(MetricStoreError) -> [StoredAttempt]

    /// How much has come of each attempt's metrics and lines, and whether it has ended: a few rows, however long the run. By attempt, rank, kind.
    func streams(of run: String) async throws(MetricStoreError) -> [StreamStatistics]

    /// The results of a run, by metric and then by series.
    func results(of run: String) async throws(MetricStoreError) -> [ResultComputed]

    /// A page of the series there are, by benchmark, metric and id.
    func series(_ query: SeriesQuery) async throws(MetricStoreError) -> SeriesPage

    /// The newest `last` results of a series, oldest first.
    func history(of series: String, last: Int) async throws(MetricStoreError) -> [ResultComputed]

    /// Finishes what is in flight and closes. Every later call throws `closed`.
    func close() async
}

extension MetricStore {
    /// How many log lines of a run are stored: a follower that has seen as many need not ask for more.
    package func lineCount(of run: String) async throws(MetricStoreError) -> Int64 {
        try await streams(of: run).reduce(0) { $1.kind == .lines ? $0 + $1.count : $0 }
    }
}
