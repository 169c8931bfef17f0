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
            if state.checks == nil { state.checks = Task { await self.check() } }
            return state.isStopping
        }
        if isStopping { exchange.abort(.stopping) }
        return exchange
    }

    func remove(_ exchange: Exchange) {
        state.withLock { _ = $0.exchanges.removeValue(forKey: ObjectIdentifier(exchange)) }
    }

    /// Everything under way.
    var exchanges: [Exchange] { state.withLock { Array($0.exchanges.values) } }

    /// From now on new requests are refused.
    func beginStopping() {
        state.withLock { $0.isStopping = true }
    }

    /// Looks at all exchanges now and then, as long as there are any.
    private func check() async {
        while true {
            // Nobody cancels this; it ends with the exchanges.
            try? await Task.sleep(for: ServerCore.checkInterval)
            let exchanges = state.withLock { state in
                if state.exchanges.isEmpty { state.checks = nil }
                return Array(state.exchanges.values)
            }
            if exchanges.isEmpty { return }
            let now = ContinuousClock.now
            for exchange in exchanges { exchange.check(at: now) }
        }
    }
}
