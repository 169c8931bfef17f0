internal import Events
internal import Glibc
internal import Runtime

/// Whoever takes an attempt's records from its pods.
package protocol RecordReceiver: Sendable {
    /// Hands over events, each as JSON without a line end. Handed over twice they are there once.
    func deliver(_ lines: [ArraySlice<UInt8>]) async -> DeliveryAnswer
}

/// What becomes of records that were handed over.
package enum DeliveryAnswer: Equatable, Sendable {
    /// They are durable.
    case taken
    /// They are to be handed over again, not before some time has passed if that is said.
    case later(after: Duration?, why: String)
    /// They are too many for once.
    case tooLarge
    /// They are not wanted, now or ever, for this reason.
    case refused(String)
}

/// Prints records, for somebody who reads the container's log.
struct PrintedRecords: RecordReceiver {
    private let executor = QueueExecutor(label: "agent.print")

    func deliver(_ lines: [ArraySlice<UInt8>]) async -> DeliveryAnswer {
        await Printer(executor).print(lines)
    }

    private actor Printer {
        private let executor: QueueExecutor
        nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

        init(_ executor: QueueExecutor) { self.executor = executor }

        func print(_ lines: [ArraySlice<UInt8>]) -> DeliveryAnswer {
            var text: [UInt8] = []
            for line in lines { text += DeliveredRecords.printedPrefix.utf8 + line + "\n".utf8 }
            var written = 0
            while written < text.count {
                let count = text[written...].withUnsafeBytes {
                    write(STDOUT_FILENO, $0.baseAddress, $0.count)
                }
                if count < 0, errno == EINTR { continue }
                guard count > 0 else {
                    return .refused("nobody reads the container's log: \(SystemError("write"))")
                }
                written += count
            }
            return .taken
        }
    }
}

/// Delivers what is in an outbox, in its order, and goes on trying while nobody takes it.
final class Deliverer: Sendable {
    /// Where the work stands.
    struct Standing: Equatable {
        /// Nothing more will be delivered: all is, or it was given up.
        var isDone = false
        /// Why it was given up.
        var failure: String?
    }

    private struct State {
        /// The most bytes of one delivery, as far as is known.
        var limit: Int
        var isComplete = false
        var deadline: ContinuousClock.Instant?
        var standing = Standing()
    }

    private let outbox: Outbox
    private let receiver: any RecordReceiver
    private let time: any TimeSource
    private let failPoints: FailPoints
    private let log: StructuredLog
    private let changed: @Sendable () -> Void
    private let state: Locked<State>
    private let work = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    private let backoff = Backoff(first: .milliseconds(100), most: .seconds(10))

    /// - Parameters:
    ///   - limit: the most bytes of one delivery.
    ///   - changed: called when something was delivered or given up, from any thread.
    init(
        _ outbox: Outbox, to receiver: any RecordReceiver, limit: Int, host: PodHost,
        changed: @escaping @Sendable () -> Void
    ) {
        (self.outbox, self.receiver, self.changed) = (outbox, receiver, changed)
        state = Locked(State(limit: limit))
        (time, failPoints, log) = (host.time, host.failPoints, host.log)
    }

    var standing: Standing { state.withLock { $0.standing } }

    /// There is something new in the outbox.
    func wake() { work.continuation.yield() }

    /// Nothing more will come; what is there is tried for `patience` at most.
    func finish(patience: Duration) {
        state.withLock { state in
            state.isComplete = true
            state.deadline = .now + patience
        }
        wake()
    }

    /// Delivers until everything that will come is delivered, or given up.
    func run() async {
        wake()
        for await _ in work.stream {
            while await deliverSome() {}
            if standing.failure != nil { break }
            let isComplete = state.withLock { $0.isComplete }
            if isComplete, outbox.next(limit: 1) == nil { break }
        }
        state.withLock { $0.standing.isDone = true }
        changed()
    }

    /// - Returns: whether there may be more.
    private func deliverSome() async -> Bool {
        var failures = 0
        while let (lines, end) = outbox.next(limit: state.withLock { $0.limit }) {
            switch await receiver.deliver(lines) {
            case .taken:
                // Killed here, it delivers the same again.
                do { try failPoints.pass("agent.before-confirm") } catch { return true }
                outbox.confirm(end)
                changed()
                return true
            case .tooLarge where lines.count > 1:
                let half = lines.reduce(0) { $0 + $1.count } / 2
                state.withLock { $0.limit = max(1, half) }
            case .tooLarge:
                log.error("a record is too large to be taken", ["bytes": "\(lines.first?.count ?? 0)"])
                outbox.confirm(end)
            case .later(let wait, let why):
                failures += 1
                if failures == 1 { log.warning("records are not taken, trying again", ["error": why]) }
                guard await pause(wait, failures) else {
                    giveUp("they were not taken in time: \(why)")
                    return false
                }
            case .refused(let why):
                giveUp(why)
                return false
            }
        }
        return false
    }

    /// Waits before another try.
    ///
    /// - Returns: false when there is no time left.
    private func pause(_ wish: Duration?, _ failures: Int) async -> Bool {
        let end = ContinuousClock.now + max(wish ?? .zero, backoff.delay(after: failures))
        repeat {
            let isLate = state.withLock { $0.deadline.map { $0 < .now } ?? false }
            if isLate { return false }
            // In small steps: the end may come while it waits. Nobody cancels it, the process ends when this is done.
            try? await time.sleep(for: min(.milliseconds(200), max(.zero, end - .now)))
        } while .now < end
        return true
    }

    private func giveUp(_ why: String) {
        log.error("what the attempt measures is not delivered", ["error": why])
        state.withLock { $0.standing.failure = why }
        changed()
    }
}
