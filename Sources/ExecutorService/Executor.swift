package import Events
package import JobRunner
package import Runtime
package import ServiceLoop

/// The service that makes a run's attempts: each in its turn, none too many, until there is something to collect or the run is over.
///
/// The rules are in `ExecutorRules`, what touches the world in `AttemptDesk`.
package struct Executor: Subject {
    package typealias State = ExecutorState
    package typealias Effect = ExecutorEffect
    package typealias Signal = ExecutorSignal

    package let name = "executor"
    package let inputs: [Topic] = [.fetched, .status, .commands]

    private let rules: ExecutorRules
    private let desk: AttemptDesk

    /// - Parameters:
    ///   - slots: what an attempt has to have to run on this machine.
    ///   - capacity: how many slots there are.
    ///   - locate: where fetched contents are on this machine, by their SHA-256; an error is a failed start.
    package init(
        runner: any JobRunner, slots: any SlotPool, capacity: Int = 1, time: any TimeSource = SystemTime(),
        output: StructuredLog? = nil,
        locate: @escaping @Sendable ([FetchedContent]) async throws(JobRunnerError) -> [String: String]
    ) {
        rules = ExecutorRules(runner: runner.name) { runner.reference(run: $0, attempt: $1) }
        desk = AttemptDesk(
            runner: runner, slots: slots, capacity: capacity, locate: locate, time: time,
            output: output ?? StructuredLog(service: "executor"))
    }

    package func decide(
        _ input: Input<ExecutorSignal>, key: String, state: ExecutorState?, now: Timestamp
    ) throws -> Decision<ExecutorState, ExecutorEffect> {
        try rules.decide(input, key: key, state: state, now: now)
    }

    package func perform(
        _ effects: [KeyedEffect<ExecutorEffect>], signals: Signals<ExecutorSignal>
    ) async throws {
        try await desk.perform(effects, signals: signals)
    }

    package func release(_ keys: [String]) async {
        await desk.release(keys)
    }
}
