internal import Descriptors
package import Events
package import Runs
package import Runtime

/// What the executor has in hand for one run.
package enum ExecutorState: Codable, Equatable, Sendable {
    /// The run was canceled before it came here.
    case announced(Announcement)
    case active(ActiveRun)
    /// The run is over. Remembered for a while, because what the log still holds of it must not start it anew.
    case ended(EndedRun)

    /// A command that came before the run did: the topics of a log are not ordered among each other.
    package struct Announcement: Codable, Equatable, Sendable {
        package var cancellation: Cancellation
        /// When to stop waiting for the run: it may never come.
        package var forget: Timestamp
    }

    /// A run that is over.
    package struct EndedRun: Codable, Equatable, Sendable {
        package var forget: Timestamp
        /// An attempt that is not known to have ended yet.
        package var unstopped: UnstoppedAttempt?
        /// Whether what its attempts left behind is being removed.
        package var isDeleting = false
    }
}

/// A run between its data being there and its final status.
package struct ActiveRun: Codable, Equatable, Sendable {
    /// The envelope that the run came with, without its payload.
    package var origin: Event
    package var fetched: RunFetched
    /// The attempts that have ended, in order.
    package var finished: [AttemptFinished]
    /// When it began to wait for its first slot.
    package var queued: Timestamp
    package var phase: Phase
    package var cancellation: Cancellation?
    /// Whether what its attempts leave behind is removed once it is over.
    package var isDeleted: Bool

    /// Where the run is.
    package enum Phase: Codable, Equatable, Sendable {
        /// The attempt waits for a slot, or is being started.
        case waiting(Attempt, place: QueuePlace)
        /// Its job exists.
        case running(Attempt)
        /// All attempts are over; this is how the run ends once everything is stored.
        case collecting(AttemptPlan.Ending)
    }

    package init(origin: Event, fetched: RunFetched, queued: Timestamp, phase: Phase) {
        self.origin = origin
        self.fetched = fetched
        self.queued = queued
        finished = []
        self.phase = phase
        isDeleted = false
    }

    /// What follows from the attempts so far.
    package var plan: AttemptPlan { AttemptPlan(fetched.run.descriptor.run, finished: finished) }

    /// Whether all attempts are over.
    package var isCollecting: Bool { if case .collecting = phase { true } else { false } }

    /// The number of the attempt in hand, else of the last one.
    package var latestAttempt: Int {
        switch phase {
        case .waiting(let attempt, _), .running(let attempt): attempt.number
        case .collecting: finished.last?.attempt.number ?? 0
        }
    }
}

/// A user's wish that a run ends.
package struct Cancellation: Codable, Equatable, Sendable {
    /// Whether the attempt that runs gets its grace period.
    package var isGraceful: Bool
    /// Who asked for it and why, as a sentence.
    package var message: String

    package init(isGraceful: Bool, message: String) {
        self.isGraceful = isGraceful
        self.message = message
    }

    init(_ command: Command, by event: Event) {
        let who = event.clientUsername.isEmpty ? "canceled" : "canceled by \(event.clientUsername)"
        self.init(isGraceful: command.isGraceful, message: command.reason.map { "\(who): \($0)" } ?? who)
    }
}

/// An attempt of a run that has ended over its head.
package struct UnstoppedAttempt: Codable, Equatable, Sendable {
    package var reference: String
    package var gracePeriod: TimeSpan
    package var reason: Reason

    package init(reference: String, gracePeriod: TimeSpan, reason: Reason) {
        self.reference = reference
        self.gracePeriod = gracePeriod
        self.reason = reason
    }
}
