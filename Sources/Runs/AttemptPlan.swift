package import Descriptors
package import Events

/// Which attempt a run makes next, and what it comes to once there is none left. Pure; the one place that knows about
/// warm-ups, repeats and retries.
///
///     warm-up 1 … warm-up w, repeat 1 … repeat n, each done again after a failure that may be retried
///
/// A sample counts only when its attempt succeeded, is no warm-up, and nothing disturbed it.
package struct AttemptPlan: Equatable, Sendable {
    /// What follows from the attempts so far.
    package enum Step: Equatable, Sendable {
        case start(Attempt)
        case collect(Collection)
    }

    /// What is collected when no more attempts are made, and how the run ends once that is done.
    package struct Collection: Codable, Equatable, Sendable {
        /// The attempts whose samples count, in order.
        package var accepted: [AttemptFinished]
        /// Why results of them would not be valid; empty where they are.
        package var problems: [String]
        package var ending: Ending

        package init(accepted: [AttemptFinished], problems: [String], ending: Ending) {
            self.accepted = accepted
            self.problems = problems
            self.ending = ending
        }
    }

    /// How a run ends.
    package struct Ending: Codable, Equatable, Sendable {
        package var status: RunStatus
        package var reason: Reason
        package var message: String

        package init(status: RunStatus, reason: Reason, message: String) {
            self.status = status
            self.reason = reason
            self.message = message
        }
    }

    private let measurement: Descriptor.Measurement
    private let finished: [AttemptFinished]

    /// - Parameter finished: every attempt that has ended, in order; none of them is missing.
    package init(_ measurement: Descriptor.Measurement, finished: [AttemptFinished] = []) {
        self.measurement = measurement
        self.finished = finished
    }

    /// What to do now that the attempts so far have ended.
    package var next: Step {
        guard let last = finished.last else { return .start(attempt(1, repetition: 0)) }
        let number = last.attempt.number + 1
        if !isSuccess(last) {
            return isRetried(last)
                ? .start(attempt(number, repetition: last.attempt.repetition)) : .collect(failure(last))
        }
        let repetition = last.attempt.repetition + 1
        return repetition < warmups + repeats
            ? .start(attempt(number, repetition: repetition)) : .collect(success)
    }

    /// What is left to do when the run was canceled before all attempts were made.
    package func canceled(because message: String) -> Collection {
        Collection(
            accepted: measured, problems: [message],
            ending: Ending(status: .canceled, reason: .canceledByUser, message: message))
    }

    private var warmups: Int { max(0, measurement.warmup) }
    private var repeats: Int { max(1, measurement.repeats) }

    private func attempt(_ number: Int, repetition: Int) -> Attempt {
        Attempt(number: number, repetition: repetition, isWarmup: repetition < warmups)
    }
}

// How attempts are judged.
extension AttemptPlan {
    private func isSuccess(_ attempt: AttemptFinished) -> Bool { attempt.outcome.status == .succeeded }

    /// Whether `last` is made good by another attempt. Every failure before it was, so that they are the retries that are used up.
    private func isRetried(_ last: AttemptFinished) -> Bool {
        guard let failure = last.outcome.failure else { return false }
        return measurement.retryOn.contains(failure) && retries < measurement.retries
    }

    private var retries: Int { finished.dropLast().count { !isSuccess($0) } }

    /// The attempts that measured what was asked for, disturbed or not.
    private var measured: [AttemptFinished] { finished.filter { isSuccess($0) && !$0.attempt.isWarmup } }

    /// Every repeat was made. Disturbed ones are left out while others are left; where all of them were, they are all there is, and not valid.
    private var success: Collection {
        let clean = measured.filter { $0.outcome.disturbances.isEmpty }
        let disturbed = measured.filter { !$0.outcome.disturbances.isEmpty }.map { disturbance(of: $0) }
        let ending = Ending(
            status: .succeeded, reason: .completed,
            message: successMessage(accepted: clean.count, disturbed: disturbed))
        return clean.isEmpty
            ? Collection(accepted: measured, problems: disturbed, ending: ending)
            : Collection(accepted: clean, problems: [], ending: ending)
    }

    private func failure(_ last: AttemptFinished) -> Collection {
        let message = failureMessage(last)
        // Whatever a damaged record says, a run that did not succeed ends as something final.
        let status = last.outcome.status.isFinal ? last.outcome.status : .error
        return Collection(
            accepted: measured, problems: [message],
            ending: Ending(status: status, reason: last.outcome.reason, message: message))
    }
}

// What people read.
extension AttemptPlan {
    /// What an attempt is for: `warm-up 1 of 2`, `repeat 3 of 5`, `repeat 3 of 5 (attempt 7)`; `the benchmark` where there is only one.
    package func purpose(of attempt: Attempt) -> String {
        let purpose: String
        if attempt.isWarmup {
            purpose = "warm-up \(attempt.repetition + 1) of \(warmups)"
        } else if repeats == 1 {
            purpose = "the benchmark"
        } else {
            purpose = "repeat \(attempt.repetition - warmups + 1) of \(repeats)"
        }
        let isRetry = attempt.number > attempt.repetition + 1
        return isRetry ? "\(purpose) (attempt \(attempt.number))" : purpose
    }

    private func disturbance(of attempt: AttemptFinished) -> String {
        "\(purpose(of: attempt.attempt)) was disturbed: \(attempt.outcome.disturbances.joined(separator: "; "))"
    }

    private func successMessage(accepted: Int, disturbed: [String]) -> String {
        let all = repeats == 1 ? "the benchmark succeeded" : "all \(repeats) repeats succeeded"
        if disturbed.isEmpty { return all }
        let left = accepted == 0 ? "none of them is to be trusted" : "\(accepted) of them count"
        return "\(all), \(repeats == 1 ? "but its numbers are not to be trusted" : left): "
            + disturbed.joined(separator: ", ")
    }

    private func failureMessage(_ last: AttemptFinished) -> String {
        let message = "\(purpose(of: last.attempt)): \(last.outcome.message)"
        guard retries > 0, last.outcome.failure != nil else { return message }
        return message + " (after \(retries) \(retries == 1 ? "retry" : "retries"))"
    }
}
