import AgentService
import Deployment
import FoundationEssentials
import MessageLog
import Runtime

/// What this installation has for an agent.
enum AgentHost {
    static func make() -> SupervisorHost {
        let environment = ProcessInfo.processInfo.environment
        let installation = Installation(environment: environment)
        return SupervisorHost(
            environment: environment, program: ProgramFolder.program("bai-agent"),
            openLog: { () async throws(MessageLogError) in try await open(installation) },
            failPoints: FailPoints(environment: environment))
    }

    private static func open(_ installation: Installation) async throws(MessageLogError) -> any MessageLog {
        do {
            return try await ServiceProgram.openLog(installation)
        } catch let error as MessageLogError {
            throw error
        } catch {
            throw MessageLogError(.unavailable, "open the message log: \(error)")
        }
    }
}
