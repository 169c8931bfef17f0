internal import Descriptors
internal import CLinux
package import Events
internal import Glibc
internal import Runtime

/// Looks at attempts' folders for all who observe them, on one thread: woken by the kernel when a record appears or a supervisor ends, and
/// once a second for what the kernel does not tell.
final class AttemptWatcher: Sendable {
    private struct State {
        var watches: [AttemptReference: AttemptWatch] = [:]
        /// Those with a new observer.
        var fresh: Set<AttemptReference> = []
        var nextID = 0
        var isRunning = false
        var isClosed = false
    }

    private static let slowPoll = Duration.seconds(1)

    private let state = Locked(State())
    private let time: any TimeSource
    private let bell = Bell()

    init(time: any TimeSource) { self.time = time }

    /// What happens to an attempt from now on, beginning with how it stands.
    func observe(_ folder: AttemptFolder, _ reference: AttemptReference) -> AsyncStream<JobObservation> {
        let (stream, continuation) = AsyncStream.makeStream(of: JobObservation.self)
        let (id, isFirst) = state.withLock { state in
            state.nextID += 1
            var watch = state.watches[reference] ?? AttemptWatch(folder: folder, reference: reference)
            watch.observers[state.nextID] = continuation
            state.watches[reference] = watch
            state.fresh.insert(reference)
            defer { state.isRunning = true }
            return (state.nextID, !state.isRunning)
        }
        continuation.onTermination = { [weak self] _ in self?.leave(reference, id) }
        if isFirst { Thread.detach { self.run() } }
        bell.ring()
        return stream
    }

    /// Ends the thread; observers' streams end with it.
    func close() {
        state.withLock { $0.isClosed = true }
        bell.ring()
    }

    private func leave(_ reference: AttemptReference, _ id: Int) {
        state.withLock { state in
            state.watches[reference]?.observers[id] = nil
            if state.watches[reference]?.observers.isEmpty == true { state.watches[reference] = nil }
        }
        bell.ring()
    }

    private func run() {
        let wakers = AttemptWakers()
        while let all = state.withLock({ $0.isClosed ? nil : Set($0.watches.keys) }) {
            wakers.keep(only: all)
            let woken = wakers.wait(bell: bell.descriptor, timeout: AttemptWatcher.slowPoll)
            bell.clear()
            let fresh = state.withLock { state in
                defer { state.fresh = [] }
                return state.fresh
            }
            // With nothing to look at in particular, everything is.
            let isSlowPoll = woken.isEmpty && fresh.isEmpty
            for reference in isSlowPoll ? all : woken.union(fresh) { look(at: reference, wakers) }
        }
        let watches = state.withLock { Array($0.watches.values) }
        for watch in watches { for observer in watch.observers.values { observer.finish() } }
    }

    private func look(at reference: AttemptReference, _ wakers: AttemptWakers) {
        guard let watch = state.withLock({ $0.watches[reference] }) else { return }
        // Before the look, so that what happens after it wakes us.
        wakers.add(reference, watch.folder)
        guard let sight = AttemptSight(watch.folder, reference, since: watch.since, now: time.now) else {
            return
        }
        let observers = state.withLock { state in
            let observers = state.watches[reference]?.observers(for: sight.observation) ?? []
            if sight.isLast { state.watches[reference] = nil }
            return observers
        }
        // Outside the lock: an observer whose stream ends comes back to leave.
        for observer in observers {
            observer.yield(sight.observation)
            if sight.isLast { observer.finish() }
        }
    }
}

/// One attempt and who observes it.
struct AttemptWatch {
    var folder: AttemptFolder
    var reference: AttemptReference
    var observers: [Int: AsyncStream<JobObservation>.Continuation] = [:]
    /// Since when it is looked at.
    var since = ContinuousClock.now
    /// What each observer saw last.
    private var seen: [Int: JobObservation] = [:]

    init(folder: AttemptFolder, reference: AttemptReference) {
        self.folder = folder
        self.reference = reference
    }

    /// The observers who have not seen this yet.
    mutating func observers(for observation: JobObservation) -> [AsyncStream<JobObservation>.Continuation] {
        let fresh = observers.filter { seen[$0.key] != observation }
        for id in fresh.keys { seen[id] = observation }
        return Array(fresh.values)
    }
}

/// What an attempt's folder shows at one moment.
struct AttemptSight {
    let observation: JobObservation

    /// Whether there is nothing more to see.
    var isLast: Bool {
        if case .finished = observation { true } else { false }
    }

    /// How long a folder may be missing before it is taken for gone: its runner may just be about to make it.
    private static let patience = Duration.seconds(10)

    /// Looks, and settles what ended without saying so. nil when this machine has no descriptors or memory left to look with: that says nothing
    /// about the attempt, and the next look may see it.
    init?(
        _ folder: AttemptFolder, _ reference: AttemptReference, since: ContinuousClock.Instant, now: Timestamp
    ) {
        do {
            try Settlement.settle(folder, reference, now: now)
            observation = try AttemptSight.look(folder, isLate: .now - since > AttemptSight.patience)
        } catch let error as JobRunnerError where !error.isTransient {
            observation = .finished(
                AttemptOutcome(
                    status: .error, reason: error.reason, message: error.message, failure: .infrastructure,
                    finished: now))
        } catch {
            return nil
        }
    }

    private static func look(_ folder: AttemptFolder, isLate: Bool) throws(JobRunnerError) -> JobObservation {
        if let outcome = try folder.read(folder.outcome, as: AttemptOutcome.self) {
            return .finished(outcome)
        }
        if let running = try folder.read(folder.running, as: RunningRecord.self) {
            return .running(since: running.since)
        }
        if !folder.exists, isLate {
            throw JobRunnerError(.vanished, "the attempt's folder \(folder.path) is gone")
        }
        return .pending(.starting, "the attempt is being set up")
    }
}

extension Reason {
    /// The attempt's folder and process are being made.
    package static let starting = Reason("Starting")
}
