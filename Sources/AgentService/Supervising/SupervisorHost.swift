package import JobRunner
package import MessageLog
package import Runtime

/// What a supervisor has around it, apart from its attempt.
package struct SupervisorHost: Sendable {
    /// Opens the message log that the settings name; called until it works.
    package typealias LogOpener = @Sendable (LocalSettings) async throws(MessageLogError) -> any MessageLog

    /// The environment of the services.
    package var environment: [String: String]
    /// The path of this program.
    package var program: String
    package var openLog: LogOpener
    package var time: any TimeSource
    package var failPoints: FailPoints
    package var log: StructuredLog

    package init(
        environment: [String: String], program: String, openLog: @escaping LogOpener,
        time: any TimeSource = SystemTime(), failPoints: FailPoints = .none,
        log: StructuredLog = StructuredLog(service: "agent")
    ) {
        self.environment = environment
        self.program = program
        self.openLog = openLog
        self.time = time
        self.failPoints = failPoints
        self.log = log
    }
}
