internal import Events
internal import MetricStore

/// How much of a run has come, by attempt.
struct Streams {
    private let statistics: [Int: [StreamStatistics]]
    /// How many ranks an attempt has.
    private let ranks: Int

    /// - Parameter ranks: the descriptor's `streamCount`.
    init(_ statistics: [StreamStatistics], ranks: Int = 1) {
        self.statistics = Dictionary(grouping: statistics, by: \.attempt)
        self.ranks = ranks
    }

    /// Whether nothing more of an attempt will come.
    ///
    /// Where the attempt succeeded all of its ranks ran, and each says its last word. Where it did not, some may never have begun: then every rank that was
    /// heard of has to end, and at least one. Where no agent came to count nothing is waited for.
    func hasEnded(_ attempt: AttemptFinished) -> Bool {
        hasEnded(attempt, .metrics, counted: attempt.outcome.metricCount)
            && hasEnded(attempt, .lines, counted: attempt.outcome.logCount)
    }

    private func hasEnded(_ attempt: AttemptFinished, _ kind: StreamKind, counted: Int64?) -> Bool {
        let isWhole = attempt.outcome.status == .succeeded
        guard counted != nil || isWhole else { return true }
        let streams = streams(of: attempt, kind)
        return streams.count >= (isWhole ? ranks : 1) && streams.allSatisfy { $0.announced != nil }
    }

    /// How many items of these attempts are stored.
    func count(_ kind: StreamKind, of attempts: [AttemptFinished]) -> Int64 {
        attempts.reduce(0) { sum, attempt in streams(of: attempt, kind).reduce(sum) { $0 + $1.count } }
    }

    /// What was numbered and is not stored.
    func missing(_ kind: StreamKind, of attempt: AttemptFinished) -> Int64 {
        let streams = streams(of: attempt, kind)
        let missing = streams.reduce(0) { $0 + $1.missing }
        let counted = kind == .metrics ? attempt.outcome.metricCount : attempt.outcome.logCount
        // The outcome's count is a second witness: a stream of which nothing came has no statistics.
        return max(missing, (counted ?? 0) - streams.reduce(0) { $0 + $1.count })
    }

    /// How many points the benchmark's client library dropped before they were numbered.
    func dropped(by attempt: AttemptFinished) -> Int64 {
        let reported = streams(of: attempt, .metrics).reduce(0) { $0 + $1.dropped }
        return max(reported, attempt.outcome.droppedMetrics ?? 0)
    }

    private func streams(of attempt: AttemptFinished, _ kind: StreamKind) -> [StreamStatistics] {
        (statistics[attempt.attempt.number] ?? []).filter { $0.kind == kind }
    }
}
