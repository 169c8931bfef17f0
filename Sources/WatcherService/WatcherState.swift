package import Events
package import Runs
package import Runtime

/// What the watcher has in hand for one run.
package enum WatcherState: Codable, Equatable, Sendable {
    case active(WatchedRun)
    /// The run is over. Remembered for a while, because what the log still holds of it must not be watched anew.
    case ended(forget: Timestamp)
}

/// A run that is not over.
package struct WatchedRun: Codable, Equatable, Sendable {
    package var machine: RunMachine
    /// nil as long as only statuses of the run have come, and not the run itself: the topics of a log are not ordered among each other.
    package var deadlines: Deadlines?
    /// The benchmark's name, for whoever reads the statuses.
    package var name: String?
    /// The attempt that is observed.
    package var job: WatchedJob?
    /// The number of the last attempt that ended, and when.
    package var endedAttempt: Int
    package var attemptEnded: Timestamp?
    /// Whether the attempt that is observed waits for room; nil in a state of an earlier version.
    package var hold: Deadlines.Hold?

    package init(machine: RunMachine) {
        self.machine = machine
        endedAttempt = 0
    }
}

/// An attempt whose job exists.
package struct WatchedJob: Codable, Equatable, Sendable {
    package var attempt: Attempt
    package var reference: String

    package init(attempt: Attempt, reference: String) {
        self.attempt = attempt
        self.reference = reference
    }
}
