internal import Events
internal import JSON
internal import JobRunner
internal import Kubernetes
internal import Runtime

/// What is seen of all attempts on the cluster, and who wants to know of which.
final class ClusterBoard: Sendable {
    /// Somebody who wants to know what happens to an attempt.
    fileprivate struct Observer {
        var continuation: AsyncStream<JobObservation>.Continuation
        var last: JobObservation?
    }

    /// An attempt of which something has to be asked of the server before anything can be told.
    struct Doubt: Sendable {
        var reference: AttemptReference
        var since: ContinuousClock.Instant
    }

    fileprivate struct State {
        var attempts: [AttemptKey: AttemptView] = [:]
        /// Why the job controller could not make pods, by the Job's name.
        var refusals: [String: String] = [:]
        /// Whose Job has a name.
        var keys: [String: AttemptKey] = [:]
        var observers: [AttemptKey: [Int: Observer]] = [:]
        var references: [AttemptKey: AttemptReference] = [:]
        var doubts: [AttemptKey: ContinuousClock.Instant] = [:]
        /// The kinds that were not listed yet.
        var unlisted: Set<String> = []
        var nextID = 0
    }

    private let state = Locked(State())
    private let time: any TimeSource

    /// - Parameter kinds: nothing is told before all of these were listed.
    init(kinds: Set<String>, time: any TimeSource) {
        self.time = time
        state.withLock { $0.unlisted = kinds }
    }

    // MARK: - Observing

    func observe(_ reference: AttemptReference) -> AsyncStream<JobObservation> {
        let (stream, continuation) = AsyncStream.makeStream(of: JobObservation.self)
        let key = AttemptKey(reference)
        let id = state.withLock { state in
            state.nextID += 1
            state.observers[key, default: [:]][state.nextID] = Observer(continuation: continuation)
            state.references[key] = reference
            return state.nextID
        }
        continuation.onTermination = { [weak self] _ in self?.leave(key, id) }
        change(key) { _ in }
        return stream
    }

    /// The pods of an attempt that are seen, those that have gone since left out.
    func pods(of key: AttemptKey) -> [PodView] {
        state.withLock { $0.attempts[key].map { Array($0.pods.values.filter { !$0.isGone }) } ?? [] }
    }

    private func leave(_ key: AttemptKey, _ id: Int) {
        state.withLock { state in
            state.observers[key]?[id] = nil
            guard state.observers[key]?.isEmpty == true else { return }
            state.forget(key)
        }
    }

    /// Changes what is seen of an attempt, and tells those who observe it what is new.
    func change(_ key: AttemptKey, _ body: (inout AttemptView) -> Void) {
        let finished = state.withLock { state in
            var view = state.attempts[key] ?? AttemptView()
            body(&view)
            if let job = view.decisive {
                view.refusal = state.refusals[job.name]
                state.keys[job.name] = key
            }
            state.attempts[key] = view
            defer { state.dropIfNobodyCares(key) }
            return state.tell(key, view, now: time.now)
        }
        // Outside of the lock: ending a stream calls back.
        for observer in finished { observer.finish() }
    }

    /// The attempts to ask the server about, once they have been in doubt for `patience`.
    func doubts(after patience: Duration) -> [Doubt] {
        state.withLock { state in
            guard state.unlisted.isEmpty else { return [] }
            let now = ContinuousClock.now
            return state.doubts.compactMap { key, since in
                guard now - since >= patience, let reference = state.references[key] else { return nil }
                return Doubt(reference: reference, since: since)
            }
        }
    }

    // MARK: - What the watches tell

    /// Everything of a kind that there is has been told.
    func listed(_ kind: String) {
        let (keys, isComplete) = state.withLock { state in
            let wasComplete = state.unlisted.isEmpty
            state.unlisted.remove(kind)
            return (Array(state.observers.keys), !wasComplete && state.unlisted.isEmpty)
        }
        guard isComplete else { return }
        for key in keys { change(key) { _ in } }
    }

    func refuse(_ job: String, _ words: String?) {
        let key = state.withLock { state in
            state.refusals[job] = words
            return state.keys[job]
        }
        if let key { change(key) { _ in } }
    }

    /// Nothing can be seen: says why to all who observe an attempt that does not run yet.
    func cannotSee(_ reason: Reason, _ message: String) {
        state.withLock { state in
            for key in state.observers.keys where state.attempts[key]?.isEmpty ?? true {
                state.tell(key, .pending(reason, message))
            }
        }
    }
}

extension ClusterBoard.State {
    /// - Returns: the streams that end with this.
    fileprivate mutating func tell(
        _ key: AttemptKey, _ view: AttemptView, now: Timestamp
    ) -> [AsyncStream<JobObservation>.Continuation] {
        guard observers[key] != nil else { return [] }
        if view.needsProof {
            doubts[key] = doubts[key] ?? .now
            return []
        }
        doubts[key] = nil
        guard unlisted.isEmpty, let observation = view.observation(now: now) else { return [] }
        tell(key, observation)
        guard case .finished = observation else { return [] }
        let told = (observers[key] ?? [:]).values.map(\.continuation)
        observers[key] = nil
        forget(key)
        return told
    }

    fileprivate mutating func tell(_ key: AttemptKey, _ observation: JobObservation) {
        for (id, observer) in observers[key] ?? [:] where observer.isNews(observation) {
            observers[key]?[id]?.last = observation
            observer.continuation.yield(observation)
        }
    }

    /// Nobody observes the attempt any more.
    fileprivate mutating func forget(_ key: AttemptKey) {
        observers[key] = nil
        references[key] = nil
        doubts[key] = nil
        dropIfNobodyCares(key)
    }

    /// Forgets an attempt of which nothing is left, once nobody wants to know how it ended.
    fileprivate mutating func dropIfNobodyCares(_ key: AttemptKey) {
        guard observers[key] == nil, let view = attempts[key], view.isEmpty else { return }
        for name in view.jobs.keys { keys[name] = nil }
        attempts[key] = nil
    }
}

extension ClusterBoard.Observer {
    /// The kubelet goes to and fro between trying and waiting to try again: one of the two says it.
    fileprivate func isNews(_ observation: JobObservation) -> Bool {
        if case .pending(.imagePullFailed, _) = observation, case .pending(.imagePullBackOff, _)? = last {
            return false
        }
        return observation != last
    }
}
