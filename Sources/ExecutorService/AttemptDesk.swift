internal import Events
internal import JobRunner
internal import Runtime
internal import ServiceLoop

/// Carries out what the executor decides: who waits for a slot, and what the runner is asked. Everything here can be done again after a crash.
actor AttemptDesk {
    typealias Locate = @Sendable ([FetchedContent]) async throws(JobRunnerError) -> [String: String]

    private let runner: any JobRunner
    private let slots: any SlotPool
    /// How many runs may be in the middle of their attempts at once: as many as there are slots. A run that is, keeps its claim between two
    /// attempts too, where it does not take turns with others; the slot itself is free from the moment that an attempt's last process ends.
    private let capacity: Int
    private let locate: Locate
    private let retrying: Retrying
    private let output: StructuredLog
    private let work = BackgroundWork()

    private var queue = SlotQueue()
    /// The runs whose attempts run, or are about to.
    private var claims: Set<String> = []
    /// Slots that were taken for a run and not used yet.
    private var granted: [String: Slot] = [:]
    private var isWaiting = false
    private var isSweeping = false
    private let time: any TimeSource

    init(
        runner: any JobRunner, slots: any SlotPool, capacity: Int, locate: @escaping Locate,
        time: any TimeSource, output: StructuredLog
    ) {
        self.runner = runner
        self.slots = slots
        self.capacity = capacity
        self.locate = locate
        self.output = output
        self.time = time
        retrying = Retrying(time: time, output: output)
    }

    /// - Throws: what the runner says when it cannot tell whether an attempt was started before.
    func perform(_ effects: [KeyedEffect<ExecutorEffect>], signals: Signals<ExecutorSignal>) async throws {
        startSweeping(signals)
        for effect in effects { try await queueUp(effect, signals) }
        // All who have to queue are known by now, so that nobody overtakes after a restart.
        serve(signals)
        for effect in effects { begin(effect, signals) }
    }

    /// Stops what is done for these runs. Jobs that were started go on.
    func release(_ runs: [String]) {
        for run in runs {
            leave(run)
            work.cancel(run)
        }
    }

    /// The part of an effect that concerns who may go when.
    private func queueUp(
        _ effect: KeyedEffect<ExecutorEffect>, _ signals: Signals<ExecutorSignal>
    ) async throws {
        let run = effect.key
        switch effect.effect {
        case .request(let place, let attempt, let mayBeStarted):
            leave(run)
            if mayBeStarted, try await runner.isKnown(runner.reference(run: run, attempt: attempt)) {
                claims.insert(run)
                signals.send(.started(attempt: attempt), for: run)
            } else {
                queue.insert(place, attempt: attempt)
            }
        case .claim: claims.insert(run)
        case .leave, .abandon: leave(run)
        case .withdraw: queue.remove(run)
        case .start, .stop, .clear, .remove: break
        }
    }

    private func begin(_ effect: KeyedEffect<ExecutorEffect>, _ signals: Signals<ExecutorSignal>) {
        let run = effect.key
        switch effect.effect {
        case .request, .claim, .leave: break
        case .start(let job, let place):
            work.start(run) { await self.start(job, place, signals) }
        case .withdraw(let attempt):
            work.start(run) { await self.withdraw(run, attempt, signals) }
        case .stop(let reference, let grace, let reason):
            work.start(run) { await self.stop(reference, grace: grace, reason: reason) }
        case .abandon(let attempt):
            work.start(run) { await self.abandon(attempt, run, signals) }
        case .clear(let reference):
            work.start(run) { await self.clear(reference) }
        case .remove:
            work.start(run) { await self.remove(run, signals) }
        }
    }
}

// What killed instances left.
extension AttemptDesk {
    private static let sweepWork = "the sweep"
    /// Long enough that whatever is under way is done.
    private static let sweepInterval = Duration.seconds(300)

    private func startSweeping(_ signals: Signals<ExecutorSignal>) {
        guard !isSweeping else { return }
        isSweeping = true
        // Without this desk, which would else live as long as the sweeping does.
        let (runner, retrying, time) = (runner, retrying, time)
        work.start(AttemptDesk.sweepWork) {
            await AttemptDesk.sweep(runner, retrying, time, signals)
        }
    }

    /// Tells, every few minutes, of what is there of attempts; what is decided about a run says whether it is still in hand. Only what was there
    /// the last time too is told of: what is just being made or removed is not.
    private static func sweep(
        _ runner: any JobRunner, _ retrying: Retrying, _ time: any TimeSource,
        _ signals: Signals<ExecutorSignal>
    ) async {
        var seen: Set<AttemptReference> = []
        while !Task.isCancelled {
            let found = await retrying.untilDone("look for what attempts left") {
                try await runner.sweep()
            }
            guard let found else { return }
            let old = seen.intersection(found)
            for (run, attempts) in Dictionary(grouping: old, by: \.run) {
                signals.send(.left(attempts: attempts.map(\.number).sorted()), for: run)
            }
            seen = Set(found)
            // Cancelled while it sleeps: the loop looks.
            try? await time.sleep(for: AttemptDesk.sweepInterval)
        }
    }
}

// The queue.
extension AttemptDesk {
    private func leave(_ run: String) {
        queue.remove(run)
        claims.remove(run)
        granted[run] = nil
    }

    /// Gives slots to those whose turn it is, and tells the others how many go first.
    private func serve(_ signals: Signals<ExecutorSignal>) {
        while !isWaiting, let next = next, let slot = tryTake(for: next) { grant(slot, signals) }
        for news in queue.takeNews() {
            signals.send(.position(attempt: news.attempt, news.position), for: news.run)
        }
        guard !isWaiting, next != nil else { return }
        isWaiting = true
        work.start(AttemptDesk.queueWork) { await self.waitForSlots(signals) }
    }

    /// Not the name of a run: those are UUIDs.
    private static let queueWork = "the queue"

    /// The one whose turn it is, if it is anybody's.
    private var next: (run: String, attempt: Int)? { claims.count < capacity ? queue.first : nil }

    private func tryTake(for next: (run: String, attempt: Int)) -> Slot? {
        do {
            return try slots.tryTake(for: "\(next.run)/\(next.attempt)")
        } catch {
            // Waiting for a slot meets the same trouble, and tries again.
            return nil
        }
    }

    /// Some other program has the machine's slot, or an attempt that was given up takes its time to end.
    private func waitForSlots(_ signals: Signals<ExecutorSignal>) async {
        while let next {
            let slot = await retrying.untilDone("take a slot") {
                try await self.slots.take(for: "\(next.run)/\(next.attempt)")
            }
            guard let slot else { break }
            // Whoever waited may have left meanwhile; a slot that nobody takes is free again as it goes out of scope.
            grant(slot, signals)
        }
        isWaiting = false
        serve(signals)
    }

    private func grant(_ slot: Slot, _ signals: Signals<ExecutorSignal>) {
        guard let next else { return }
        queue.removeFirst()
        claims.insert(next.run)
        granted[next.run] = slot
        signals.send(.granted(attempt: next.attempt), for: next.run)
    }
}

// What the runner is asked.
extension AttemptDesk {
    private func start(
        _ job: JobSpecification, _ place: QueuePlace, _ signals: Signals<ExecutorSignal>
    ) async {
        let attempt = job.attempt.number
        let told = Locked<Reason?>(nil)
        let result = await retrying.whileTransient("start \(job.runID)/\(attempt)") {
            () throws(JobRunnerError) in
            try await self.startInSlot(job)
        } onWait: { error in
            // Once for each reason: it may take hours.
            let isNews = told.withLock { told in
                defer { told = error.reason }
                return told != error.reason
            }
            if isNews { signals.send(.held(attempt: attempt, error.reason, error.message), for: job.runID) }
        }
        switch result {
        case .success(true): signals.send(.started(attempt: attempt), for: job.runID)
        case .success(false):
            // An earlier try has used the slot up without reaching the runner: the attempt waits for another one.
            leave(job.runID)
            queue.insert(place, attempt: attempt)
            serve(signals)
        case .failure(let error): signals.send(.startFailed(attempt: attempt, error), for: job.runID)
        case nil: break
        }
    }

    /// - Returns: whether the attempt was started, now or before; false when there is no slot for it.
    private func startInSlot(_ job: JobSpecification) async throws(JobRunnerError) -> Bool {
        let reference = runner.reference(run: job.runID, attempt: job.attempt.number)
        guard let slot = granted[job.runID] else { return try await runner.isKnown(reference) }
        var job = job
        job.locations = try await locate(job.contents)
        _ = try await runner.start(job, in: slot)
        // From here on the attempt itself holds the slot.
        granted[job.runID] = nil
        return true
    }

    private func withdraw(_ run: String, _ attempt: Int, _ signals: Signals<ExecutorSignal>) async {
        let reference = runner.reference(run: run, attempt: attempt)
        let isKnown = await retrying.untilDone("ask for \(reference)") {
            try await self.runner.isKnown(reference)
        }
        guard let isKnown else { return }
        // Half of it may be there, of one who was killed while starting it.
        if !isKnown { await clear(reference) }
        if isKnown { claims.insert(run) } else { leave(run) }
        signals.send(isKnown ? .started(attempt: attempt) : .withdrawn(attempt: attempt), for: run)
    }

    private func stop(_ reference: String, grace: Duration, reason: Reason) async {
        await retrying.untilDone("stop \(reference)") {
            try await self.runner.stop(reference, grace: grace, reason: reason)
        }
    }

    private func abandon(
        _ attempt: UnstoppedAttempt, _ run: String, _ signals: Signals<ExecutorSignal>
    ) async {
        await stop(attempt.reference, grace: attempt.gracePeriod.duration, reason: attempt.reason)
        await runner.untilEnded(attempt.reference)
        await clear(attempt.reference)
        if !Task.isCancelled { signals.send(.stopped, for: run) }
    }

    private func clear(_ reference: String) async {
        await retrying.untilDone("clear \(reference)") { try await self.runner.clear(reference) }
    }

    private func remove(_ run: String, _ signals: Signals<ExecutorSignal>) async {
        let done: Void? = await retrying.untilDone("remove \(run)") { try await self.runner.remove(run: run) }
        if done != nil { signals.send(.removed, for: run) }
    }
}
