internal import Descriptors
package import Events
internal import Runs
package import Runtime

/// How long a run may stay where it is, by its descriptor. Every status but the final ones has such a time, so that no run waits for ever for
/// somebody who died.
package struct Deadlines: Codable, Equatable, Sendable {
    package var submitted: Timestamp
    package var fetch: TimeSpan
    package var queue: TimeSpan
    package var ready: TimeSpan
    package var run: TimeSpan
    package var gracePeriod: TimeSpan
    package var collect: TimeSpan
    package var total: TimeSpan

    package init(_ run: RunSubmitted) {
        let measurement = run.descriptor.run
        submitted = run.submitted
        fetch = measurement.fetchTimeout
        queue = measurement.queueTimeout
        ready = measurement.readyTimeout
        self.run = measurement.timeout
        gracePeriod = measurement.gracePeriod
        collect = measurement.collectTimeout
        total = measurement.totalTimeout
    }

    /// How much longer than its own timeout an attempt may run before the watcher ends the run: its agent enforces the timeout, and is the one that
    /// tells best what happened. This is for an agent that cannot.
    static let agentMargin = Duration.seconds(60)

    /// When the time is up, and what is to be said of the run then.
    struct Due: Equatable {
        var time: Timestamp
        var status: RunStatus
        var reason: Reason
        var message: String
    }

    /// Whether an attempt that was started waits for room on a cluster. That is waiting in a queue, and not being slow to start.
    package enum Hold: Codable, Equatable, Sendable {
        case none, going
        /// It did until then.
        case over(Timestamp)
    }

    /// The deadline that comes first for a run in `machine`'s status; nil when the run is over.
    ///
    /// - Parameter attemptEnded: when the attempt in hand was seen to end, if it was.
    /// - Parameter hold: how long the attempt has waited for room on a cluster.
    func next(_ machine: RunMachine, attemptEnded: Timestamp?, hold: Hold = .none) -> Due? {
        if machine.status.isFinal { return nil }
        let total = Due(
            time: submitted + self.total.duration, status: .timedOut, reason: .totalTimeout,
            message:
                "the run took longer than \(self.total) in all (run.total_timeout), and is \(machine.status.rawValue)"
        )
        let current = due(machine, attemptEnded: attemptEnded, hold)
        return current.time <= total.time ? current : total
    }

    private func due(_ machine: RunMachine, attemptEnded: Timestamp?, _ hold: Hold) -> Due {
        let since = machine.since
        switch machine.status {
        case .submitted, .fetching:
            return Due(
                time: since + fetch.duration, status: .timedOut, reason: .fetchTimeout,
                message: "its data was not there after \(fetch) (run.fetch_timeout)")
        case .fetched, .queued:
            return Due(
                time: since + queue.duration, status: .timedOut, reason: .queueTimeout,
                message: "no slot was free for it in \(queue) (run.queue_timeout)")
        case .starting, .running:
            if let attemptEnded { return handOver(attemptEnded, attempt: machine.attempt) }
            return machine.status == .starting ? starting(machine, hold) : running(machine)
        case .collecting, .succeeded, .failed, .canceled, .timedOut, .error:
            return Due(
                time: since + collect.duration, status: .error, reason: .collectTimeout,
                message: "its metrics and logs were not stored in \(collect) (run.collect_timeout)")
        }
    }

    private func starting(_ machine: RunMachine, _ hold: Hold) -> Due {
        // What keeps it is worth more than how long it did.
        let last = machine.reason == nil ? "" : "; at last: \(machine.message)"
        switch hold {
        case .going:
            return Due(
                time: machine.since + queue.duration, status: .timedOut, reason: .queueTimeout,
                message: "the cluster had no room for it in \(queue) (run.queue_timeout)\(last)")
        case .none, .over:
            var since = machine.since
            if case .over(let end) = hold { since = max(since, end) }
            return Due(
                time: since + ready.duration, status: .timedOut, reason: .readyTimeout,
                message:
                    "attempt \(machine.attempt) did not run \(ready) after its start (run.ready_timeout)\(last)"
            )
        }
    }

    private func running(_ machine: RunMachine) -> Due {
        Due(
            time: machine.since + run.duration + gracePeriod.duration + Deadlines.agentMargin,
            status: .timedOut, reason: .runTimeout,
            message:
                "attempt \(machine.attempt) ran longer than \(run) (run.timeout), and its agent did not end it"
        )
    }

    /// An attempt has ended and somebody has to say what comes next.
    private func handOver(_ ended: Timestamp, attempt: Int) -> Due {
        Due(
            time: ended + collect.duration, status: .error, reason: .collectTimeout,
            message:
                "attempt \(attempt) has ended, but nothing followed in \(collect) (run.collect_timeout): is bai-executor running?"
        )
    }
}
