import HTTPServer
package import JSON
import Runtime

/// An API server for tests, in this process: strict about what a real one refuses. README.md has its rules and where each comes from.
///
///     let cluster = try KubernetesStandIn()
///     try cluster.makeNamespace("bai")
///     let client = KubernetesClient(cluster.connection)
package final class KubernetesStandIn: Sendable {
    /// The token of an administrator.
    package static let adminToken = "the-administrators-token"
    /// How often the garbage collector and the bookmarks look whether there is something for them.
    private static let tick = Duration.milliseconds(20)

    let state = Locked(StandInState())
    private let server: Locked<HTTPServer?>
    private let ticking = Locked<Task<Void, Never>?>(nil)
    package let port: UInt16

    package init() throws {
        server = Locked(nil)
        state.withLock {
            $0.users[KubernetesStandIn.adminToken] = StandInUser("admin", groups: ["system:masters"])
        }
        let relay = Relay()
        let running = try KubernetesStandIn.listen(port: 0, relay)
        guard case .tcp(_, let port) = running.address else {
            preconditionFailure("it listens at a TCP port")
        }
        self.port = port
        relay.target.withLock { $0 = WeakStandIn(self) }
        server.withLock { $0 = running }
        startTicking()
        for name in ["default", "kube-system"] { try makeNamespace(name) }
    }

    deinit { ticking.withLock { $0?.cancel() } }

    package var url: String { "http://127.0.0.1:\(port)" }

    /// A kubeconfig for somebody with `token`.
    package func kubeconfig(token: String = adminToken, namespace: String = "default") -> String {
        """
        apiVersion: v1
        kind: Config
        current-context: stand-in
        clusters: [{name: stand-in, cluster: {server: "\(url)"}}]
        users: [{name: user, user: {token: "\(token)"}}]
        contexts: [{name: stand-in, context: {cluster: stand-in, user: user, namespace: "\(namespace)"}}]
        """
    }

    // MARK: Running

    /// Hands requests on without keeping the stand-in alive.
    private final class Relay: Sendable {
        let target = Locked(WeakStandIn(nil))
    }

    private struct WeakStandIn: Sendable {
        weak let standIn: KubernetesStandIn?
        init(_ standIn: KubernetesStandIn?) { self.standIn = standIn }
    }

    private static func listen(port: UInt16, _ relay: Relay) throws -> HTTPServer {
        var limits = ServerLimits()
        limits.connections = 2000
        limits.requestTimeout = .seconds(600)
        return try HTTPServer.start(at: .tcp(host: "127.0.0.1", port: port), limits: limits) { request in
            guard let standIn = relay.target.withLock({ $0.standIn }) else {
                return ServerResponse(status: 503)
            }
            return await standIn.answer(request)
        }
    }

    private func startTicking() {
        let here = WeakStandIn(self)
        ticking.withLock { $0 = Task { await KubernetesStandIn.keepTicking(here) } }
    }

    private static func keepTicking(_ here: WeakStandIn) async {
        while !Task.isCancelled, let standIn = here.standIn {
            standIn.change { state in
                state.play()
                guard state.collectedRevision != state.cluster.revision else { return }
                // Until it finds nothing more: a chain of owners goes in one tick.
                while state.cluster.collectGarbage(now: WallClock.nowText) {}
                state.collectedRevision = state.cluster.revision
            }
            // The collector's own pace, not a wait for something.
            try? await Task.sleep(for: tick)
        }
    }

    /// Stops for good.
    package func stop() async {
        ticking.withLock { $0?.cancel() }
        breakStreams()
        let running = server.withLock { server in
            defer { server = nil }
            return server
        }
        await running?.stop(within: .milliseconds(100), streamsWithin: .zero)
    }

    /// Goes down with all its connections, and comes back at the same port with what it had stored.
    package func restart(while down: () async throws -> Void = {}) async throws {
        await stop()
        try await down()
        let relay = Relay()
        relay.target.withLock { $0 = WeakStandIn(self) }
        let running = try KubernetesStandIn.listen(port: port, relay)
        server.withLock { $0 = running }
        startTicking()
    }

    // MARK: What tests do to it

    /// Changes the state, and rings whoever waits for changes of the cluster.
    @discardableResult
    func change<Result, Failure: Error>(
        _ body: (inout StandInState) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try state.withLock { state throws(Failure) in
            let before = state.cluster.revision
            defer { if state.cluster.revision != before { for bell in state.bells.values { bell.yield() } } }
            return try body(&state)
        }
    }

    /// Lets somebody in.
    package func add(_ user: StandInUser, token: String) {
        state.withLock { $0.users[token] = user }
    }

    /// Lets a token expire.
    package func revoke(token: String) {
        state.withLock { $0.users[token] = nil }
    }

    package func inject(_ fault: Fault) {
        state.withLock { $0.faults.append(fault) }
    }

    /// Makes a kind be served, as a custom resource definition does.
    package func install(_ kind: ServedKind) {
        state.withLock { $0.kinds.append(kind) }
    }

    package func makeNamespace(_ name: String, labels: [String: String] = [:]) throws {
        try store(
            .namespace,
            [
                "metadata": [
                    "name": .string(name), "labels": .object(labels.mapValues { .string($0) }),
                ]
            ])
    }

    /// Puts an object there, past all rules: what a controller or somebody else made.
    @discardableResult
    package func store(_ kind: ServedKind, _ object: JSONValue) throws -> JSONValue {
        change { state in
            var object = Defaults.fill(object, kind)
            object["apiVersion"] = .string(kind.apiVersion)
            object["kind"] = .string(kind.kind)
            if object.uid.isEmpty { object["metadata"]?["uid"] = .string(state.cluster.makeUID()) }
            if object["metadata"]?["creationTimestamp"] == nil {
                object["metadata"]?["creationTimestamp"] = .string(WallClock.nowText)
            }
            return state.cluster.put(kind, object)
        }
    }

    /// Puts an object of a kind there that is named as paths name it.
    @discardableResult
    package func store(_ plural: String, _ object: JSONValue) throws -> JSONValue {
        try store(kind(plural), object)
    }

    /// Changes an object as a controller does; nothing happens where there is none.
    package func update(
        _ plural: String, _ namespace: String?, _ name: String, _ body: (inout JSONValue) -> Void
    ) {
        let kind = kind(plural)
        change { state in
            guard var object = state.cluster.object(kind, namespace, name) else { return }
            body(&object)
            _ = state.cluster.put(kind, object)
        }
    }

    /// Removes an object at once, whatever holds it.
    package func remove(_ plural: String, _ namespace: String?, _ name: String) {
        let kind = kind(plural)
        change { _ = $0.cluster.remove(kind, namespace, name) }
    }

    /// Asks for an object to go, as a user does: what it owns goes afterwards.
    package func delete(_ plural: String, _ namespace: String?, _ name: String) {
        let kind = kind(plural)
        change { state in
            guard let object = state.cluster.object(kind, namespace, name) else { return }
            // No precondition is named, so that nothing refuses it.
            _ = try? state.cluster.delete(
                object, kind, options: ["propagationPolicy": "Background"], now: WallClock.nowText)
        }
    }

    package func object(_ plural: String, _ namespace: String?, _ name: String) -> JSONValue? {
        let kind = kind(plural)
        return state.withLock { $0.cluster.object(kind, namespace, name) }
    }

    package func objects(_ plural: String, in namespace: String? = nil) -> [JSONValue] {
        let kind = kind(plural)
        return state.withLock { $0.cluster.collection(kind, in: namespace) }
    }

    private func kind(_ plural: String) -> ServedKind {
        guard let kind = state.withLock({ $0.kinds.first { $0.plural == plural } }) else {
            preconditionFailure("the stand-in serves no \(plural)")
        }
        return kind
    }

    /// Forgets the past: watches and lists in chunks that began in it end with 410.
    package func compact() {
        state.withLock { state in
            state.cluster.compact()
            for bell in state.bells.values { bell.yield() }
        }
    }

    /// Breaks every stream off.
    package func breakStreams() {
        state.withLock { state in
            state.generation += 1
            for bell in state.bells.values { bell.yield() }
        }
    }

    /// Watches that begin from now on tell so many earlier changes once more, as one from a server that lags behind.
    package func repeatEvents(_ count: Int) {
        state.withLock { $0.repeatsEvents = count }
    }

    /// The requests so far: `GET /api/v1/pods`.
    package var requests: [String] { state.withLock { $0.requests } }

    /// Forgets the requests so far.
    package func forgetRequests() { state.withLock { $0.requests = [] } }

    // MARK: Logs

    /// A container prints a line.
    package func print(
        _ text: String, pod: String, in namespace: String, container: String, time: Int64? = nil
    ) {
        state.withLock { state in
            state.logs["\(namespace)/\(pod)/\(container)", default: PodLog()].lines.append(
                PodLog.Line(time: time ?? WallClock.now, text: text))
            for bell in state.bells.values { bell.yield() }
        }
    }

    /// What a container has printed since it was started last.
    package func lines(pod: String, in namespace: String, container: String) -> [String] {
        state.withLock { $0.logs["\(namespace)/\(pod)/\(container)"]?.lines.map(\.text) ?? [] }
    }

    /// A container ends: who follows it reads to its last line.
    package func endLog(pod: String, in namespace: String, container: String) {
        state.withLock { state in
            state.logs["\(namespace)/\(pod)/\(container)", default: PodLog()].isOpen = false
            for bell in state.bells.values { bell.yield() }
        }
    }
}
