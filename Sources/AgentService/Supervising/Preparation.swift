internal import CLinux
internal import Descriptors
package import Events
internal import Glibc
package import JobRunner
internal import Runtime

/// Why an attempt cannot run at all.
package struct Refusal: Error, Equatable, Sendable {
    package var reason: Reason
    package var message: String
    package var failure: FailureClass

    package init(_ reason: Reason, _ message: String, failure: FailureClass) {
        self.reason = reason
        self.message = message
        self.failure = failure
    }
}

/// Everything that an attempt's program needs, in its place.
package struct Preparation: Sendable {
    package let command: BenchmarkCommand
    package let variables: [String: String]

    /// Fills the attempt's folder.
    ///
    /// - Parameter services: the environment of the services.
    package init(
        _ order: AttemptOrder, folder: AttemptFolder, services: [String: String]
    ) throws(Refusal) {
        try Preparation.check(order.job.run.descriptor)
        do {
            let materials = try Material.all(for: order.job)
            let environment = try BenchmarkEnvironment(
                order, folder: folder, services: services, materials: materials)
            variables = environment.variables
            command = try BenchmarkCommand(
                order.job.run.descriptor.ml, environment: environment.expandable)
            try MaterialPlacement.place(materials, in: folder)
            try Preparation.makeReportingFiles(folder)
        } catch let error as BenchmarkCommand.Failure {
            throw Refusal(error.reason, error.message, failure: .benchmark)
        } catch let error as SecretError {
            throw Refusal(.secretUnavailable, error.message, failure: .benchmark)
        } catch let error as JobRunnerError {
            throw Refusal(error.reason, error.message, failure: .infrastructure)
        } catch {
            throw Refusal(
                .startFailed, "the attempt's folder cannot be filled: \(error)", failure: .infrastructure)
        }
    }

    /// Refuses what needs more than the processes of one machine.
    private static func check(_ descriptor: Descriptor) throws(Refusal) {
        let strategy = descriptor.hardware.strategy
        if strategy != .singleNode {
            throw Refusal(
                .unsupported,
                "hardware.strategy = \"\(strategy.rawValue)\" needs Kubernetes: local processes run single_node only",
                failure: .benchmark)
        }
        let engine = descriptor.info.executionEngine
        if engine != .installation {
            throw Refusal(
                .unsupported, "info.execution_engine = \"\(engine.rawValue)\" is not available here",
                failure: .benchmark)
        }
    }

    /// They are there before the benchmark, so that nothing it writes is missed.
    private static func makeReportingFiles(_ folder: AttemptFolder) throws(SystemError) {
        let metrics = open(folder.metrics, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
        guard metrics >= 0 else { throw SystemError("make \(folder.metrics)") }
        close(metrics)
        guard mkfifo(folder.fifo, 0o600) == 0 || errno == EEXIST else {
            throw SystemError("make \(folder.fifo)")
        }
    }
}
