package import HTTPServer
package import MessageLog
package import MetricStore
package import ObjectStore
package import Runtime
package import ServiceLoop

/// The service behind the API: it keeps the read model up with the log, answers requests, and, since it is always there, keeps house in the log.
///
///     let service = BFFService(log: log, store: store, model: ReadModelFile(path: path), node: node)
///     try await service.serve(at: .unixSocket(path), network: listener)
package struct BFFService: Sendable {
    /// How often the log is tidied up, and how soon after the start: a machine that is never on for an hour needs it too.
    private static let maintenancePause = Duration.seconds(3600)
    private static let firstMaintenance = Duration.seconds(300)
    /// How often streams are woken without a reason, so that they can say that they are alive.
    private static let wakePause = Duration.seconds(5)

    /// How long requests under way may take when the service ends.
    private static let grace = Duration.seconds(5)

    /// A descriptor has at most a mebibyte, and JSON may write each of its bytes as six.
    private static var limits: ServerLimits {
        var limits = ServerLimits()
        limits.bodySize = 8 << 20
        return limits
    }

    let bff: BFF
    private let projector: Projector
    /// How far the read model has come.
    var progress: ProjectionProgress { projector.progress }
    private let changes = Changes()

    /// - Parameters:
    ///   - log: with the topics of an installation in it.
    ///   - model: the read model's file; it need not be there.
    ///   - objects: where uploads go, and what pods get; without it neither is possible.
    package init(
        log: any MessageLog, store: any MetricStore, model file: ReadModelFile, objects: FolderStore? = nil,
        node: ServiceNode,
        time: any TimeSource = SystemTime(), ids: any IDSource = RandomIDs(), output: StructuredLog? = nil,
        failPoints: FailPoints = .none
    ) {
        let output = output ?? StructuredLog(service: node.service)
        projector = Projector(log: log, file: file, changes: changes, output: output, failPoints: failPoints)
        let model = ReadModel(file: file, progress: projector.progress)
        bff = BFF(
            log: log, model: model, progress: projector.progress, changes: changes,
            measurements: Measurements(store: store),
            submitter: Submitter(
                log: log, model: model, progress: projector.progress, ids: ids, time: time, node: node,
                failPoints: failPoints),
            time: time, node: node, output: output, backlog: Backlog(log: log), objects: objects)
    }

    /// Makes the read model ready. Requests may be answered when this returns; what the model still has to take in, it takes in `run()`.
    package func open() async throws {
        try await projector.open()
    }

    /// Serves the API at `address`, whose file lets only its owner in, and to the network if that is wanted, until the task is cancelled.
    ///
    /// - Throws: `HTTPServerError` when an address cannot be listened on, `NetworkListenerError`; else what `open()` and `run()` throw.
    package func serve(at address: ServerAddress, network: NetworkListener? = nil) async throws {
        try await open()
        let server = try start(at: address, router, identity: nil)
        let remote = try network.map { try Remote($0, of: self) }
        // Not a child of this task: requests under way at the end still need the read model to follow the log.
        let work = Task { try await run() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                await withTaskGroup(of: Void.self) { servers in
                    servers.addTask { await server.run(grace: BFFService.grace) }
                    if let remote { servers.addTask { await remote.run(grace: BFFService.grace) } }
                }
                work.cancel()
            }
            group.addTask { try await work.value }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private func start(
        at address: ServerAddress, _ router: Router, identity: TLSIdentity?
    ) throws(HTTPServerError) -> HTTPServer {
        let server = try HTTPServer.start(
            at: address, limits: BFFService.limits, identity: identity, admit: { router.admit($0) },
            handler: { await router.answer($0) })
        bff.output.info("serving", ["address": "\(server.address)", "tls": "\(identity != nil)"])
        return server
    }

    /// The API's routes, for who may do everything.
    package var router: Router { bff.router() }

    /// The API's routes for the network, where tokens say who may do what.
    func router(for network: NetworkListener) -> Router {
        let users = UserTokenFile(path: network.tokens, output: bff.output)
        return bff.router(Gatekeeper(users: users, key: network.key, refusals: bff.accessRefusals))
    }

    /// The API as the network sees it.
    private struct Remote: Sendable {
        private let server: HTTPServer
        private let watch: IdentityWatch?
        private let identity: TLSIdentity?

        init(_ network: NetworkListener, of service: BFFService) throws {
            identity = try network.identity?.read()
            let server = try service.start(
                at: network.address, service.router(for: network), identity: identity)
            watch = network.identity.map {
                IdentityWatch(files: $0, server: server, output: service.bff.output)
            }
            self.server = server
        }

        func run(grace: Duration) async {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await server.run(grace: grace) }
                if let watch, let identity { group.addTask { try? await watch.run(from: identity) } }
            }
        }
    }

    /// Works until the task is cancelled.
    ///
    /// - Throws: what makes going on impossible: a log that is corrupt, a disk that cannot be written.
    package func run() async throws {
        bff.output.info("service started")
        do {
            try await runTogether([
                { try await projector.run() }, { try await tidyUp() }, { try await wakeStreams() },
            ])
        } catch is CancellationError {
            // The usual end.
        }
        bff.output.info("service stopped")
    }

    private func tidyUp() async throws {
        try await bff.time.sleep(for: BFFService.firstMaintenance)
        while !Task.isCancelled {
            do {
                let report = try await bff.log.maintain(now: bff.time.now)
                bff.output.info(
                    "log tidied up", ["expired": "\(report.expired)", "compacted": "\(report.compacted)"])
            } catch {
                // It comes again in an hour, and whatever is wrong with the log, its readers say.
                bff.output.warning("the log could not be tidied up", ["error": error.message])
            }
            try await bff.time.sleep(for: BFFService.maintenancePause)
        }
    }

    private func wakeStreams() async throws {
        while !Task.isCancelled {
            try await Task.sleep(for: BFFService.wakePause)
            changes.tellAll()
        }
    }
}
