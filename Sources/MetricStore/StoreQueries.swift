package import Events
package import Runtime

/// A place among a run's points or lines. As text it is `attempt.rank.sequence`.
package struct StoreCursor: Hashable, Comparable, Sendable, LosslessStringConvertible {
    package var attempt: Int
    package var rank: Int
    package var sequence: Int64

    package init(attempt: Int, rank: Int, sequence: Int64) {
        self.attempt = attempt
        self.rank = rank
        self.sequence = sequence
    }

    /// Reads what `description` writes; nil for anything else.
    package init?(_ description: String) {
        let parts = description.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let attempt = Int(parts[0]), let rank = Int(parts[1]),
            let sequence = Int64(parts[2])
        else { return nil }
        self.init(attempt: attempt, rank: rank, sequence: sequence)
    }

    package var description: String { "\(attempt).\(rank).\(sequence)" }

    package static func < (left: StoreCursor, right: StoreCursor) -> Bool {
        (left.attempt, left.rank, left.sequence) < (right.attempt, right.rank, right.sequence)
    }
}

/// How many items a page has at most, whatever is asked for: what a reader holds in memory stays small.
package let largestStorePage = 10_000

/// Which points of a run are wanted; what is nil does not matter.
package struct PointQuery: Equatable, Sendable {
    package var metric: String?
    package var attempt: Int?
    /// Only points that count: of accepted attempts, which warm-ups never are.
    package var onlyAccepted: Bool
    /// Only points after this place.
    package var after: StoreCursor?
    /// At most `largestStorePage`.
    package var limit: Int

    package init(
        metric: String? = nil, attempt: Int? = nil, onlyAccepted: Bool = false, after: StoreCursor? = nil,
        limit: Int = 1000
    ) {
        self.metric = metric
        self.attempt = attempt
        self.onlyAccepted = onlyAccepted
        self.after = after
        self.limit = limit
    }
}

/// Which log lines of a run are wanted; what is nil does not matter.
///
/// To follow a run ask again after the last line that came. The order is by rank before sequence: follow a distributed benchmark rank by rank.
package struct LineQuery: Equatable, Sendable {
    package var attempt: Int?
    package var rank: Int?
    package var stream: LogLine.Stream?
    /// Only lines of this time or later.
    package var since: Timestamp?
    /// Only lines that contain this text, upper and lower case told apart.
    package var containing: String?
    /// Only the last so many of the lines that the rest of the query wants; they come as one page.
    package var tail: Int?
    /// Only lines after this place.
    package var after: StoreCursor?
    /// At most `largestStorePage`.
    package var limit: Int

    package init(
        attempt: Int? = nil, rank: Int? = nil, stream: LogLine.Stream? = nil, since: Timestamp? = nil,
        containing: String? = nil, tail: Int? = nil, after: StoreCursor? = nil, limit: Int = 1000
    ) {
        self.attempt = attempt
        self.rank = rank
        self.stream = stream
        self.since = since
        self.containing = containing
        self.tail = tail
        self.after = after
        self.limit = limit
    }
}

/// Which series are wanted; what is nil does not matter.
package struct SeriesQuery: Equatable, Sendable {
    package var benchmark: String?
    package var metric: String?
    /// The id of a series: only those behind it in the order.
    package var after: String?
    /// At most `largestStorePage`.
    package var limit: Int

    package init(
        benchmark: String? = nil, metric: String? = nil, after: String? = nil, limit: Int = 1000
    ) {
        self.benchmark = benchmark
        self.metric = metric
        self.after = after
        self.limit = limit
    }
}

/// One page of a run's points or lines.
package struct StorePage<Item: Equatable & Sendable>: Equatable, Sendable {
    package var items: [Item]
    /// Ask for what is after it to get the next page; nil when this was the last, for now.
    package var next: StoreCursor?

    package init(items: [Item], next: StoreCursor? = nil) {
        self.items = items
        self.next = next
    }
}

/// A point as it is stored.
package struct StoredPoint: Equatable, Sendable {
    package var attempt: Int
    package var rank: Int
    package var point: MetricPoint
    /// Whether it counts: its attempt was accepted, which no warm-up is.
    package var isAccepted: Bool

    package init(attempt: Int, rank: Int, point: MetricPoint, isAccepted: Bool) {
        self.attempt = attempt
        self.rank = rank
        self.point = point
        self.isAccepted = isAccepted
    }

    package var cursor: StoreCursor {
        StoreCursor(attempt: attempt, rank: rank, sequence: point.sequence)
    }
}

/// A log line as it is stored.
package struct StoredLine: Equatable, Sendable {
    package var attempt: Int
    package var rank: Int
    package var line: LogLine

    package init(attempt: Int, rank: Int, line: LogLine) {
        self.attempt = attempt
        self.rank = rank
        self.line = line
    }

    package var cursor: StoreCursor {
        StoreCursor(attempt: attempt, rank: rank, sequence: line.sequence)
    }
}

/// An attempt as it is stored.
package struct StoredAttempt: Equatable, Sendable {
    package var finished: AttemptFinished
    package var isAccepted: Bool

    package init(finished: AttemptFinished, isAccepted: Bool) {
        self.finished = finished
        self.isAccepted = isAccepted
    }
}

/// What an attempt's numbered items are.
package enum StreamKind: String, Sendable, CaseIterable { case metrics, lines }

/// How much has come of one attempt's metrics or lines.
package struct StreamStatistics: Equatable, Sendable {
    package var attempt: Int
    package var rank: Int
    package var kind: StreamKind
    /// The machine that measured; nil for lines.
    package var host: String?
    /// How many are stored.
    package var count: Int64
    /// The highest sequence number that is stored; 0 when none is.
    package var last: Int64
    /// How many there are, from whoever numbered them; nil until the stream has ended.
    package var announced: Int64?
    /// How many the client library says it dropped before they were numbered.
    package var dropped: Int64

    package init(
        attempt: Int, rank: Int, kind: StreamKind, host: String? = nil, count: Int64, last: Int64,
        announced: Int64? = nil, dropped: Int64 = 0
    ) {
        self.attempt = attempt
        self.rank = rank
        self.kind = kind
        self.host = host
        self.count = count
        self.last = last
        self.announced = announced
        self.dropped = dropped
    }

    /// How many were numbered and are not stored. Numbers start at 1 and none is stored twice, so counting finds every gap.
    package var missing: Int64 { max(announced ?? 0, last) - count }
}

/// One page of series.
package struct SeriesPage: Equatable, Sendable {
    package var items: [SeriesSummary]
    /// Ask for what is after it to get the next page; nil when this was the last.
    package var next: String?

    package init(items: [SeriesSummary], next: String? = nil) {
        self.items = items
        self.next = next
    }
}

/// A series and where it stands.
package struct SeriesSummary: Equatable, Sendable {
    package var key: SeriesKey
    package var resultCount: Int
    package var latest: ResultComputed

    package init(key: SeriesKey, resultCount: Int, latest: ResultComputed) {
        self.key = key
        self.resultCount = resultCount
        self.latest = latest
    }
}
