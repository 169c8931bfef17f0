package import Events
package import Runtime
package import ServiceLoop

/// What the fetcher has in hand for a run.
package enum FetcherState: Codable, Equatable, Sendable {
    /// Its contents are being fetched.
    case fetching(RunSubmitted)
    /// It was canceled before it came; remembered until then.
    case canceled(until: Timestamp)
    /// The fetcher is done with it; remembered until then, so that a record that comes twice fetches nothing twice.
    case done(until: Timestamp)
}

/// What the fetcher wants done.
package enum FetcherEffect: Equatable, Sendable {
    case fetch(RunSubmitted)
    /// Let go of what is being fetched for the run; what others fetch too goes on for them.
    case letGo
}

/// How fetching ended.
package enum FetcherSignal: Equatable, Sendable {
    case fetched([FetchedContent])
    case failed(Reason, String)
}

/// The fetcher's rules: a run that was submitted is fetched for, and then either has all it needs or ends with the reason. Pure.
package struct FetcherRules: Sendable {
    package typealias Outcome = Decision<FetcherState, FetcherEffect>

    /// How long a run that the fetcher is done with is remembered; longer than a record may come late.
    static let memory = Duration.seconds(24 * 3600)

    package init() {}

    package func decide(
        _ input: Input<FetcherSignal>, state: FetcherState?, now: Timestamp
    ) throws -> Outcome {
        var outcome = try outcome(of: input, state: state, now: now)
        switch outcome.state {
        case .canceled(let until), .done(let until): outcome.wake = until
        case .fetching, nil: break
        }
        return outcome
    }

    private func outcome(
        of input: Input<FetcherSignal>, state: FetcherState?, now: Timestamp
    ) throws -> Outcome {
        switch (input, state) {
        case (.event(let event), _): return try take(event, state: state, now: now)
        case (.signal(let signal), .fetching(let run)): return take(signal, run, now: now)
        case (.restored, .fetching(let run)): return Outcome(state: state, effects: [.fetch(run)])
        case (.wake, .canceled(let until)), (.wake, .done(let until)):
            return Outcome(state: until <= now ? nil : state)
        case (.signal, _), (.restored, _), (.wake, _): return Outcome(state: state)
        }
    }

    private func take(_ event: Event, state: FetcherState?, now: Timestamp) throws -> Outcome {
        switch event.type {
        case RunSubmitted.type: return begin(try event.payload(as: RunSubmitted.self), state: state, now: now)
        case Command.type:
            let command = try event.payload(as: Command.self)
            return command.kind == .cancel ? cancel(state: state, now: now) : Outcome(state: state)
        case StatusChanged.type:
            let isOver = try event.payload(as: StatusChanged.self).status.isFinal
            return isOver ? letGo(state: state, now: now) : Outcome(state: state)
        default: return Outcome(state: state)
        }
    }

    private func begin(_ run: RunSubmitted, state: FetcherState?, now: Timestamp) -> Outcome {
        switch state {
        case .canceled:
            return end(.canceled, .canceledByUser, "canceled before anything was fetched", now: now)
        case .fetching, .done: return Outcome(state: state)
        case nil: break
        }
        let count = ContentRequest.all(of: run).count
        let what =
            count == 0 ? "nothing to fetch" : count == 1 ? "fetching 1 source" : "fetching \(count) sources"
        let fetching = OutgoingEvent(
            StatusChanged(status: .fetching, message: what, attempt: 0, name: run.name), name: "fetching")
        if count == 0 {
            var outcome = take(.fetched([]), run, now: now)
            outcome.events.insert(fetching, at: 0)
            return outcome
        }
        return Outcome(state: .fetching(run), effects: [.fetch(run)], events: [fetching])
    }

    private func take(_ signal: FetcherSignal, _ run: RunSubmitted, now: Timestamp) -> Outcome {
        switch signal {
        case .fetched(let contents):
            let message = contents.isEmpty ? "nothing to fetch" : "all data is here"
            return Outcome(
                state: .done(until: now + FetcherRules.memory),
                events: [
                    OutgoingEvent(
                        StatusChanged(status: .fetched, message: message, attempt: 0, name: run.name),
                        name: "fetched"),
                    OutgoingEvent(RunFetched(run: run, contents: contents), name: "contents"),
                ])
        case .failed(let reason, let message): return end(.error, reason, message, name: run.name, now: now)
        }
    }

    private func cancel(state: FetcherState?, now: Timestamp) -> Outcome {
        switch state {
        case .fetching(let run):
            var outcome = end(
                .canceled, .canceledByUser, "canceled while it was fetching", name: run.name, now: now)
            outcome.effects = [.letGo]
            return outcome
        case nil: return Outcome(state: .canceled(until: now + FetcherRules.memory))
        case .canceled, .done: return Outcome(state: state)
        }
    }

    private func letGo(state: FetcherState?, now: Timestamp) -> Outcome {
        if case .done = state { return Outcome(state: state) }
        var effects: [FetcherEffect] = []
        if case .fetching = state { effects = [.letGo] }
        return Outcome(state: .done(until: now + FetcherRules.memory), effects: effects)
    }

    private func end(
        _ status: RunStatus, _ reason: Reason, _ message: String, name: String? = nil, now: Timestamp
    ) -> Outcome {
        let status = StatusChanged(status: status, reason: reason, message: message, attempt: 0, name: name)
        return Outcome(
            state: .done(until: now + FetcherRules.memory), events: [OutgoingEvent(status, name: "ended")])
    }
}
