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
    package var jobs: [JobEntry]
    package var attempts: [AttemptFinished]
    package var contents: [FetchedContent]
    package var results: [ResultComputed]
    package var alarms: [Alarm]
    /// Why the results are not valid; empty where they are.
    package var problems: [String]
    /// Reasons to look twice at results that are valid.
    package var warnings: [String]
    /// Whether the run has ended and the analyzer has seen all of its results: whatever alarm they raise is in `alarms` then.
    package var isAnalyzed: Bool
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

    /// The job of one attempt, under its runner's name for it.
    package struct JobEntry: Codable, Equatable, Sendable {
        package var attempt: Attempt
        /// `local`, `kubernetes`.
        package var runner: String
        package var reference: String
        package var created: Timestamp

        package init(attempt: Attempt, runner: String, reference: String, created: Timestamp) {
            self.attempt = attempt
            self.runner = runner
            self.reference = reference
            self.created = created
        }
    }

    package init(
        summary: RunSummary, history: [HistoryStep], jobs: [JobEntry] = [], attempts: [AttemptFinished],
        contents: [FetchedContent],
        results: [ResultComputed], alarms: [Alarm], problems: [String], warnings: [String] = [],
        isAnalyzed: Bool = false, source: RunSubmitted.DescriptorSource, descriptor: JSONValue
    ) {
        self.summary = summary
        self.history = history
        self.jobs = jobs
        self.attempts = attempts
        self.contents = contents
        self.results = results
        self.alarms = alarms
        self.problems = problems
        self.warnings = warnings
        self.isAnalyzed = isAnalyzed
        self.source = source
        self.descriptor = descriptor
    }

    private enum CodingKeys: String, CodingKey {
        case summary, history, jobs, attempts, contents, results, alarms, problems, warnings, source,
            descriptor
        case isAnalyzed = "analyzed"
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
    /// The record of the message log that told it, `status/3@42`: the same event has the same one for ever, whatever its cursor.
    package var id: String
    package var run: String
    package var name: String
    package var time: Timestamp
    package var kind: Kind
    package var status: RunStatus?
    package var reason: Reason?
    package var message: String
    package var attempt: Int
    package var position: Int?
    /// Of results and alarms.
    package var series: String?
    /// The alarm's id.
    package var alarm: String?

    package enum Kind: String, Codable, Sendable, CaseIterable {
        case status, result, alarm
        case attemptFinished = "attempt_finished"
        case cancelRequested = "cancel_requested"
    }

    package init(
        cursor: String, id: String, run: String, name: String, time: Timestamp, kind: Kind,
        status: RunStatus? = nil, reason: Reason? = nil, message: String, attempt: Int, position: Int? = nil,
        series: String? = nil, alarm: String? = nil
    ) {
        self.cursor = cursor
        self.id = id
        self.run = run
        self.name = name
        self.time = time
        self.kind = kind
        self.status = status
        self.reason = reason
        self.message = message
        self.attempt = attempt
        self.position = position
        self.series = series
        self.alarm = alarm
    }
}

/// What a run was made from, as `GET /v1/runs/{id}/descriptor` gives it.
package struct RunDescriptor: Codable, Equatable, Sendable {
    package var run: String
    /// The text as the user wrote it.
    package var source: RunSubmitted.DescriptorSource
    /// The checked descriptor with everything applied.
    package var descriptor: JSONValue

    package init(run: String, source: RunSubmitted.DescriptorSource, descriptor: JSONValue) {
        self.run = run
        self.source = source
        self.descriptor = descriptor
    }
}
