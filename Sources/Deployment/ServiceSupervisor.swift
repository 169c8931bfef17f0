internal import Glibc
package import Runtime

/// Keeps the services of a local installation running: starts each, starts it again when it ends, and ends them all when it is told to.
///
/// It holds nothing that matters: killed, it leaves the services working, and the next one adopts them.
package struct ServiceSupervisor: Sendable {
    private let installation: Installation
    private let environment: [String: String]
    private let output: StructuredLog
    /// Waits between two starts of a service that keeps ending.
    private let backoff = Backoff(first: .milliseconds(100), most: .seconds(10))
    /// A service that lived as long as this has recovered: its next failure counts as the first.
    private let settledAfter = Duration.seconds(10)

    package init(installation: Installation, environment: [String: String], output: StructuredLog) {
        self.installation = installation
        self.environment = environment
        self.output = output
    }

    /// Runs until the task is cancelled; then every service has ended when this returns.
    package func run() async {
        await withTaskGroup(of: Void.self) { group in
            for service in LocalStack.services { group.addTask { await keep(service) } }
        }
    }

    private func keep(_ service: String) async {
        var failures = 0
        while !Task.isCancelled {
            let start = ContinuousClock.now
            do {
                if let processID = ProcessID.holder(of: installation.lock(of: service)) {
                    output.info("service adopted", ["service": service, "pid": "\(processID)"])
                    await untilGone(service)
                } else {
                    try await runOnce(service)
                }
            } catch {
                output.error(
                    "service cannot be started", ["service": service, "error": String(describing: error)])
            }
            if Task.isCancelled { break }
            failures = ContinuousClock.now - start > settledAfter ? 1 : failures + 1
            output.warning(
                "service ended, starting it again", ["service": service, "failures": "\(failures)"])
            try? await Task.sleep(for: backoff.delay(after: failures))
        }
        await end(service)
    }

    private func runOnce(_ service: String) async throws {
        let path = installation.logLines(of: service)
        let log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard log >= 0 else { throw SystemError("open \(path)") }
        defer { close(log) }
        let child = try ChildProcess.start(
            ChildProcess.Setup(
                program: ProgramFolder.program(service), environment: environment, standardOutput: log,
                standardError: log, group: .own))
        output.info("service started", ["service": service, "pid": "\(child.processID)"])
        let ended = Locked(false)
        try await withTaskCancellationHandler {
            let (exit, _) = try await child.wait()
            ended.withLock { $0 = true }
            output.info("service ended", ["service": service, "exit": "\(exit)"])
        } onCancel: {
            // Not after the wait: the process id may be somebody else's by then.
            ended.withLock { if !$0 { kill(child.processID, SIGTERM) } }
        }
    }

    /// Watches a service that another supervisor started, by its lock.
    private func untilGone(_ service: String) async {
        while !Task.isCancelled, FileLock.isHeld(installation.lock(of: service)) {
            try? await Task.sleep(for: .milliseconds(500))
        }
    }

    private func end(_ service: String) async {
        await ProcessID.end(holderOf: installation.lock(of: service), grace: LocalStack.grace)
    }
}
