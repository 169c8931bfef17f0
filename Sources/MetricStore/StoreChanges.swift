package import Events

/// What to write, of any number of runs: together it costs one transaction, or one request.
package struct StoreChanges: Equatable, Sendable {
    package var points: [Points] = []
    package var lines: [Lines] = []
    package var ends: [End] = []
    package var attempts: [Ended] = []
    package var accepted: [Accepted] = []
    package var results: [ResultComputed] = []

    package init() {}

    package var isEmpty: Bool {
        points.isEmpty && lines.isEmpty && ends.isEmpty && attempts.isEmpty && accepted.isEmpty
            && results.isEmpty
    }

    /// A batch of one attempt's points.
    package struct Points: Equatable, Sendable {
        package var run: String
        package var batch: MetricBatch

        package init(run: String, batch: MetricBatch) {
            self.run = run
            self.batch = batch
        }
    }

    /// A batch of one attempt's lines.
    package struct Lines: Equatable, Sendable {
        package var run: String
        package var batch: LogBatch

        package init(run: String, batch: LogBatch) {
            self.run = run
            self.batch = batch
        }
    }

    /// The last word on a stream: how many there are.
    package struct End: Equatable, Sendable {
        package var run: String
        package var kind: StreamKind
        package var end: StreamEnded

        package init(run: String, kind: StreamKind, end: StreamEnded) {
            self.run = run
            self.kind = kind
            self.end = end
        }
    }

    /// An attempt that has ended.
    package struct Ended: Equatable, Sendable {
        package var run: String
        package var attempt: AttemptFinished

        package init(run: String, attempt: AttemptFinished) {
            self.run = run
            self.attempt = attempt
        }
    }

    /// Which attempts of a run count: these and no others. Until this is written none does.
    package struct Accepted: Equatable, Sendable {
        package var run: String
        package var attempts: [Int]

        package init(run: String, attempts: [Int]) {
            self.run = run
            self.attempts = attempts
        }
    }
}
