package import Descriptors
package import JSON
package import Runtime

/// A run was submitted. From here on nothing needs to be asked for again: the event holds the whole descriptor.
package struct RunSubmitted: EventPayload, Equatable {
    package static let kind = PayloadKind.runSubmitted
    package static let topic = Topic.runs

    /// The benchmark's name: the descriptor's task name, else its file's name without the ending.
    package var name: String
    /// The checked descriptor, with overrides and the matrix's values applied.
    package var descriptor: Descriptor
    package var source: DescriptorSource
    /// The values of the matrix that this run has.
    package var parameters: [String: JSONValue]
    package var sweep: Sweep?
    package var idempotencyKey: String?
    /// SHA-256 of the request, hex: the same key with another request is a conflict.
    package var requestDigest: String
    package var submitted: Timestamp

    /// Where a descriptor came from.
    package struct DescriptorSource: Codable, Equatable, Sendable {
        package var filename: String
        /// The text as the user wrote it.
        package var document: String
        /// SHA-256 of the text, hex.
        package var sha256: String
        /// The folder that relative paths of the descriptor start from; absent where the client is on another machine.
        package var directory: String?

        package init(filename: String, document: String, sha256: String, directory: String? = nil) {
            self.filename = filename
            self.document = document
            self.sha256 = sha256
            self.directory = directory
        }
    }

    /// A run's place among those that one matrix made.
    package struct Sweep: Codable, Equatable, Sendable {
        package var id: String
        /// From 0.
        package var index: Int
        package var count: Int

        package init(id: String, index: Int, count: Int) {
            self.id = id
            self.index = index
            self.count = count
        }
    }

    /// The benchmark's name: what the descriptor says, else that of its file, without folder and ending.
    package static func name(of descriptor: Descriptor, filename: String) -> String {
        if let name = descriptor.info.taskName { return name }
        let last = filename.split(separator: "/").last.map(String.init) ?? filename
        return last.hasSuffix(".toml") && last.count > 5 ? String(last.dropLast(5)) : last
    }

    private enum CodingKeys: String, CodingKey {
        case name, descriptor, source, parameters, sweep, submitted
        case idempotencyKey = "idempotency_key"
        case requestDigest = "request_digest"
    }

    package init(
        name: String, descriptor: Descriptor, source: DescriptorSource, parameters: [String: JSONValue] = [:],
        sweep: Sweep? = nil, idempotencyKey: String? = nil, requestDigest: String, submitted: Timestamp
    ) {
        self.name = name
        self.descriptor = descriptor
        self.source = source
        self.parameters = parameters
        self.sweep = sweep
        self.idempotencyKey = idempotencyKey
        self.requestDigest = requestDigest
        self.submitted = submitted
    }
}

/// All that a run needs has been fetched and verified.
package struct RunFetched: EventPayload, Equatable {
    package static let kind = PayloadKind.runFetched
    package static let topic = Topic.fetched

    package var run: RunSubmitted
    package var contents: [FetchedContent]

    package init(run: RunSubmitted, contents: [FetchedContent]) {
        self.run = run
        self.contents = contents
    }
}

/// One dataset, model or script in the object store.
package struct FetchedContent: Codable, Equatable, Sendable {
    package enum Role: String, Codable, Sendable { case dataset, model, script }
    package enum Kind: String, Codable, Sendable { case file, directory }

    package var role: Role
    /// The descriptor's id, else its index: what `BAI_DATA_<id>` is named after.
    package var id: String
    /// What the descriptor said.
    package var source: String
    /// Where the benchmark wants it; nil for scripts.
    package var path: String?
    package var kind: Kind
    /// SHA-256, hex: of the file, or of the folder's manifest. Its name in the object store.
    package var sha256: String
    /// In bytes.
    package var size: Int64

    package init(
        role: Role, id: String, source: String, path: String?, kind: Kind, sha256: String, size: Int64
    ) {
        self.role = role
        self.id = id
        self.source = source
        self.path = path
        self.kind = kind
        self.sha256 = sha256
        self.size = size
    }
}

/// An attempt's number and what it is for.
package struct Attempt: Codable, Hashable, Sendable {
    /// From 1, over all attempts of the run.
    package var number: Int
    /// Which measurement this is, from 0: warm-ups first, then repeats. A retry has the repetition of what it replaces.
    package var repetition: Int
    /// Its samples are discarded.
    package var isWarmup: Bool

    package init(number: Int, repetition: Int, isWarmup: Bool) {
        self.number = number
        self.repetition = repetition
        self.isWarmup = isWarmup
    }

    private enum CodingKeys: String, CodingKey {
        case number, repetition
        case isWarmup = "is_warmup"
    }
}

/// The job of an attempt exists.
package struct JobCreated: EventPayload, Equatable {
    package static let kind = PayloadKind.jobCreated
    package static let topic = Topic.jobs

    package var run: RunSubmitted
    package var attempt: Attempt
    /// Which runner has it: `local`, `kubernetes`.
    package var runner: String
    /// The runner's own name for it: a folder, a Job's name.
    package var reference: String

    package init(run: RunSubmitted, attempt: Attempt, runner: String, reference: String) {
        self.run = run
        self.attempt = attempt
        self.runner = runner
        self.reference = reference
    }
}

/// A run has moved on, or waits for another reason than before.
package struct StatusChanged: EventPayload, Equatable {
    package static let kind = PayloadKind.statusChanged
    package static let topic = Topic.status

    package var status: RunStatus
    package var reason: Reason?
    /// One sentence for people.
    package var message: String
    /// The attempt that this concerns; 0 before the first.
    package var attempt: Int
    /// How many are to go first, while the run is queued.
    package var position: Int?
    /// The name of the benchmark, so that a reader of this topic alone can say what it is about.
    package var name: String?

    package init(
        status: RunStatus, reason: Reason? = nil, message: String, attempt: Int, position: Int? = nil,
        name: String? = nil
    ) {
        self.status = status
        self.reason = reason
        self.message = message
        self.attempt = attempt
        self.position = position
        self.name = name
    }
}

/// An attempt has ended, one way or another.
package struct AttemptFinished: EventPayload, Equatable {
    package static let kind = PayloadKind.attemptFinished
    package static let topic = Topic.status

    package var attempt: Attempt
    package var outcome: AttemptOutcome

    package init(attempt: Attempt, outcome: AttemptOutcome) {
        self.attempt = attempt
        self.outcome = outcome
    }
}

/// Who is to blame for how an attempt ended; decides whether it is tried again.
package typealias FailureClass = Descriptor.FailureClass

/// How an attempt ended and under which circumstances it ran.
package struct AttemptOutcome: Codable, Equatable, Sendable {
    /// What the attempt alone says of the run: succeeded, failed, timed out, canceled or error.
    package var status: RunStatus
    package var reason: Reason
    package var message: String
    /// nil where it succeeded or was canceled.
    package var failure: FailureClass?
    package var exitCode: Int?
    package var signal: Int?
    package var started: Timestamp?
    package var finished: Timestamp
    /// User and system time of the benchmark and its children, in seconds.
    package var cpuSeconds: Double?
    /// The largest resident set of one of its processes, in bytes.
    package var peakMemory: Int64?
    /// How many metric points and log lines the agent numbered; nil where it never came to count.
    package var metricCount: Int64?
    package var logCount: Int64?
    /// Points that the benchmark's client library says it had to drop.
    package var droppedMetrics: Int64?
    /// CPU model, governor, cores, memory, kernel, load, digests: what must be known to trust the numbers.
    package var environment: [String: JSONValue]
    /// Why the numbers are to be doubted; empty is good.
    package var disturbances: [String]

    package init(
        status: RunStatus, reason: Reason, message: String, failure: FailureClass? = nil,
        exitCode: Int? = nil,
        signal: Int? = nil, started: Timestamp? = nil, finished: Timestamp, cpuSeconds: Double? = nil,
        peakMemory: Int64? = nil, metricCount: Int64? = nil, logCount: Int64? = nil,
        droppedMetrics: Int64? = nil,
        environment: [String: JSONValue] = [:], disturbances: [String] = []
    ) {
        self.status = status
        self.reason = reason
        self.message = message
        self.failure = failure
        self.exitCode = exitCode
        self.signal = signal
        self.started = started
        self.finished = finished
        self.cpuSeconds = cpuSeconds
        self.peakMemory = peakMemory
        self.metricCount = metricCount
        self.logCount = logCount
        self.droppedMetrics = droppedMetrics
        self.environment = environment
        self.disturbances = disturbances
    }

    private enum CodingKeys: String, CodingKey {
        case status, reason, message, failure, signal, started, finished, environment, disturbances
        case exitCode = "exit_code"
        case cpuSeconds = "cpu_seconds"
        case peakMemory = "peak_memory_bytes"
        case metricCount = "metric_count"
        case logCount = "log_count"
        case droppedMetrics = "dropped_metrics"
    }
}

/// All attempts are over: this is what the executor wants collected before it says how the run ended.
package struct CollectionRequested: EventPayload, Equatable {
    package static let kind = PayloadKind.collectionRequested
    package static let topic = Topic.status

    package var run: RunSubmitted
    /// Those whose samples count, in order, with how they ended.
    package var accepted: [AttemptFinished]
    /// Why the results would not be valid; empty where they are.
    package var problems: [String]
    /// The digests of what was fetched.
    package var contents: [FetchedContent]

    package init(
        run: RunSubmitted, accepted: [AttemptFinished], problems: [String] = [],
        contents: [FetchedContent] = []
    ) {
        self.run = run
        self.accepted = accepted
        self.problems = problems
        self.contents = contents
    }
}

/// Everything that the accepted attempts measured and printed is stored, and the results are published.
package struct RunCollected: EventPayload, Equatable {
    package static let kind = PayloadKind.runCollected
    package static let topic = Topic.status

    package var metricCount: Int64
    package var logCount: Int64
    package var resultCount: Int
    /// Why the measurement is not valid: what was numbered but never came, and the like. Empty where it is.
    package var problems: [String]
    /// Reasons to look twice at numbers that are valid, such as a busy machine.
    package var warnings: [String]

    package init(
        metricCount: Int64, logCount: Int64, resultCount: Int, problems: [String] = [],
        warnings: [String] = []
    ) {
        self.metricCount = metricCount
        self.logCount = logCount
        self.resultCount = resultCount
        self.problems = problems
        self.warnings = warnings
    }

    private enum CodingKeys: String, CodingKey {
        case problems, warnings
        case metricCount = "metric_count"
        case logCount = "log_count"
        case resultCount = "result_count"
    }
}

/// What a user wants done with a run.
package struct Command: EventPayload, Equatable {
    package static let kind = PayloadKind.command
    package static let topic = Topic.commands

    package enum Kind: String, Codable, Sendable { case cancel, delete }

    package var kind: Kind
    /// Whether attempts that run may go on for their grace period; false kills at once.
    package var isGraceful: Bool
    /// The user's own words, if any.
    package var reason: String?

    package init(kind: Kind, isGraceful: Bool = true, reason: String? = nil) {
        self.kind = kind
        self.isGraceful = isGraceful
        self.reason = reason
    }

    private enum CodingKeys: String, CodingKey {
        case kind, reason
        case isGraceful = "graceful"
    }
}
