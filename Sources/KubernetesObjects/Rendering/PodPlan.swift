internal import Descriptors
internal import Events
internal import Runtime

/// One kind of pod of an attempt, in the descriptor's words: what client and server, ranks and launcher have in common.
struct PodPlan {
    var role: PodRole
    /// The descriptor's table that says it, for messages: `env`, `server.env`.
    var table: String
    var image: String
    var isPrivileged: Bool
    var extendedShm: Bool
    var variables: [String: String]
    /// The command as the descriptor has it; empty for the image's own.
    var command: String
    /// The keys that `command` and `arguments` are written under.
    var commandKey: String
    var arguments: String
    var argumentsKey: String
    var hardware: Hardware
    var metrics: [Descriptor.Metric]
    /// What is put into the pod.
    var contents: [FetchedContent]
    /// Processes of each machine, or MPI's slots.
    var slots = 1

    /// Processes that the agent starts at once in each pod. MPI's launcher starts them itself, and so does an image's own command.
    var processes: Int { role == .rank && isWrapped ? slots : 1 }

    /// What a pod needs of a machine.
    struct Hardware {
        var key: String
        var instanceType: String
        /// nil where nobody can tell.
        var gpus: Int?
        var cpus: Int?
        var memory: ByteSize?
    }

    /// The installation's secrets that the variables name.
    var secrets: [String] { variables.values.flatMap(SecretPlaceholder.names) }

    /// Whether the agent can start the command: it does not know the image's own.
    var isWrapped: Bool { !command.allSatisfy(\.isWhitespace) }
}

extension PodPlan {
    /// The plan of the descriptor's own container, in `role`.
    init(_ role: PodRole, _ request: AttemptRequest) {
        let descriptor = request.run.descriptor
        let hardware = descriptor.hardware
        self.init(
            role: role, table: "env", image: descriptor.env.dockerImage,
            isPrivileged: descriptor.env.privileged,
            extendedShm: descriptor.env.extendedShm, variables: descriptor.env.vars,
            command: descriptor.ml?.benchmarkCode ?? "", commandKey: "ml.benchmark_code",
            arguments: descriptor.ml?.args ?? "", argumentsKey: "ml.args",
            hardware: Hardware(
                key: "hardware", instanceType: hardware.instanceType,
                gpus: hardware.gpus ?? InstanceTypes.gpus(of: hardware.instanceType), cpus: hardware.cpus,
                memory: hardware.memory ?? descriptor.run.limits.memory),
            metrics: descriptor.output?.metrics ?? [],
            // Models are the server's.
            contents: request.contents.filter { $0.role != .model })
        slots = hardware.processes
    }

    /// The plan of an inference benchmark's server.
    init(server: Descriptor.Server, _ request: AttemptRequest) {
        self.init(
            role: .server, table: "server.env", image: server.env.dockerImage,
            isPrivileged: server.env.privileged,
            extendedShm: server.env.extendedShm, variables: server.env.vars,
            command: server.env.startCommand, commandKey: "server.env.start_command",
            arguments: server.env.startCommandArgs ?? "", argumentsKey: "server.env.start_command_args",
            hardware: Hardware(
                key: "server.hardware", instanceType: server.hardware.instanceType,
                gpus: server.hardware.gpus ?? InstanceTypes.gpus(of: server.hardware.instanceType),
                cpus: server.hardware.cpus, memory: server.hardware.memory),
            metrics: server.output?.metrics ?? [],
            contents: request.contents.filter { $0.role == .model })
    }

    /// The words of the command, with `$(NAME)` in them as they are.
    ///
    /// - Throws: what is wrong with the quotes, with its key.
    func words() throws(RenderFailure) -> [String] {
        try PodPlan.split(command, commandKey) + PodPlan.split(arguments, argumentsKey)
    }

    private static func split(_ text: String, _ key: String) throws(RenderFailure) -> [String] {
        do throws(ShellWords.Failure) {
            return try ShellWords.split(text)
        } catch {
            throw RenderFailure(problems: [
                RenderProblem(key, "cannot be split into words: \(error)")
            ])
        }
    }
}
