internal import CMicrohttpd
internal import Runtime

/// libmicrohttpd's daemon, from its start to its one stop.
final class RunningServer: Sendable {
    /// How often stopping looks whether all is done.
    private static let pollInterval = Duration.milliseconds(5)
    /// How long what was given up may take to hear of it.
    private static let abortGrace = Duration.seconds(1)

    let address: ServerAddress
    private let core: ServerCore
    private let listening: ListeningSocket
    private let daemon: Daemon
    private let stopping = Locked<Task<Void, Never>?>(nil)

    private struct Daemon: @unchecked Sendable {
        // Because libmicrohttpd allows its daemon to be used from any thread; stopping it once is up to `stopping`.
        let handle: OpaquePointer
    }

    init(at address: ServerAddress, core: ServerCore) throws(HTTPServerError) {
        listening = try ListeningSocket.open(address)
        var settings = cmhd_settings()
        settings.listen_socket = listening.descriptor
        settings.threads = core.limits.threads
        settings.timeout_seconds = UInt32(max(core.limits.idleTimeout.components.seconds, 1))
        settings.connection_limit = core.limits.connections
        settings.connection_memory = core.limits.connectionMemory
        // Not retained: `stop` keeps the core until the daemon has ended.
        settings.context = Unmanaged.passUnretained(core).toOpaque()
        settings.begin = beginExchange
        settings.advance = advanceExchange
        settings.end = endExchange
        let flags = UInt32(MHD_USE_EPOLL_INTERNAL_THREAD.rawValue | MHD_ALLOW_SUSPEND_RESUME.rawValue)
        guard let handle = cmhd_start(flags, &settings) else {
            listening.retire()
            throw HTTPServerError(
                .cannotListen,
                "listen at \(address): libmicrohttpd did not start, for want of memory, threads or descriptors"
            )
        }
        self.core = core
        self.address = listening.address
        daemon = Daemon(handle: handle)
    }

    /// Stops once; whoever asks again waits for the same end.
    func stop(within grace: Duration, streamsWithin streamGrace: Duration) async {
        let task = stopping.withLock { task in
            let stop = task ?? Task { await self.end(within: grace, streamsWithin: streamGrace) }
            task = stop
            return stop
        }
        await task.value
    }

    private func end(within grace: Duration, streamsWithin streamGrace: Duration) async {
        let start = ContinuousClock.now
        core.beginStopping()
        MHD_quiesce_daemon(daemon.handle)
        listening.retire()
        await wait(until: start + min(grace, streamGrace)) { core.exchanges.isEmpty }
        for exchange in core.exchanges where exchange.isStreaming { exchange.abort(.stopping) }
        await wait(until: start + grace) { core.exchanges.isEmpty }
        // libmicrohttpd aborts the process if a connection is suspended when it is stopped. Given up, none is.
        for exchange in core.exchanges { exchange.abort(.stopping) }
        await wait(until: .now + RunningServer.abortGrace) { core.exchanges.isEmpty }
        await withCheckedContinuation { continuation in
            // It waits for its threads.
            Thread.detach { [daemon] in
                MHD_stop_daemon(daemon.handle)
                continuation.resume()
            }
        }
    }

    private func wait(until deadline: ContinuousClock.Instant, _ condition: () -> Bool) async {
        while !condition(), ContinuousClock.now < deadline {
            try? await Task.sleep(for: RunningServer.pollInterval)
        }
    }
}
