internal import CommandLineArguments
internal import Configuration
internal import Diagnostics
internal import FoundationEssentials
internal import Glibc
internal import HTTPServer
package import MessageLog
package import Runtime
package import ServiceLoop
internal import SQLiteLog

/// What a service is made of: where it runs, what it talks to, where it reports.
package struct ServiceContext: Sendable {
    package var installation: Installation
    package var environment: [String: String]
    package var settings: InstallationSettings.Resolved
    package var log: any MessageLog
    package var output: StructuredLog
    package var time: any TimeSource
    package var failPoints: FailPoints
    package var node: ServiceNode
}

/// The frame of every service's executable: reads the environment, opens the log, runs until it is told to end, and closes in order.
///
///     await ServiceProgram.run("bai-fetcher") { context in FetcherService(context.installation.objects) }
package enum ServiceProgram {
    /// Runs a service that is a subject of the service loop. Does not return.
    package static func run<S: Subject>(
        _ service: String, subject: @escaping @Sendable (ServiceContext) async throws -> S
    ) async -> Never {
        await run(service) { context in
            var settings = ServiceLoop<S>.Settings()
            settings.lease = context.settings.settings[InstallationSettings.lease].duration
            let loop = ServiceLoop(
                subject: try await subject(context), log: context.log, node: context.node, time: context.time,
                failPoints: context.failPoints, output: context.output, settings: settings)
            let socket = ServerAddress.unixSocket(
                context.installation.healthSocket(of: context.node.service))
            let addresses = [socket] + [try context.settings.healthAddress()].compactMap { $0 }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for address in addresses {
                    let health = HealthEndpoint(of: loop.health, at: address, time: context.time)
                    group.addTask { await health.run(output: context.output) }
                }
                try await loop.run()
                group.cancelAll()
            }
        }
    }

    /// Runs `body` until it returns or the process is told to end; then the task is cancelled and has `LocalStack.grace` to finish.
    package static func run(
        _ service: String, body: @escaping @Sendable (ServiceContext) async throws -> Void
    ) async -> Never {
        // Writing to a peer that has gone is an error to handle, no reason to die.
        signal(SIGPIPE, SIG_IGN)
        let environment = ProcessInfo.processInfo.environment
        let output = StructuredLog(service: service)
        do {
            exit(try await serve(service, environment: environment, body: body).rawValue)
        } catch let error as InstallationSettings.Invalid {
            output.error("settings are not valid", ["error": error.description])
            exit(ExitCode.usage.rawValue)
        } catch {
            output.error("service cannot go on", ["error": String(describing: error)])
            exit(ExitCode.internalError.rawValue)
        }
    }

    private static func serve(
        _ service: String, environment: [String: String],
        body: @escaping @Sendable (ServiceContext) async throws -> Void
    ) async throws -> ExitCode {
        let installation = Installation(environment: environment)
        try installation.prepare()
        let settings = try InstallationSettings.resolve(installation, environment: environment)
        let level = LogLevel(rawValue: settings.settings[InstallationSettings.logLevel]) ?? .info
        let output = StructuredLog(service: service, least: level)
        for warning in settings.warnings { output.warning("settings", ["problem": warning.description]) }
        // The lock says who runs here; a second instance, started on purpose by another name, shares the partitions.
        let name = environment["BAI_INSTANCE"].map { "\(service)-\($0)" } ?? service
        guard let lock = try await ProcessID.claim(installation.lock(of: name)) else {
            output.warning("runs already", ["lock": installation.lock(of: name)])
            return .conflict
        }
        let time = sharedTime(installation, output)
        let log = try await openLog(installation, time: time)
        let context = ServiceContext(
            installation: installation, environment: environment, settings: settings, log: log,
            output: output,
            time: time,
            failPoints: FailPoints(environment: environment), node: .current(service))
        try await untilTold { try await body(context) }
        await log.close()
        return withExtendedLifetime(lock) { .ok }
    }

    /// The time that all programs of the installation agree about.
    private static func sharedTime(_ installation: Installation, _ output: StructuredLog) -> SystemTime {
        do {
            return SystemTime(anchor: try ClockAnchor.share(installation.clock))
        } catch {
            // A disk that is full: a time of one's own is better than none.
            output.warning("the time cannot be shared", ["error": error.description])
            return SystemTime()
        }
    }

    /// The installation's message log, with all topics made.
    package static func openLog(
        _ installation: Installation, time: any TimeSource = SystemTime()
    ) async throws -> any MessageLog {
        let log = try await SQLiteLog.open(installation.logFile, time: time)
        try await log.create(Topics.all())
        return MeasuredLog(log)
    }

    private static func untilTold(_ body: @escaping @Sendable () async throws -> Void) async throws {
        let isTold = Locked(false)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask(operation: body)
            group.addTask {
                await ShutdownSignals.wait()
                isTold.withLock { $0 = true }
            }
            try await group.next()
            group.cancelAll()
            // What is cancelled may end by saying so.
            do { try await group.waitForAll() } catch  where isTold.withLock({ $0 }) {}
        }
    }
}
