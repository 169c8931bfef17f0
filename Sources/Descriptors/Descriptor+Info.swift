package import Runtime

extension Descriptor {
    /// `[info]`: what the benchmark is.
    package struct Info: Codable, Equatable, Sendable {
        package var description: String
        /// The benchmark's name; with the labels it tells series apart.
        package var taskName: String?
        package var executionEngine: ExecutionEngine
        /// Benchmark AI's way to schedule: a cron expression, or `single_run`.
        package var scheduling: String
        package var labels: [String: String]

        package init(
            description: String, taskName: String? = nil, executionEngine: ExecutionEngine = .installation,
            scheduling: String = Info.singleRun, labels: [String: String] = [:]
        ) {
            self.description = description
            self.taskName = taskName
            self.executionEngine = executionEngine
            self.scheduling = scheduling
            self.labels = labels
        }

        /// The value of `scheduling` that means: now, once.
        package static let singleRun = "single_run"

        package enum CodingKeys: String, CodingKey {
            case description, scheduling, labels
            case taskName = "task_name"
            case executionEngine = "execution_engine"
        }

        package init(from decoder: any Decoder) throws {
            let keys = try decoder.container(keyedBy: CodingKeys.self)
            description = try keys.decode(String.self, forKey: .description)
            taskName = try keys.decodeIfPresent(String.self, forKey: .taskName)
            executionEngine = try keys.value(.executionEngine, or: .installation)
            scheduling = try keys.value(.scheduling, or: Info.singleRun)
            labels = try keys.value(.labels, or: [:])
        }
    }

    /// Who runs the benchmark.
    package enum ExecutionEngine: String, Codable, Equatable, Sendable, CaseIterable {
        /// Whatever the installation runs benchmarks with.
        case installation = "default"
        case sageMaker = "aws.sagemaker"
    }

    /// `[hardware]`: the machines it runs on.
    package struct Hardware: Codable, Equatable, Sendable {
        package var instanceType: String
        package var strategy: Strategy
        package var awsZoneID: String?
        package var availabilityZone: String?
        /// GPUs of one instance, where the instance type does not tell.
        package var gpus: Int?
        /// Cores of one container; nil: what the installation gives.
        package var cpus: Int?
        /// Memory of one container; nil: what the installation gives.
        package var memory: ByteSize?
        package var distributed: Distributed

        package init(
            instanceType: String, strategy: Strategy = .singleNode, awsZoneID: String? = nil,
            availabilityZone: String? = nil, gpus: Int? = nil, cpus: Int? = nil, memory: ByteSize? = nil,
            distributed: Distributed = Distributed()
        ) {
            self.instanceType = instanceType
            self.strategy = strategy
            self.awsZoneID = awsZoneID
            self.availabilityZone = availabilityZone
            self.gpus = gpus
            self.cpus = cpus
            self.memory = memory
            self.distributed = distributed
        }

        package enum CodingKeys: String, CodingKey {
            case strategy, gpus, cpus, memory, distributed
            case instanceType = "instance_type"
            case awsZoneID = "aws_zone_id"
            case availabilityZone = "availability_zone"
        }

        package init(from decoder: any Decoder) throws {
            let keys = try decoder.container(keyedBy: CodingKeys.self)
            instanceType = try keys.decode(String.self, forKey: .instanceType)
            strategy = try keys.value(.strategy, or: .singleNode)
            awsZoneID = try keys.decodeIfPresent(String.self, forKey: .awsZoneID)
            availabilityZone = try keys.decodeIfPresent(String.self, forKey: .availabilityZone)
            gpus = try keys.decodeIfPresent(Int.self, forKey: .gpus)
            cpus = try keys.decodeIfPresent(Int.self, forKey: .cpus)
            memory = try keys.decodeIfPresent(ByteSize.self, forKey: .memory)
            distributed = try keys.value(.distributed, or: Distributed())
        }
    }

    /// How the benchmark is spread over machines.
    package enum Strategy: String, Codable, Equatable, Sendable, CaseIterable {
        case singleNode = "single_node"
        case horovod
        case distributed
        case inference

        /// Whether `hardware.distributed` matters.
        package var isDistributed: Bool { self == .horovod || self == .distributed }
    }

    /// `[hardware.distributed]`: how many machines, and how many processes on each. Only for distributed strategies.
    package struct Distributed: Codable, Equatable, Sendable {
        package var numInstances: Int
        package var processesPerInstance: ProcessesPerInstance
        package var launcher: Launcher

        package init(
            numInstances: Int = 2, processesPerInstance: ProcessesPerInstance = .count(1),
            launcher: Launcher = .none
        ) {
            self.numInstances = numInstances
            self.processesPerInstance = processesPerInstance
            self.launcher = launcher
        }

        package enum CodingKeys: String, CodingKey {
            case launcher
            case numInstances = "num_instances"
            case processesPerInstance = "processes_per_instance"
        }

        package init(from decoder: any Decoder) throws {
            let keys = try decoder.container(keyedBy: CodingKeys.self)
            numInstances = try keys.value(.numInstances, or: 2)
            processesPerInstance = try keys.value(.processesPerInstance, or: .count(1))
            launcher = try keys.value(.launcher, or: .none)
        }
    }

    /// Who starts the processes of a distributed benchmark.
    package enum Launcher: String, Codable, Equatable, Sendable, CaseIterable {
        /// Nobody: the command starts on every machine at once, and each finds its rank in its environment.
        case none
        /// The command runs once, on a machine of its own, and starts ranks on the others: `mpirun`.
        case mpi
    }

    /// A number of processes, or one for each GPU. Written as text: `"4"`, `"gpus"`.
    package enum ProcessesPerInstance: Equatable, Sendable {
        case gpus
        case count(Int)

        /// Reads `gpus` or a positive number; nil for anything else.
        package init?(_ text: String) {
            if text == "gpus" {
                self = .gpus
            } else if let count = Int(text), count > 0 {
                self = .count(count)
            } else {
                return nil
            }
        }

        /// As it is written in the descriptor.
        package var text: String {
            switch self {
            case .gpus: "gpus"
            case .count(let count): String(count)
            }
        }
    }
}

extension Descriptor.ProcessesPerInstance: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let value = Self(text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "'\(text)' is neither gpus nor a positive number")
        }
        self = value
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
