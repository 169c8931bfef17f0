import AgentCourier
import AgentService
import FoundationEssentials
import Glibc
import Runtime

let environment = ProcessInfo.processInfo.environment
exit(
    CourierProgram.run(Array(CommandLine.arguments.dropFirst())) { folders in
        PodHost(
            environment: environment, folders: folders, failPoints: FailPoints(environment: environment))
    })
