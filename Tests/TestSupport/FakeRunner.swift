package import Events
package import JobRunner
internal import Runtime

/// A runner that runs nothing: it records what it was asked, and its attempts do what the test says.
package final class FakeRunner: JobRunner {
    /// An attempt as this runner knows it.
    package struct Job: Sendable {
        package var specification: JobSpecification
        /// The slot's number, where one was given.
        package var slot: Int?
    }

    /// A call of `stop`.
    package struct Stop: Equatable, Sendable {
        package var reference: String
        package var grace: Duration
        package var reason: Reason
    }

    private struct State {
        var jobs: [String: Job] = [:]
        var order: [String] = []
        var stops: [Stop] = []
        var removed: [String] = []
        var cleared: [String] = []
        var leftovers: [AttemptReference] = []
        var last: [String: JobObservation] = [:]
        var held: [String: Slot] = [:]
        var observers: [String: [AsyncStream<JobObservation>.Continuation]] = [:]
        var startError: JobRunnerError?
    }

    package let name = "local"
    private let state = Locked(State())

    package init() {}

    /// What was started, in order; an attempt started twice is there once.
    package var started: [String] { state.withLock { $0.order } }
    package var stops: [Stop] { state.withLock { $0.stops } }
    /// The runs whose attempts were removed.
    package var removed: [String] { state.withLock { $0.removed } }
    /// The attempts that were cleared, in order.
    package var cleared: [String] { state.withLock { $0.cleared } }
    package func job(_ reference: String) -> Job? { state.withLock { $0.jobs[reference] } }

    /// Makes every start from now on fail, or none any more.
    package func failStarts(with error: JobRunnerError?) { state.withLock { $0.startError = error } }

    /// Shows an observation to whoever observes the attempt now or later. After `finished` its slot is free and the observers' streams end.
    package func report(_ observation: JobObservation, of reference: String) {
        state.withLock { state in
            if case .finished? = state.last[reference] { return }
            state.last[reference] = observation
            let observers = state.observers[reference] ?? []
            for observer in observers { observer.yield(observation) }
            guard case .finished = observation else { return }
            for observer in observers { observer.finish() }
            state.observers[reference] = nil
            state.held[reference] = nil
        }
    }

    package func start(_ job: JobSpecification, in slot: Slot?) async throws(JobRunnerError) -> String {
        let reference = reference(run: job.runID, attempt: job.attempt.number)
        let error = state.withLock { state -> JobRunnerError? in
            if let error = state.startError { return error }
            // Stopped before its start, it has ended already.
            if state.jobs[reference] != nil || state.last[reference] != nil { return nil }
            state.jobs[reference] = Job(specification: job, slot: slot?.number)
            state.order.append(reference)
            state.held[reference] = slot
            return nil
        }
        if let error { throw error }
        return reference
    }

    package func reference(run: String, attempt: Int) -> String { "\(run)/\(attempt)" }

    package func isKnown(_ reference: String) async throws(JobRunnerError) -> Bool {
        state.withLock { $0.jobs[reference] != nil || $0.last[reference] != nil }
    }

    package func stop(
        _ reference: String, grace: Duration, reason: Reason
    ) async throws(JobRunnerError) {
        let wasStarted = state.withLock { state in
            state.stops.append(Stop(reference: reference, grace: grace, reason: reason))
            return state.jobs[reference] != nil
        }
        guard !wasStarted else { return }
        let outcome = AttemptOutcome(
            status: .canceled, reason: reason, message: "stopped before it started",
            finished: Timestamp(milliseconds: 1_700_000_000_000))
        report(.finished(outcome), of: reference)
    }

    package func observe(_ reference: String) -> AsyncStream<JobObservation> {
        let (stream, continuation) = AsyncStream.makeStream(of: JobObservation.self)
        state.withLock { state in
            if let last = state.last[reference] { continuation.yield(last) }
            if case .finished? = state.last[reference] { return continuation.finish() }
            state.observers[reference, default: []].append(continuation)
        }
        return stream
    }

    package func clear(_ reference: String) async throws(JobRunnerError) {
        state.withLock { $0.cleared.append(reference) }
    }

    /// Makes sweeps from now on find these.
    package func leave(_ leftovers: [AttemptReference]) { state.withLock { $0.leftovers = leftovers } }

    package func sweep() async throws(JobRunnerError) -> [AttemptReference] {
        state.withLock { $0.leftovers }
    }

    package func remove(run: String) async throws(JobRunnerError) {
        state.withLock { $0.removed.append(run) }
    }
}
