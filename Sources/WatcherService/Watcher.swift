package import Events
package import JobRunner
package import Runtime
package import ServiceLoop

/// The service that turns what happens to attempts into statuses, and ends runs that stay too long where they are.
///
/// The rules are in `WatcherRules`.
package struct Watcher: Subject {
    package typealias State = WatcherState
    package typealias Effect = WatcherEffect
    package typealias Signal = WatcherSignal

    package let name = "watcher"
    package let inputs: [Topic] = [.runs, .jobs, .status, .commands]

    private let runner: any JobRunner
    private let rules = WatcherRules()
    private let observing = BackgroundWork()

    package init(runner: any JobRunner) {
        self.runner = runner
    }

    package func decide(
        _ input: Input<WatcherSignal>, key: String, state: WatcherState?, now: Timestamp
    ) throws -> Decision<WatcherState, WatcherEffect> {
        try rules.decide(input, key: key, state: state, now: now)
    }

    package func perform(
        _ effects: [KeyedEffect<WatcherEffect>], signals: Signals<WatcherSignal>
    ) async throws {
        for effect in effects {
            observing.cancel(effect.key)
            guard case .observe(let job) = effect.effect else { continue }
            let runner = self.runner
            observing.start(effect.key) {
                for await observation in runner.observe(job.reference) {
                    let signal = WatcherSignal(attempt: job.attempt.number, observation: observation)
                    signals.send(signal, for: effect.key)
                }
            }
        }
    }

    package func release(_ keys: [String]) async {
        for key in keys { observing.cancel(key) }
    }
}
