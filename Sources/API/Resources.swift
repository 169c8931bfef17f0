package import Events
package import JSON
package import Runtime

/// A run as `GET /v1/runs` lists it.
package struct RunSummary: Codable, Equatable, Sendable {
    package var id: String
    package var name: String
    package var status: RunStatus
    package var reason: Reason?
    package var message: String
    package var attempt: Int
    /// How many go first, while it is queued.
    package var position: Int?
    package var labels: [String: String]
    package var parameters: [String: JSONValue]
    package var sweep: String?
    package var submitted: Timestamp
    package var finished: Timestamp?
    package var username: String

    package init(
        id: String, name: String, status: RunStatus, reason: Reason? = nil, message: String, attempt: Int,
        position: Int? = nil, labels: [String: String] = [:], parameters: [String: JSONValue] = [:],
        sweep: String? = nil, submitted: Timestamp, finished: Timestamp? = nil, username: String
    ) {
        self.id = id
        self.name = name
        self.status = status
        self.reason = reason
        self.message = message
        self.attempt = attempt
        self.position = position
        self.labels = labels
        self.parameters = parameters
        self.sweep = sweep
        self.submitted = submitted
        self.finished = finished
        self.username = username
    }
}

/// A run as `GET /v1/runs/{id}` tells it.
package struct RunDetail: Codable, Equatable, Sendable {
    package var summary: RunSummary
    /// Every status it had, with when it began.
    package var history: [HistoryStep]
    package var attempts: [AttemptFinished]
    package var contents: [FetchedContent]
    package var results: [ResultComputed]
    package var alarms: [Alarm]
    /// Why the results are not valid; empty where they are.
    package var problems: [String]
    package var source: RunSubmitted.DescriptorSource
    /// The checked descriptor with everything applied, as JSON.
    package var descriptor: JSONValue

    package struct HistoryStep: Codable, Equatable, Sendable {
        package var status: RunStatus
        package var reason: Reason?
        package var message: String
        package var attempt: Int
        package var time: Timestamp

        package init(status: RunStatus, reason: Reason? = nil, message: String, attempt: Int, time: Timestamp)
        {
            self.status = status
            self.reason = reason
            self.message = message
            self.attempt = attempt
            self.time = time
        }
    }

    package init(
        summary: RunSummary, history: [HistoryStep], attempts: [AttemptFinished], contents: [FetchedContent],
        results: [ResultComputed], alarms: [Alarm], problems: [String], source: RunSubmitted.DescriptorSource,
        descriptor: JSONValue
    ) {
        self.summary = summary
        self.history = history
        self.attempts = attempts
        self.contents = contents
        self.results = results
        self.alarms = alarms
        self.problems = problems
        self.source = source
        self.descriptor = descriptor
    }
}

/// One page of a list.
package struct Page<Item: Codable & Equatable & Sendable>: Codable, Equatable, Sendable {
    package var items: [Item]
    /// Give it as `cursor` to get the next page; absent on the last.
    package var next: String?

    package init(items: [Item], next: String? = nil) {
        self.items = items
        self.next = next
    }
}

/// One thing that happened to a run, as `GET /v1/runs/{id}/events` and `GET /v1/events` stream it.
package struct RunEvent: Codable, Equatable, Sendable {
    /// Where to go on from; the SSE id.
    package var cursor: String
    package var run: String
    package var name: String
    package var time: Timestamp
    /// `status`, `attempt_finished`, `result`, `alarm`.
    package var kind: String
    package var status: RunStatus?
    package var reason: Reason?
    package var message: String
    package var attempt: Int
    package var position: Int?

    package init(
        cursor: String, run: String, name: String, time: Timestamp, kind: String, status: RunStatus? = nil,
        reason: Reason? = nil, message: String, attempt: Int, position: Int? = nil
    ) {
        self.cursor = cursor
        self.run = run
        self.name = name
        self.time = time
        self.kind = kind
        self.status = status
        self.reason = reason
        self.message = message
        self.attempt = attempt
        self.position = position
    }
}

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

/// What `GET /v1/health` answers.
package struct HealthReport: Codable, Equatable, Sendable {
    package var status: String
    package var version: String
    /// How many records each service has yet to take, by service.
    package var lag: [String: Int64]
    package var problems: [String]

    package init(status: String, version: String, lag: [String: Int64] = [:], problems: [String] = []) {
        self.status = status
        self.version = version
        self.lag = lag
        self.problems = problems
    }
}

/// What `GET /v1/version` answers.
package struct VersionReport: Codable, Equatable, Sendable {
    package var version: String
    package var api: String

    package init(version: String, api: String) {
        self.version = version
        self.api = api
    }
}

/// A dead letter as `GET /v1/deadletters` lists it.
package struct DeadLetterEntry: Codable, Equatable, Sendable {
    /// `partition-offset` in topic `deadletter`: what `replay` takes.
    package var id: String
    package var time: Timestamp
    package var letter: DeadLetter

    package init(id: String, time: Timestamp, letter: DeadLetter) {
        self.id = id
        self.time = time
        self.letter = letter
    }
}
