internal import Glibc
package import Runtime

/// The services of one machine, seen from outside: whether they run, starting them, ending them.
package struct LocalStack: Sendable {
    /// The programs that make up a local installation, in the order in which people read them.
    package static let services = [
        "bai-bff", "bai-fetcher", "bai-executor", "bai-watcher", "bai-metrics-pusher", "bai-analyzer",
    ]
    /// How long a service has to finish what it has begun.
    package static let grace = Duration.seconds(10)
    private static let supervisor = "supervisor"

    package let installation: Installation
    private let environment: [String: String]

    package init(installation: Installation, environment: [String: String]) {
        self.installation = installation
        self.environment = environment
    }

    /// One service's state.
    package struct ServiceState: Sendable, Equatable {
        package var name: String
        /// nil while it does not run.
        package var processID: Int32?
    }

    /// The supervisor's process id; nil while none runs.
    package var supervisorProcessID: Int32? {
        ProcessID.holder(of: installation.lock(of: LocalStack.supervisor))
    }

    /// Which services run.
    package func states() -> [ServiceState] {
        LocalStack.services.map {
            ServiceState(name: $0, processID: ProcessID.holder(of: installation.lock(of: $0)))
        }
    }

    /// Starts the supervisor in the background, unless one runs. It starts the services; wait for the API to know that they are up.
    ///
    /// - Parameter program: the command line tool, which is the supervisor when told `up --foreground`.
    package func start(program: String) throws(SystemError) {
        try installation.prepare()
        if supervisorProcessID != nil { return }
        let path = installation.logLines(of: LocalStack.supervisor)
        let log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard log >= 0 else { throw SystemError("open \(path)") }
        defer { close(log) }
        _ = try ChildProcess.start(
            ChildProcess.Setup(
                program: program, arguments: ["up", "--foreground"], environment: childEnvironment,
                directory: "/",
                standardOutput: log, standardError: log, group: .ownSession))
    }

    /// Is the supervisor, until SIGTERM or SIGINT.
    ///
    /// - Returns: false when another one runs already.
    package func supervise(output: StructuredLog) async throws(SystemError) -> Bool {
        try installation.prepare()
        guard let lock = try await ProcessID.claim(installation.lock(of: LocalStack.supervisor)) else {
            return false
        }
        renewClock(output)
        let supervisor = ServiceSupervisor(
            installation: installation, environment: childEnvironment, output: output)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await supervisor.run() }
            group.addTask { await ShutdownSignals.wait() }
            await group.next()
            group.cancelAll()
        }
        return withExtendedLifetime(lock) { true }
    }

    /// Goes by the wall clock as it is now, if nothing runs that goes by what it was. So a clock that was wrong is right again after `baictl down` and
    /// `baictl up`, and what one of the services does meanwhile is never at odds with the others.
    private func renewClock(_ output: StructuredLog) {
        guard states().allSatisfy({ $0.processID == nil }), runningAttempts().isEmpty else { return }
        do {
            try ClockAnchor.renew(installation.clock)
        } catch {
            output.warning("the time cannot be shared", ["error": error.description])
        }
    }

    /// Ends the supervisor, every service, also those that a killed supervisor left, and the attempts that run. None runs any more when this returns.
    ///
    /// - Returns: how many attempts were cut short.
    package func stop() async -> Int {
        // Twice the grace: the supervisor gives each service the whole of it.
        await ProcessID.end(
            holderOf: installation.lock(of: LocalStack.supervisor), grace: LocalStack.grace * 2)
        await withTaskGroup(of: Void.self) { group in
            for service in LocalStack.services {
                let lock = installation.lock(of: service)
                group.addTask { await ProcessID.end(holderOf: lock, grace: LocalStack.grace) }
            }
        }
        return await interruptAttempts()
    }

    private var childEnvironment: [String: String] {
        // What baictl shows to servers is none of the services' business, nor of whoever can look into their environment.
        environment.merging(["BAI_HOME": installation.home]) { $1 }.filter { $0.key != "BAI_TOKEN" }
    }
}
