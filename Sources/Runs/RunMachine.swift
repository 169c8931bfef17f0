package import Events
package import Runtime

/// The life of a run, folded from the events of topic `status`. Pure; the one place that says which move is possible.
///
/// `SUBMITTED → FETCHING → FETCHED → (QUEUED → STARTING → RUNNING) per attempt → COLLECTING → final`
///
/// The log delivers at least once and several services write, so a stale or repeated event is normal: it changes nothing. A final status is final,
/// and whichever comes first in the log's order stands.
package struct RunMachine: Codable, Equatable, Sendable {
    package private(set) var status: RunStatus
    package private(set) var reason: Reason?
    package private(set) var message: String
    /// The attempt in hand; 0 before the first.
    package private(set) var attempt: Int
    package private(set) var position: Int?
    /// Since when it has this status.
    package private(set) var since: Timestamp
    /// Every status it had, in order, with when it began.
    package private(set) var history: [Step]

    /// One status that a run had.
    package struct Step: Codable, Equatable, Sendable {
        package var status: RunStatus
        package var attempt: Int
        package var since: Timestamp
    }

    package init(submitted: Timestamp) {
        status = .submitted
        message = "submitted"
        attempt = 0
        since = submitted
        history = [Step(status: .submitted, attempt: 0, since: submitted)]
    }

    /// Takes a change in, if it is one.
    ///
    /// - Returns: whether it moved the run; false for what is stale, repeated, or comes after the end.
    @discardableResult
    package mutating func handle(_ change: StatusChanged, at time: Timestamp) -> Bool {
        guard isAdvance(change) else { return false }
        let moved = (change.status, change.attempt) != (status, attempt)
        status = change.status
        reason = change.reason
        message = change.message
        attempt = change.status.isFinal ? max(attempt, change.attempt) : change.attempt
        position = change.position
        if moved {
            since = time
            history.append(Step(status: status, attempt: attempt, since: time))
        }
        return true
    }

    /// For whoever counts from `since` after a clock was set back: nothing has happened later than `now`.
    package mutating func forgetFuture(_ now: Timestamp) {
        since = min(since, now)
    }

    /// Later attempts come after earlier ones whatever their status; within an attempt the order of the statuses decides. While a run waits, a new
    /// reason or position is news too.
    private func isAdvance(_ change: StatusChanged) -> Bool {
        if status.isFinal { return false }
        if change.status.isFinal { return true }
        if change.attempt != attempt { return change.attempt > attempt }
        if change.status == status {
            return (change.reason, change.position) != (reason, position) && !change.status.isFinal
        }
        return change.status.order > status.order
    }
}
