package import Events
package import MessageLog
package import MetricStore

/// All that was seen of an installation while it ran, and what is left of it once it is down: what the invariants are held against.
package struct Evidence: Sendable {
    /// What users were promised.
    package var promises: [Promise] = []
    /// Every record of the log: within each partition of a topic in the order of offsets.
    package var records: [LogRecord] = []
    /// What the store holds, by run.
    package var stored: [String: StoredRun] = [:]
    /// The runs that the API lists, each as often as it is listed; nil where nobody asked.
    package var listed: [String]?
    /// Final statuses as the API told them, in the order in which they were seen.
    package var sightings: [StatusSighting] = []
    /// Committed offsets as they were seen, in order.
    package var offsets: [OffsetSighting] = []
    /// Each time that a benchmark's own program wrote down that it begins.
    package var starts: [AttemptStart] = []
    /// The starts at which the program found all slots taken by others.
    package var crowded: [AttemptStart] = []
    /// What is there and should not be, once everything is down.
    package var leftovers: [Leftover] = []

    package init() {}
}

/// A run whose id was given to a user.
package struct Promise: Equatable, Sendable {
    package var run: String
    /// The idempotency key of its request.
    package var key: String?
    /// How the benchmark ends when nobody cancels it and the machine does not fail it; nil where it may be either way.
    package var expected: RunStatus?
    /// Whether somebody has asked to cancel it.
    package var isCancelRequested: Bool

    package init(
        run: String, key: String? = nil, expected: RunStatus? = nil, isCancelRequested: Bool = false
    ) {
        self.run = run
        self.key = key
        self.expected = expected
        self.isCancelRequested = isCancelRequested
    }
}

/// What the store holds of one run.
package struct StoredRun: Equatable, Sendable {
    package var points: [StoredPoint]
    package var lines: [StoredLine]
    package var results: [ResultComputed]

    package init(points: [StoredPoint] = [], lines: [StoredLine] = [], results: [ResultComputed] = []) {
        self.points = points
        self.lines = lines
        self.results = results
    }
}

/// A final status that somebody was told.
package struct StatusSighting: Equatable, Sendable {
    package var run: String
    package var status: RunStatus

    package init(run: String, status: RunStatus) {
        self.run = run
        self.status = status
    }
}

/// What a consumer group had committed at some moment.
package struct OffsetSighting: Equatable, Sendable {
    package var group: String
    package var offsets: [TopicPartition: Int64]

    package init(group: String, offsets: [TopicPartition: Int64]) {
        self.group = group
        self.offsets = offsets
    }
}

/// A benchmark's program began.
package struct AttemptStart: Hashable, Sendable {
    package var run: String
    package var attempt: Int

    package init(run: String, attempt: Int) {
        self.run = run
        self.attempt = attempt
    }
}

/// Something that outlived what it was for.
package struct Leftover: Equatable, Sendable {
    package enum Kind: String, Sendable, CaseIterable { case process, lock, lease, member, attempt, file }

    package var kind: Kind
    /// A command line, a path, a partition.
    package var what: String

    package init(_ kind: Kind, _ what: String) {
        self.kind = kind
        self.what = what
    }
}
