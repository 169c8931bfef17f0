package import Descriptors
package import Runtime

/// Metric points of one attempt, in the order of their numbers.
package struct MetricBatch: EventPayload, Equatable {
    package static let kind = PayloadKind.metricBatch
    package static let topic = Topic.metrics

    package var attempt: Int
    /// The process of a distributed benchmark; 0 where there is one.
    package var rank: Int
    package var host: String
    package var points: [MetricPoint]

    package init(attempt: Int, rank: Int = 0, host: String, points: [MetricPoint]) {
        self.attempt = attempt
        self.rank = rank
        self.host = host
        self.points = points
    }
}

/// One number that a benchmark measured.
package struct MetricPoint: Codable, Equatable, Sendable {
    /// From 1 within attempt and rank, without gaps: a missing one is a lost one.
    package var sequence: Int64
    package var name: String
    package var value: Double
    package var unit: String?
    package var step: Int64?
    /// When it was measured; where the benchmark did not say, when the agent read it.
    package var time: Timestamp
    package var labels: [String: String]

    package init(
        sequence: Int64, name: String, value: Double, unit: String? = nil, step: Int64? = nil,
        time: Timestamp,
        labels: [String: String] = [:]
    ) {
        self.sequence = sequence
        self.name = name
        self.value = value
        self.unit = unit
        self.step = step
        self.time = time
        self.labels = labels
    }
}

/// Lines that one attempt printed, in the order of their numbers.
package struct LogBatch: EventPayload, Equatable {
    package static let kind = PayloadKind.logBatch
    package static let topic = Topic.logs

    package var attempt: Int
    package var rank: Int
    package var lines: [LogLine]

    package init(attempt: Int, rank: Int = 0, lines: [LogLine]) {
        self.attempt = attempt
        self.rank = rank
        self.lines = lines
    }
}

/// One line that a benchmark printed.
package struct LogLine: Codable, Equatable, Sendable {
    package enum Stream: String, Codable, Sendable, CaseIterable { case stdout, stderr, agent }

    /// From 1 within attempt and rank, without gaps.
    package var sequence: Int64
    package var time: Timestamp
    package var stream: Stream
    /// Without its line end; bytes that are no UTF-8 are replaced.
    package var text: String

    package init(sequence: Int64, time: Timestamp, stream: Stream, text: String) {
        self.sequence = sequence
        self.time = time
        self.stream = stream
        self.text = text
    }
}

/// The last word on one attempt's metrics or logs: how many there were.
package struct StreamEnded: Codable, Equatable, Sendable {
    package var attempt: Int
    package var rank: Int
    /// The last number given out, which is how many there are.
    package var count: Int64
    /// How many the client library says it had to drop before the agent saw them.
    package var dropped: Int64

    package init(attempt: Int, rank: Int = 0, count: Int64, dropped: Int64 = 0) {
        self.attempt = attempt
        self.rank = rank
        self.count = count
        self.dropped = dropped
    }
}

/// No more metrics will come of an attempt.
package struct MetricsEnded: EventPayload, Equatable {
    package static let kind = PayloadKind.metricsEnded
    package static let topic = Topic.metrics
    package var end: StreamEnded
    package init(end: StreamEnded) { self.end = end }
}

/// No more log lines will come of an attempt.
package struct LogsEnded: EventPayload, Equatable {
    package static let kind = PayloadKind.logsEnded
    package static let topic = Topic.logs
    package var end: StreamEnded
    package init(end: StreamEnded) { self.end = end }
}

/// What groups results that can be compared with each other.
package struct SeriesKey: Codable, Hashable, Sendable {
    /// Sixteen hexadecimal digits of a SHA-256 over the members below: the series' name everywhere.
    package var id: String
    package var benchmark: String
    package var metric: String
    package var unit: String?
    /// Of what must be equal in the environment for two results to be comparable.
    package var fingerprint: String
    /// The labels that the team chose to tell series apart, and the matrix's values.
    package var labels: [String: String]

    package init(
        id: String, benchmark: String, metric: String, unit: String?, fingerprint: String,
        labels: [String: String]
    ) {
        self.id = id
        self.benchmark = benchmark
        self.metric = metric
        self.unit = unit
        self.fingerprint = fingerprint
        self.labels = labels
    }
}

/// One metric of one run, computed from the samples of its accepted attempts. Keyed by its series.
package struct ResultComputed: EventPayload, Equatable {
    package static let kind = PayloadKind.resultComputed
    package static let topic = Topic.results

    package var run: String
    package var series: SeriesKey
    /// Which way is better.
    package var direction: MetricDirection
    /// One sample per accepted attempt: the median of the attempt's points.
    package var samples: [Double]
    package var median: Double
    package var mean: Double
    /// A 95 % confidence interval: of the median with six samples or more, of the mean with two to five, nil with one (docs/detection.md).
    package var interval: ConfidenceInterval?
    package var minimum: Double
    package var maximum: Double
    package var pointCount: Int64
    package var isValid: Bool
    /// Why it is not valid; empty where it is.
    package var problems: [String]
    /// Reasons to look twice at numbers that are valid, such as a busy machine.
    package var warnings: [String]
    package var finished: Timestamp
    /// The thresholds that the descriptor sets on this metric.
    package var rules: [AlarmRule]
    package var labels: [String: String]

    package init(
        run: String, series: SeriesKey, direction: MetricDirection, samples: [Double], median: Double,
        mean: Double,
        interval: ConfidenceInterval?, minimum: Double, maximum: Double, pointCount: Int64, isValid: Bool,
        problems: [String], warnings: [String] = [], finished: Timestamp, rules: [AlarmRule],
        labels: [String: String]
    ) {
        self.run = run
        self.series = series
        self.direction = direction
        self.samples = samples
        self.median = median
        self.mean = mean
        self.interval = interval
        self.minimum = minimum
        self.maximum = maximum
        self.pointCount = pointCount
        self.isValid = isValid
        self.problems = problems
        self.warnings = warnings
        self.finished = finished
        self.rules = rules
        self.labels = labels
    }

    private enum CodingKeys: String, CodingKey {
        case run, series, direction, samples, median, mean, interval, minimum, maximum, problems, warnings,
            finished, rules, labels
        case pointCount = "point_count"
        case isValid = "valid"
    }
}

/// Which way of a metric is better.
package typealias MetricDirection = Descriptor.Direction

/// A range that holds the true value with the stated confidence.
package struct ConfidenceInterval: Codable, Equatable, Sendable {
    package var low: Double
    package var high: Double
    /// 0.95 is 95 %.
    package var confidence: Double

    package init(low: Double, high: Double, confidence: Double = 0.95) {
        self.low = low
        self.high = high
        self.confidence = confidence
    }
}

/// A threshold of the descriptor's `[[alarms]]` as it travels with results.
package typealias AlarmRule = Descriptor.Alarm

/// An alarm was raised, or its state changed. Keyed by its series.
package struct AlarmChanged: EventPayload, Equatable {
    package static let kind = PayloadKind.alarmChanged
    package static let topic = Topic.alarms

    package var alarm: Alarm

    package init(alarm: Alarm) { self.alarm = alarm }
}

/// What the team is told: a metric has crossed a threshold, and later that it is fine again.
package struct Alarm: Codable, Equatable, Sendable {
    package enum State: String, Codable, Sendable, CaseIterable {
        case open = "OPEN"
        case acknowledged = "ACKNOWLEDGED"
        case resolved = "RESOLVED"
    }

    /// Follows from the series, the rule and the run that raised it: raised twice it is still one.
    package var id: String
    package var series: SeriesKey
    package var rule: AlarmRule
    package var state: State
    /// One sentence: what, how much, since when.
    package var message: String
    /// The run that raised it, and its value.
    package var run: String
    package var value: Double
    package var opened: Timestamp
    /// The run that was fine again.
    package var resolvedBy: String?
    package var resolved: Timestamp?
    /// What could not be done about it: messages that could not be delivered.
    package var problems: [String]

    package init(
        id: String, series: SeriesKey, rule: AlarmRule, state: State, message: String, run: String,
        value: Double,
        opened: Timestamp, resolvedBy: String? = nil, resolved: Timestamp? = nil, problems: [String] = []
    ) {
        self.id = id
        self.series = series
        self.rule = rule
        self.state = state
        self.message = message
        self.run = run
        self.value = value
        self.opened = opened
        self.resolvedBy = resolvedBy
        self.resolved = resolved
        self.problems = problems
    }

    private enum CodingKeys: String, CodingKey {
        case id, series, rule, state, message, run, value, opened, resolved, problems
        case resolvedBy = "resolved_by"
    }
}

/// A record that a service could not handle, with all that is needed to try again.
package struct DeadLetter: EventPayload, Equatable {
    package static let kind = PayloadKind.deadLetter
    package static let topic = Topic.deadletter

    package var service: String
    package var topic: String
    package var partition: Int
    package var offset: Int64
    package var key: String
    package var headers: [String: String]
    /// The record's value: its text where it is UTF-8.
    package var text: String?
    /// Base64 where it is not.
    package var bytes: String?
    package var reason: String
    package var tries: Int
    /// Whether the value is not what was published: the log was damaged there, and the record was passed over. It is for people to look at.
    package var damaged: Bool?

    package init(
        service: String, topic: String, partition: Int, offset: Int64, key: String, headers: [String: String],
        text: String?, bytes: String?, reason: String, tries: Int, damaged: Bool? = nil
    ) {
        self.service = service
        self.topic = topic
        self.partition = partition
        self.offset = offset
        self.key = key
        self.headers = headers
        self.text = text
        self.bytes = bytes
        self.reason = reason
        self.tries = tries
        self.damaged = damaged
    }
}

/// The record of a dead letter was published again, in the same transaction as this.
package struct DeadLetterReplayed: EventPayload, Equatable {
    package static let kind = PayloadKind.deadLetterReplayed
    package static let topic = Topic.deadletter

    /// Where the dead letter is in topic `deadletter`.
    package var partition: Int
    package var offset: Int64

    package init(partition: Int, offset: Int64) {
        self.partition = partition
        self.offset = offset
    }
}
