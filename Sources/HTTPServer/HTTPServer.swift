internal import CMicrohttpd
internal import Runtime

/// Serves HTTP/1.1 on a unix socket or a TCP port, with or without TLS, by libmicrohttpd.
///
///     let server = try HTTPServer.start(at: .unixSocket(path)) { await router.answer($0) }
///     …
///     await server.stop()
///
/// Handlers are ordinary asynchronous functions on Swift's pool; each runs in a task that is cancelled when its peer hangs up.
package final class HTTPServer: Sendable {
    /// Where it listens, with the real port.
    package var address: ServerAddress { running.address }

    private let running: RunningServer

    private init(_ running: RunningServer) {
        self.running = running
    }

    /// Starts to serve: when this returns, peers can connect. It may wait for the look-up of a host's name.
    ///
    /// - Parameters:
    ///   - identity: for TLS (1.2 and 1.3); without one, peers speak plain HTTP.
    ///   - admit: decides about each request by its head alone, on libmicrohttpd's own thread: it must be quick.
    package static func start(
        at address: ServerAddress, limits: ServerLimits = ServerLimits(), identity: TLSIdentity? = nil,
        admit: @escaping @Sendable (ServerRequest) -> Admission = { _ in .gather(most: nil) },
        handler: @escaping @Sendable (ServerRequest) async -> ServerResponse
    ) throws(HTTPServerError) -> HTTPServer {
        let core = ServerCore(limits: limits, admit: admit, handler: handler)
        return HTTPServer(try RunningServer(at: address, core: core, identity: identity))
    }

    /// Shows another certificate to peers that connect from now on.
    ///
    /// - Throws: when certificate and key are no good; then the server goes on with those that it has.
    package func replace(_ identity: TLSIdentity) throws(HTTPServerError) {
        try running.replace(identity)
    }

    /// A server that nobody stopped stops without a grace.
    deinit {
        let running = running
        Task { await running.stop(within: .zero, streamsWithin: .zero) }
    }

    /// Stops: no new connections and requests, then the requests under way get their answers, then what is left is cancelled and hung up on.
    ///
    /// - Parameters:
    ///   - grace: how long requests under way may take.
    ///   - streamGrace: how long streams may go on; most would never end by themselves.
    package func stop(
        within grace: Duration = .seconds(10), streamsWithin streamGrace: Duration = .seconds(1)
    ) async {
        await running.stop(within: grace, streamsWithin: streamGrace)
    }

    /// Serves until the task is cancelled, then stops.
    package func run(grace: Duration = .seconds(10)) async {
        let (never, continuation) = AsyncStream.makeStream(of: Void.self)
        for await _ in never {}
        continuation.finish()
        // In a task of its own: in this one, which is cancelled, no wait would wait.
        await Task { await stop(within: grace) }.value
    }
}
