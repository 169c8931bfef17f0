internal import Descriptors
package import Events
internal import FoundationEssentials
internal import Glibc
package import Runtime

/// Runs attempts as processes of this machine, each under a supervisor of its own (`bai-agent supervise`) that outlives whoever started it.
///
/// All there is to know about an attempt is in its folder. Several runners, in several programs, may use the same folders at once.
package actor LocalRunner: JobRunner {
    package nonisolated let name = "local"

    private let executor = QueueExecutor(label: "job-runner.local")
    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private let attempts: String
    private let agent: String
    private let environment: [String: String]
    private let settings: LocalSettings
    private let time: any TimeSource
    private let watcher: AttemptWatcher

    /// - Parameters:
    ///   - attempts: the folder of all attempts' folders.
    ///   - agent: the path of the program `bai-agent`.
    ///   - environment: of the supervisors. Benchmarks get only what `settings` names of it.
    package init(
        attempts: String, agent: String, environment: [String: String],
        settings: LocalSettings = LocalSettings(),
        time: any TimeSource = SystemTime()
    ) {
        self.attempts = attempts
        self.agent = agent
        self.environment = environment
        self.settings = settings
        self.time = time
        watcher = AttemptWatcher(time: time)
    }

    deinit { watcher.close() }

    package nonisolated func reference(run: String, attempt: Int) -> String {
        AttemptReference(run: run, number: attempt).description
    }

    /// The folder of an attempt: where its output and its records are.
    package nonisolated func folder(_ reference: String) throws(JobRunnerError) -> AttemptFolder {
        folder(of: try AttemptReference(reference))
    }

    package func isKnown(_ reference: String) async throws(JobRunnerError) -> Bool {
        let folder = try folder(reference)
        return folder.isStarted || folder.isEnded
    }

    package func start(_ job: JobSpecification, in slot: Slot?) async throws(JobRunnerError) -> String {
        let reference = AttemptReference(run: job.runID, number: job.attempt.number)
        try AttemptReference.check(run: job.runID)
        let folder = folder(of: reference)
        if folder.isStarted || folder.isEnded { return reference.description }
        do {
            try folder.make()
            try folder.write(AttemptOrder(job: job, settings: settings), to: folder.order)
            try Supervision.start(folder, agent: agent, environment: environment, slot: slot)
        } catch let error as SystemError {
            throw JobRunnerError(
                .startFailed, "cannot start attempt \(reference): \(error)", isTransient: true)
        } catch let error as JobRunnerError {
            throw error
        } catch {
            throw JobRunnerError(.startFailed, "cannot start attempt \(reference): \(error)")
        }
        return reference.description
    }

    package func stop(
        _ reference: String, grace: Duration, reason: Reason
    ) async throws(JobRunnerError) {
        let attempt = try AttemptReference(reference)
        let folder = folder(of: attempt)
        if folder.isEnded { return }
        do throws(SystemError) {
            try folder.make()
            // The supervisor sees the file appear. What no supervisor has in hand is settled here.
            try folder.write(StopRequest(grace: TimeSpan(grace), reason: reason), to: folder.stop)
            try Settlement.settle(folder, attempt, now: time.now)
        } catch {
            throw JobRunnerError(
                .internalError, "cannot stop attempt \(reference): \(error)", isTransient: true)
        }
    }

    package nonisolated func observe(_ reference: String) -> AsyncStream<JobObservation> {
        do throws(JobRunnerError) {
            let attempt = try AttemptReference(reference)
            return watcher.observe(folder(of: attempt), attempt)
        } catch {
            let outcome = AttemptOutcome(
                status: .error, reason: error.reason, message: error.message, failure: .infrastructure,
                finished: time.now)
            return AsyncStream { continuation in
                continuation.yield(.finished(outcome))
                continuation.finish()
            }
        }
    }

    package func remove(run: String) async throws(JobRunnerError) {
        try AttemptReference.check(run: run)
        let path = "\(attempts)/\(run)"
        guard access(path, F_OK) == 0 else { return }
        let numbers = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        for number in numbers where FileLock.isHeld(AttemptFolder("\(path)/\(number)").lock) {
            throw JobRunnerError(
                .internalError,
                "attempt \(run)/\(number) still runs: it cannot be removed before it has ended",
                isTransient: true)
        }
        do throws(SystemError) {
            try FolderRemoval.remove(path)
        } catch {
            throw JobRunnerError(.internalError, "cannot remove \(path): \(error)", isTransient: true)
        }
    }

    private nonisolated func folder(of attempt: AttemptReference) -> AttemptFolder {
        AttemptFolder("\(attempts)/\(attempt)")
    }
}
