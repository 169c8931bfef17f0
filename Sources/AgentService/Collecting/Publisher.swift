internal import Events
internal import JSON
package import MessageLog
package import Runtime

/// Publishes an attempt's batches in their order, and goes on trying while the log cannot be reached.
package final class Publisher: Sendable {
    /// How to reach the log; called until it works.
    package typealias LogSource = @Sendable () async throws(MessageLogError) -> any MessageLog

    /// Where the work of publishing stands.
    package struct Standing: Equatable, Sendable {
        /// Bytes of batches that are not yet durable, about.
        package var backlog = 0
        /// Nothing more will be published: all is durable, or it was given up.
        package var isDone = false
        /// Why it was given up.
        package var failure: String?

        package init(backlog: Int = 0, isDone: Bool = false, failure: String? = nil) {
            self.backlog = backlog
            self.isDone = isDone
            self.failure = failure
        }
    }

    private struct State {
        var batches: [Collector.Batch] = []
        var end: Collector.Counts?
        /// When to give up; nil while there is no hurry.
        var deadline: ContinuousClock.Instant?
        var standing = Standing()
    }

    /// Records of one transaction: enough to make its cost small, few enough to be quick.
    private static let mostRecords = 32

    private let state = Locked(State())
    private let records: BatchRecords
    private let time: any TimeSource
    private let failPoints: FailPoints
    private let changed: @Sendable () -> Void
    private let work = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    /// - Parameter changed: called when `standing` has changed, from any thread.
    package init(
        _ records: BatchRecords, time: any TimeSource, failPoints: FailPoints = .none,
        changed: @escaping @Sendable () -> Void
    ) {
        self.records = records
        self.time = time
        self.failPoints = failPoints
        self.changed = changed
    }

    package var standing: Standing { state.withLock { $0.standing } }

    /// Has a batch published. Returns at once. After publishing was given up it is let go of.
    package func submit(_ batch: Collector.Batch) {
        state.withLock { state in
            if state.standing.isDone { return }
            state.batches.append(batch)
            state.standing.backlog += Publisher.size(of: batch)
        }
        work.continuation.yield()
    }

    /// From here on a log that cannot be reached is tried for `patience` at most. Until then, while the benchmark runs, there is no hurry.
    package func hurry(patience: Duration) {
        state.withLock { $0.deadline = .now + patience }
    }

    /// Has the end published after everything that was submitted.
    package func finish(_ counts: Collector.Counts) {
        state.withLock { $0.end = counts }
        work.continuation.yield()
    }

    /// Publishes until the end is durable or given up.
    package func run(on source: @escaping LogSource) async {
        do {
            let log = try await persist { () throws(MessageLogError) in try await source() }
            for await _ in work.stream {
                while try await publishSome(to: log) {}
                if state.withLock({ $0.standing.isDone }) { break }
            }
            await log.close()
        } catch {
            state.withLock { state in
                state.batches = []
                state.standing = Standing(isDone: true, failure: "\(error)")
            }
        }
        changed()
    }

    /// Publishes what waits, as much as fits one transaction.
    ///
    /// - Returns: whether there may be more.
    private func publishSome(to log: any MessageLog) async throws -> Bool {
        let (batches, end) = state.withLock { state in
            (Array(state.batches.prefix(Publisher.mostRecords)), state.batches.isEmpty ? state.end : nil)
        }
        guard !batches.isEmpty || end != nil else { return false }
        try failPoints.pass("agent.before-publish")
        // The same records in each try: whoever reads them knows them again.
        let now = time.now
        var records = try batches.map { try self.records.record(of: $0, at: now) }
        if let end { records += try self.records.end(of: end, at: now) }
        try await persist { () throws(MessageLogError) in _ = try await log.publish(records) }
        state.withLock { state in
            state.batches.removeFirst(batches.count)
            state.standing.backlog -= batches.reduce(0) { $0 + Publisher.size(of: $1) }
            state.standing.isDone = end != nil
        }
        changed()
        return end == nil
    }

    /// Tries again while trying again can help and there is time.
    private func persist<Result>(
        _ body: () async throws(MessageLogError) -> Result
    ) async throws(MessageLogError) -> Result {
        var tries = 0
        while true {
            do {
                return try await body()
            } catch {
                tries += 1
                let isLate = state.withLock { $0.deadline.map { $0 < .now } ?? false }
                guard error.isTransient, !isLate else { throw error }
                // Nobody cancels it: the process ends when this is done.
                try? await time.sleep(for: Backoff(most: .seconds(5)).delay(after: tries))
            }
        }
    }

    /// The memory that a batch takes, about.
    private static func size(of batch: Collector.Batch) -> Int {
        switch batch {
        case .metrics(let points): points.count * 128
        case .logs(let lines): lines.reduce(0) { $0 + 64 + $1.text.utf8.count }
        }
    }
}
