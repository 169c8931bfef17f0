import AgentService
import Glibc

exit(
    AgentProgram.run(
        Array(CommandLine.arguments.dropFirst()), host: AgentHost.make, pod: AgentHost.makePod))
