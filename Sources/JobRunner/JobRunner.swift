package import Events
package import Runtime

/// Runs attempts of benchmarks somewhere: as processes on this machine, or as Kubernetes Jobs.
///
/// Every call is idempotent: a service that was killed between a call and its commit makes it again.
package protocol JobRunner: Sendable {
    /// Its name in events: `local`.
    var name: String { get }

    /// The runner's own name for an attempt's job. It follows from the two alone: it is known before the attempt is started, and the same for ever, so
    /// that somebody who was killed while starting an attempt can still stop it.
    func reference(run: String, attempt: Int) -> String

    /// Starts the attempt, unless it was started or stopped before; then nothing happens. An attempt never runs twice.
    ///
    /// - Parameter slot: the right to run, which the attempt holds from here on until its last process has ended, beside whoever else holds
    ///   it. nil where the runner's own machinery sees to it that attempts do not disturb each other.
    /// - Returns: its `reference`.
    func start(_ job: JobSpecification, in slot: Slot?) async throws(JobRunnerError) -> String

    /// Whether the attempt was started or stopped before, so that `start` has nothing to do and needs no slot. Who comes back after a crash asks
    /// this first: the attempt itself may hold the slot that would otherwise be waited for.
    func isKnown(_ reference: String) async throws(JobRunnerError) -> Bool

    /// Asks the attempt to end: at first in peace, by force after `grace`. Returns at once; its end is observed like any other. An attempt that was
    /// never started will not start any more, and is observed as finished (canceled, for `reason`).
    func stop(_ reference: String, grace: Duration, reason: Reason) async throws(JobRunnerError)

    /// What happens to an attempt, from what is known now until its end; then the stream finishes. Can be asked for at any time, by anybody, also after
    /// the end. An attempt whose process vanished is observed as finished, with what was left of it ended too.
    func observe(_ reference: String) -> AsyncStream<JobObservation>

    /// Returns when the attempt has ended, or the task is cancelled.
    func untilEnded(_ reference: String) async

    /// Lets go of what the attempt still occupies: it has ended, or was not started and will not be, and what it has printed and measured is
    /// stored. What people may want to look at stays until `remove`.
    func clear(_ reference: String) async throws(JobRunnerError)

    /// The attempts that occupy something, of whatever run: whoever knows that one is over has it cleared. What is so old that nobody knows its run any
    /// more is removed on the way.
    func sweep() async throws(JobRunnerError) -> [AttemptReference]

    /// Removes what the attempts of an ended run left behind, all of them; of a run that never had one there is nothing to remove.
    func remove(run: String) async throws(JobRunnerError)
}

extension JobRunner {
    package func untilEnded(_ reference: String) async {
        for await observation in observe(reference) {
            if case .finished = observation { return }
        }
    }

    package func clear(_ reference: String) async throws(JobRunnerError) {}

    package func sweep() async throws(JobRunnerError) -> [AttemptReference] { [] }
}

/// All that a runner needs to know to run one attempt.
package struct JobSpecification: Codable, Equatable, Sendable {
    package var runID: String
    package var attempt: Attempt
    package var run: RunSubmitted
    package var contents: [FetchedContent]
    /// Where each content is on this machine: an absolute path by the content's SHA-256, a file or a folder that nobody changes. Empty
    /// where the runner fetches by itself.
    package var locations: [String: String]
    /// The envelope that the agent's own events follow from.
    package var origin: Event

    package init(
        runID: String, attempt: Attempt, run: RunSubmitted, contents: [FetchedContent],
        locations: [String: String] = [:], origin: Event
    ) {
        self.runID = runID
        self.attempt = attempt
        self.run = run
        self.contents = contents
        self.locations = locations
        self.origin = origin
    }

    private enum CodingKeys: String, CodingKey {
        case attempt, run, contents, locations, origin
        case runID = "run_id"
    }
}

/// What a runner sees of an attempt.
package enum JobObservation: Equatable, Sendable {
    /// It exists but does not run yet.
    case pending(Reason, String)
    case running(since: Timestamp)
    case finished(AttemptOutcome)
}

/// Why a runner could not do what it was asked.
package struct JobRunnerError: Retryable, Equatable, CustomStringConvertible {
    package var reason: Reason
    package var message: String
    package var isTransient: Bool
    /// Whether it passes when others end or repair something, however long that takes: the attempt waits for it rather than fails.
    package var waits: Bool

    package init(_ reason: Reason, _ message: String, isTransient: Bool = false, waits: Bool = false) {
        self.reason = reason
        self.message = message
        self.isTransient = isTransient
        self.waits = waits
    }

    package var description: String { message }
}
