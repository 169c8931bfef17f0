package import Events
package import Runtime

/// A log line as `GET /v1/runs/{id}/logs` gives it.
package struct LogEntry: Codable, Equatable, Sendable {
    package var cursor: String
    package var attempt: Int
    package var rank: Int
    package var sequence: Int64
    package var time: Timestamp
    package var stream: LogLine.Stream
    package var text: String

    package init(
        cursor: String, attempt: Int, rank: Int, sequence: Int64, time: Timestamp, stream: LogLine.Stream,
        text: String
    ) {
        self.cursor = cursor
        self.attempt = attempt
        self.rank = rank
        self.sequence = sequence
        self.time = time
        self.stream = stream
        self.text = text
    }
}

/// A metric point as `GET /v1/runs/{id}/metrics/points` gives it.
package struct MetricEntry: Codable, Equatable, Sendable {
    package var attempt: Int
    package var rank: Int
    package var point: MetricPoint
    /// Whether it counts: its attempt was accepted and no warm-up.
    package var isAccepted: Bool

    package init(attempt: Int, rank: Int, point: MetricPoint, isAccepted: Bool) {
        self.attempt = attempt
        self.rank = rank
        self.point = point
        self.isAccepted = isAccepted
    }

    private enum CodingKeys: String, CodingKey {
        case attempt, rank, point
        case isAccepted = "accepted"
    }
}

/// What a run measured, as `GET /v1/runs/{id}/metrics` gives it.
package struct RunMetrics: Codable, Equatable, Sendable {
    package var run: String
    package var status: RunStatus
    /// By metric name; empty until the run has been collected.
    package var results: [ResultComputed]
    /// Why they are not valid; empty where they are.
    package var problems: [String]
    /// Reasons to look twice at results that are valid.
    package var warnings: [String]

    package init(
        run: String, status: RunStatus, results: [ResultComputed], problems: [String] = [],
        warnings: [String] = []
    ) {
        self.run = run
        self.status = status
        self.results = results
        self.problems = problems
        self.warnings = warnings
    }
}

/// A series as `GET /v1/series` lists it.
package struct SeriesSummary: Codable, Equatable, Sendable {
    package var series: SeriesKey
    /// How many results it has.
    package var count: Int
    /// Its newest result.
    package var last: ResultComputed

    package init(series: SeriesKey, count: Int, last: ResultComputed) {
        self.series = series
        self.count = count
        self.last = last
    }
}

/// A series with its history, as `GET /v1/series/{id}` gives it.
package struct SeriesDetail: Codable, Equatable, Sendable {
    package var series: SeriesKey
    /// Newest first; one page of it.
    package var results: [ResultComputed]
    /// Those of its alarms that are not resolved.
    package var alarms: [Alarm]
    /// Give it as `cursor` to get older results; absent on the last page.
    package var next: String?

    package init(series: SeriesKey, results: [ResultComputed], alarms: [Alarm], next: String? = nil) {
        self.series = series
        self.results = results
        self.alarms = alarms
        self.next = next
    }
}
