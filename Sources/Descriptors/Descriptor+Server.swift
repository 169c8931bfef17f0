package import Runtime

extension Descriptor {
    /// `[server]`: what an inference benchmark is measured against.
    package struct Server: Codable, Equatable, Sendable {
        package var hardware: ServerHardware
        package var env: ServerEnvironment
        package var models: [DataSource]
        package var output: Output?

        package init(
            hardware: ServerHardware, env: ServerEnvironment, models: [DataSource] = [], output: Output? = nil
        ) {
            self.hardware = hardware
            self.env = env
            self.models = models
            self.output = output
        }

        package enum CodingKeys: String, CodingKey { case hardware, env, models, output }

        package init(from decoder: any Decoder) throws {
            let keys = try decoder.container(keyedBy: CodingKeys.self)
            hardware = try keys.decode(ServerHardware.self, forKey: .hardware)
            env = try keys.decode(ServerEnvironment.self, forKey: .env)
            models = try keys.value(.models, or: [])
            output = try keys.decodeIfPresent(Output.self, forKey: .output)
        }
    }

    /// `[server.hardware]`: the machine the server runs on; always in the zone of the client.
    package struct ServerHardware: Codable, Equatable, Sendable {
        package var instanceType: String
        package var awsZoneID: String?
        package var availabilityZone: String?
        package var gpus: Int?
        package var cpus: Int?
        package var memory: ByteSize?

        package init(
            instanceType: String, awsZoneID: String? = nil, availabilityZone: String? = nil, gpus: Int? = nil,
            cpus: Int? = nil, memory: ByteSize? = nil
        ) {
            self.instanceType = instanceType
            self.awsZoneID = awsZoneID
            self.availabilityZone = availabilityZone
            self.gpus = gpus
            self.cpus = cpus
            self.memory = memory
        }

        package enum CodingKeys: String, CodingKey {
            case gpus, cpus, memory
            case instanceType = "instance_type"
            case awsZoneID = "aws_zone_id"
            case availabilityZone = "availability_zone"
        }
    }

    /// `[server.env]`: the server's container, command, ports and how to know that it is ready.
    package struct ServerEnvironment: Codable, Equatable, Sendable {
        package var dockerImage: String
        package var ports: [Int]
        package var startCommand: String
        package var startCommandArgs: String?
        package var privileged: Bool
        package var extendedShm: Bool
        package var vars: [String: String]
        package var readinessProbe: ReadinessProbe?

        package init(
            dockerImage: String, ports: [Int], startCommand: String, startCommandArgs: String? = nil,
            privileged: Bool = false, extendedShm: Bool = true, vars: [String: String] = [:],
            readinessProbe: ReadinessProbe? = nil
        ) {
            self.dockerImage = dockerImage
            self.ports = ports
            self.startCommand = startCommand
            self.startCommandArgs = startCommandArgs
            self.privileged = privileged
            self.extendedShm = extendedShm
            self.vars = vars
            self.readinessProbe = readinessProbe
        }

        package enum CodingKeys: String, CodingKey {
            case ports, privileged, vars
            case dockerImage = "docker_image"
            case startCommand = "start_command"
            case startCommandArgs = "start_command_args"
            case extendedShm = "extended_shm"
            case readinessProbe = "readiness_probe"
        }

        package init(from decoder: any Decoder) throws {
            let keys = try decoder.container(keyedBy: CodingKeys.self)
            dockerImage = try keys.decode(String.self, forKey: .dockerImage)
            ports = try keys.decode([Int].self, forKey: .ports)
            startCommand = try keys.decode(String.self, forKey: .startCommand)
            startCommandArgs = try keys.decodeIfPresent(String.self, forKey: .startCommandArgs)
            privileged = try keys.value(.privileged, or: false)
            extendedShm = try keys.value(.extendedShm, or: true)
            vars = try keys.value(.vars, or: [:])
            readinessProbe = try keys.decodeIfPresent(ReadinessProbe.self, forKey: .readinessProbe)
        }
    }

    /// `[server.env.readiness_probe]`: the request whose answer says that the server is ready.
    package struct ReadinessProbe: Codable, Equatable, Sendable {
        package var path: String
        package var scheme: ProbeScheme
        /// The first of the server's ports when there is none.
        package var port: Int?
        package var initialDelaySeconds: Int
        package var periodSeconds: Int
        package var timeoutSeconds: Int
        package var successThreshold: Int
        package var failureThreshold: Int

        package init(
            path: String, scheme: ProbeScheme = .http, port: Int? = nil, initialDelaySeconds: Int = 10,
            periodSeconds: Int = 10, timeoutSeconds: Int = 1, successThreshold: Int = 1,
            failureThreshold: Int = 3
        ) {
            self.path = path
            self.scheme = scheme
            self.port = port
            self.initialDelaySeconds = initialDelaySeconds
            self.periodSeconds = periodSeconds
            self.timeoutSeconds = timeoutSeconds
            self.successThreshold = successThreshold
            self.failureThreshold = failureThreshold
        }

        package enum CodingKeys: String, CodingKey {
            case path, scheme, port
            case initialDelaySeconds = "initial_delay_seconds"
            case periodSeconds = "period_seconds"
            case timeoutSeconds = "timeout_seconds"
            case successThreshold = "success_threshold"
            case failureThreshold = "failure_threshold"
        }

        package init(from decoder: any Decoder) throws {
            let keys = try decoder.container(keyedBy: CodingKeys.self)
            path = try keys.decode(String.self, forKey: .path)
            scheme = try keys.value(.scheme, or: .http)
            port = try keys.decodeIfPresent(Int.self, forKey: .port)
            initialDelaySeconds = try keys.value(.initialDelaySeconds, or: 10)
            periodSeconds = try keys.value(.periodSeconds, or: 10)
            timeoutSeconds = try keys.value(.timeoutSeconds, or: 1)
            successThreshold = try keys.value(.successThreshold, or: 1)
            failureThreshold = try keys.value(.failureThreshold, or: 3)
        }
    }

    /// The scheme of a readiness probe.
    package enum ProbeScheme: String, Codable, Equatable, Sendable, CaseIterable {
        case http, https
    }
}
