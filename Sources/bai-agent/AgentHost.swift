import AgentService
import FoundationEssentials
import JobRunner
import MessageLog
import Runtime
import SQLiteLog

/// What this installation has for an agent.
enum AgentHost {
    static func make() -> SupervisorHost {
        let environment = ProcessInfo.processInfo.environment
        // The services' time, so that an attempt does not begin before it was asked for.
        let time = SystemTime(anchor: environment["BAI_CLOCK"].flatMap { ClockAnchor.read($0) })
        return SupervisorHost(
            environment: environment,
            // This very program, also when its file was replaced by a newer one meanwhile.
            program: "/proc/self/exe",
            openLog: { settings async throws(MessageLogError) in try await open(settings, time) },
            time: time, failPoints: FailPoints(environment: environment))
    }

    /// In a container there is no more than that.
    static func makePod(_ folders: PodFolders) -> PodHost {
        let environment = ProcessInfo.processInfo.environment
        return PodHost(
            environment: environment, folders: folders, failPoints: FailPoints(environment: environment))
    }

    /// The topics are there: the run came from them.
    private static func open(
        _ settings: LocalSettings, _ time: SystemTime
    ) async throws(MessageLogError) -> any MessageLog {
        guard let path = settings.messageLog else {
            throw MessageLogError(.unknownTopic, "the attempt was not told where the message log is")
        }
        return try await SQLiteLog.open(path, time: time)
    }
}
