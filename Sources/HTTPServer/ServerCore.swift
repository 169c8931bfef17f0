internal import CMicrohttpd
internal import Glibc
internal import Runtime

/// What all exchanges of a server share: who handles them, and which there are.
final class ServerCore: Sendable {
    /// How often exchanges are looked at for peers that hung up and deadlines that passed.
    private static let checkInterval = Duration.milliseconds(250)

    let limits: ServerLimits
    let admit: @Sendable (ServerRequest) -> Admission
    let handler: @Sendable (ServerRequest) async -> ServerResponse

    private struct State {
        var exchanges: [ObjectIdentifier: Exchange] = [:]
        /// When the first line of the next request has to be there, by the socket of each connection that has no request under way.
        var waiting: [Int32: ContinuousClock.Instant] = [:]
        var isStopping = false
        var bodyBytes = 0
        var checks: Task<Void, Never>?
    }

    private let state = Locked(State())

    init(
        limits: ServerLimits, admit: @escaping @Sendable (ServerRequest) -> Admission,
        handler: @escaping @Sendable (ServerRequest) async -> ServerResponse
    ) {
        self.limits = limits
        self.admit = admit
        self.handler = handler
    }

    /// Counts bytes of a body in; false when there are too many in memory already.
    func reserve(_ count: Int) -> Bool {
        state.withLock { state in
            guard state.bodyBytes + count <= limits.bodyMemory else { return false }
            state.bodyBytes += count
            return true
        }
    }

    func release(_ count: Int) {
        state.withLock { $0.bodyBytes -= count }
    }

    /// A new exchange, given up at once when the server is stopping.
    func begin(target: String, connection: Exchange.Connection?) -> Exchange {
        let exchange = Exchange(server: self, target: target, connection: connection)
        let isStopping = state.withLock { state in
            state.exchanges[ObjectIdentifier(exchange)] = exchange
            if let connection { state.waiting[cmhd_connection_socket(connection.handle)] = nil }
            startChecks(&state)
            return state.isStopping
        }
        if isStopping { exchange.abort(.stopping) }
        return exchange
    }

    /// The exchange is over; another one may follow on its connection.
    func remove(_ exchange: Exchange, onSocket socket: Int32?) {
        state.withLock { _ = $0.exchanges.removeValue(forKey: ObjectIdentifier(exchange)) }
        if let socket { waits(onSocket: socket) }
    }

    /// A connection waits for the first line of a request. libmicrohttpd would wait for as long as a byte comes now and then.
    func waits(onSocket socket: Int32) {
        state.withLock { state in
            state.waiting[socket] = .now + limits.requestTimeout
            startChecks(&state)
        }
    }

    /// A connection is about to be closed: its number may soon be another one's.
    func forget(socket: Int32) {
        state.withLock { _ = $0.waiting.removeValue(forKey: socket) }
    }

    private func startChecks(_ state: inout State) {
        if state.checks == nil { state.checks = Task { await self.check() } }
    }

    /// Ends connections that have waited for too long. Under the lock, so that none of the sockets is closed meanwhile.
    private func hangUp(_ state: inout State, at now: ContinuousClock.Instant) {
        for (socket, deadline) in state.waiting where deadline < now {
            state.waiting[socket] = nil
            // libmicrohttpd's thread sees it end, and closes it.
            shutdown(socket, Int32(SHUT_RDWR))
        }
    }

    /// Everything under way.
    var exchanges: [Exchange] { state.withLock { Array($0.exchanges.values) } }

    /// From now on new requests are refused.
    func beginStopping() {
        state.withLock { $0.isStopping = true }
    }

    /// Looks at all exchanges and connections now and then, as long as there are any.
    private func check() async {
        while true {
            // Nobody cancels this; it ends with the exchanges.
            try? await Task.sleep(for: ServerCore.checkInterval)
            let now = ContinuousClock.now
            let exchanges = state.withLock { state -> [Exchange]? in
                hangUp(&state, at: now)
                if state.exchanges.isEmpty, state.waiting.isEmpty {
                    state.checks = nil
                    return nil
                }
                return Array(state.exchanges.values)
            }
            guard let exchanges else { return }
            for exchange in exchanges { exchange.check(at: now) }
        }
    }
}
