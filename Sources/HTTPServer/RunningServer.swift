internal import CMicrohttpd
internal import Runtime

/// libmicrohttpd at work on one socket, from its start to its one stop.
final class RunningServer: Sendable {
    /// How often stopping looks whether all is done.
    private static let pollInterval = Duration.milliseconds(5)
    /// How long what was given up may take to hear of it.
    private static let abortGrace = Duration.seconds(1)
    /// How often a daemon that was replaced is looked at.
    private static let reapInterval = Duration.seconds(1)

    let address: ServerAddress
    private let core: ServerCore
    private let listening: ListeningSocket
    private let state: Locked<State>

    private struct State {
        /// The one that accepts connections.
        var daemon: Daemon
        /// Those that were replaced and still have connections: a stream may go on for hours.
        var retired: [Daemon] = []
        var reaper: Task<Void, Never>?
        var stopping: Task<Void, Never>?
    }

    init(
        at address: ServerAddress, core: ServerCore, identity: TLSIdentity?
    ) throws(HTTPServerError) {
        listening = try ListeningSocket.open(address)
        do {
            state = Locked(State(daemon: try Daemon(on: listening, core: core, identity: identity)))
        } catch {
            listening.retire()
            throw error
        }
        self.core = core
        self.address = listening.address
    }

    /// Connections from now on see another identity; those that are open go on with the one that they have seen.
    ///
    /// libmicrohttpd's daemons keep the certificate that they were started with. So another one takes over the socket that listens, and
    /// the old one is stopped when its last connection has ended.
    func replace(_ identity: TLSIdentity) throws(HTTPServerError) {
        let next = try Daemon(on: listening, core: core, identity: identity)
        let isTooLate = state.withLock { state in
            if state.stopping != nil { return true }
            state.daemon.quiesce()
            state.retired.append(state.daemon)
            state.daemon = next
            if state.reaper == nil { state.reaper = Task { await self.reap() } }
            return false
        }
        guard isTooLate else { return }
        next.quiesce()
        // What it accepted in this moment is hung up on: the server is stopping.
        Task { await next.stop() }
    }

    private func reap() async {
        while true {
            do { try await Task.sleep(for: RunningServer.reapInterval) } catch { return }
            let (idle, isDone) = state.withLock { state -> ([Daemon], Bool) in
                let idle = state.retired.filter { $0.connectionCount == 0 }
                state.retired.removeAll { daemon in idle.contains { $0 === daemon } }
                if state.retired.isEmpty { state.reaper = nil }
                return (idle, state.retired.isEmpty)
            }
            for daemon in idle { await daemon.stop() }
            if isDone { return }
        }
    }

    /// Stops once; whoever asks again waits for the same end.
    func stop(within grace: Duration, streamsWithin streamGrace: Duration) async {
        let task = state.withLock { state in
            let stop = state.stopping ?? Task { await self.end(within: grace, streamsWithin: streamGrace) }
            state.stopping = stop
            return stop
        }
        await task.value
    }

    private func end(within grace: Duration, streamsWithin streamGrace: Duration) async {
        let start = ContinuousClock.now
        core.beginStopping()
        // From here on nothing replaces it.
        let (daemon, reaper) = state.withLock { ($0.daemon, $0.reaper) }
        daemon.quiesce()
        listening.retire()
        await wait(until: start + min(grace, streamGrace)) { core.exchanges.isEmpty }
        for exchange in core.exchanges where exchange.isStreaming { exchange.abort(.stopping) }
        await wait(until: start + grace) { core.exchanges.isEmpty }
        // libmicrohttpd aborts the process if a connection is suspended when it is stopped. Given up, none is.
        for exchange in core.exchanges { exchange.abort(.stopping) }
        await wait(until: .now + RunningServer.abortGrace) { core.exchanges.isEmpty }
        reaper?.cancel()
        await reaper?.value
        for daemon in state.withLock({ $0.retired }) + [daemon] { await daemon.stop() }
    }

    private func wait(until deadline: ContinuousClock.Instant, _ condition: () -> Bool) async {
        while !condition(), ContinuousClock.now < deadline {
            try? await Task.sleep(for: RunningServer.pollInterval)
        }
    }
}
