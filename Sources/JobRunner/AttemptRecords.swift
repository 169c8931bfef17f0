package import Events
internal import Glibc
package import JSON
package import Runtime

/// What the supervisor of an attempt is told: `spec.json`.
package struct AttemptOrder: Codable, Equatable, Sendable {
    package var job: JobSpecification
    package var settings: LocalSettings

    package init(job: JobSpecification, settings: LocalSettings) {
        self.job = job
        self.settings = settings
    }

    /// The attempt's name in its processes' environment, `BAI_ATTEMPT_ID`: what is left of it is found by that.
    package var attemptID: String {
        AttemptReference(run: job.runID, number: job.attempt.number).description
    }
}

/// How this installation runs attempts on this machine.
package struct LocalSettings: Codable, Equatable, Sendable {
    /// Where the agent publishes: the path of the message log's file.
    package var messageLog: String?
    /// The folder with the client libraries, `python/` and `shell/` in it; nil where there is none.
    package var clientLibrary: String?
    /// Variables that benchmarks get from the services' own environment. Everything else they get is told in docs/descriptor.md: what happens to be
    /// set in the shell of whoever started the services is no part of a measurement.
    package var passedVariables: [String]
    /// How much of what an attempt prints is kept.
    package var logLimit: ByteSize
    /// How long the agent goes on trying to publish while the message log cannot be reached.
    package var publishDeadline: TimeSpan
    /// Whether an attempt whose neighbours kept the machine busy counts as disturbed.
    package var watchesNeighbours: Bool
    /// The folder of the installation's secrets; nil in an order of an earlier version.
    package var secrets: SecretFolder?

    package init(
        messageLog: String? = nil, clientLibrary: String? = nil,
        passedVariables: [String] = LocalSettings.usualVariables,
        logLimit: ByteSize = .mebibytes(64), publishDeadline: TimeSpan = .minutes(10),
        watchesNeighbours: Bool = true, secrets: SecretFolder? = nil
    ) {
        self.messageLog = messageLog
        self.clientLibrary = clientLibrary
        self.passedVariables = passedVariables
        self.logLimit = logLimit
        self.publishDeadline = publishDeadline
        self.watchesNeighbours = watchesNeighbours
        self.secrets = secrets
    }

    /// What this installation is set to: `BAI_CLIENT_LIB` names the folder of the client libraries, which else is looked for where it is installed
    /// (`PREFIX/share/benchmark-ai/client-lib` beside `PREFIX/bin`) and built (above `.build`).
    ///
    /// - Parameter programs: the folder of this installation's programs.
    package init(environment: [String: String], programs: String) {
        let folders = sequence(first: programs[...]) { path in path.lastIndex(of: "/").map { path[..<$0] } }
        let places = folders.flatMap { ["\($0)/share/benchmark-ai/client-lib", "\($0)/client-lib"] }
        let found = places.first { access("\($0)/python/benchmarkai", F_OK) == 0 }
        self.init(clientLibrary: environment["BAI_CLIENT_LIB"] ?? found)
    }

    /// What programs need in order to find their files, and nothing that changes what they compute.
    package static let usualVariables = [
        "PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR",
    ]

    private enum CodingKeys: String, CodingKey {
        case secrets
        case messageLog = "message_log"
        case clientLibrary = "client_library"
        case passedVariables = "passed_variables"
        case logLimit = "log_limit"
        case publishDeadline = "publish_deadline"
        case watchesNeighbours = "watches_neighbours"
    }
}

/// The attempt was taken in hand, once and for all: `started.json`.
package struct StartedRecord: Codable, Equatable, Sendable {
    package var supervisor: ProcessIdentity
    package var since: Timestamp

    package init(supervisor: ProcessIdentity, since: Timestamp) {
        self.supervisor = supervisor
        self.since = since
    }
}

/// The benchmark's program runs: `running.json`.
package struct RunningRecord: Codable, Equatable, Sendable {
    /// Leads the process group of the benchmark.
    package var process: ProcessIdentity
    package var since: Timestamp
    /// What the outcome will say of the machine, so that it is known of an attempt that vanishes too.
    package var environment: [String: JSONValue]

    package init(process: ProcessIdentity, since: Timestamp, environment: [String: JSONValue]) {
        self.process = process
        self.since = since
        self.environment = environment
    }
}

/// Somebody wants the attempt to end: `stop.json`.
package struct StopRequest: Codable, Equatable, Sendable {
    /// Between SIGTERM and SIGKILL.
    package var grace: TimeSpan
    package var reason: Reason

    package init(grace: TimeSpan, reason: Reason) {
        self.grace = grace
        self.reason = reason
    }
}
