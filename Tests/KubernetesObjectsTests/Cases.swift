import Descriptors
import Events
import FoundationEssentials
import JSON
import Manifests
import Runtime

@testable import KubernetesObjects

/// Descriptors and the attempts that are made of them.
enum Cases {
    /// One descriptor for each way to run.
    static let all: [String] = [
        "single-node", "distributed", "image-command", "mpi", "inference", "everything",
    ]

    static let runID = "3f2a9c1e-0b7d-4e55-9f0a-1c2d3e4f5a6b"

    static func request(_ name: String) -> AttemptRequest {
        switch name {
        case "distributed": request { $0 = distributed }
        case "image-command":
            // A descriptor of Benchmark AI's that knows its image's own command.
            request {
                $0 = distributed
                $0.ml = Descriptor.Program(args: "horovodrun -np 2 python train.py")
            }
        case "mpi":
            request {
                $0 = distributed
                $0.hardware.distributed.launcher = .mpi
                $0.ml?.benchmarkCode = "mpirun python3 train.py"
            }
        case "inference": request(contents: [model]) { $0 = inference }
        case "everything": request(contents: [dataset, script]) { $0 = everything }
        default: request()
        }
    }

    /// An attempt of the simplest descriptor, once `change` was made to it.
    static func request(
        contents: [FetchedContent] = [], parameters: [String: JSONValue] = [:], runID: String = runID,
        clientID: String = "laptop", name: String = "hello", attempt: Int = 1,
        _ change: (inout Descriptor) -> Void = { _ in }
    ) -> AttemptRequest {
        var descriptor = Descriptor(
            info: .init(description: "A test"), hardware: .init(instanceType: "c5.large"),
            env: .init(dockerImage: "python:3.12-slim"),
            ml: .init(benchmarkCode: "python3 hello.py", args: "--rounds 3"))
        change(&descriptor)
        let run = RunSubmitted(
            name: name, descriptor: descriptor,
            source: .init(filename: "d.toml", document: "", sha256: String(repeating: "0", count: 64)),
            parameters: parameters, requestDigest: "", submitted: Timestamp(milliseconds: 0))
        return AttemptRequest(
            runID: runID, attempt: Attempt(number: attempt, repetition: 0, isWarmup: false), run: run,
            contents: contents,
            client: .init(id: clientID, version: "1.0.0", username: "ann"), token: "the-token")
    }

    static let dataset = FetchedContent(
        role: .dataset, id: "train", source: "s3://data/train", path: "/data/train", kind: .directory,
        sha256: String(repeating: "a", count: 64), size: 1 << 30)
    static let model = FetchedContent(
        role: .model, id: "0", source: "s3://models/ranking", path: "models/./ranking", kind: .file,
        sha256: String(repeating: "b", count: 64), size: 1 << 20)
    static let script = FetchedContent(
        role: .script, id: "script", source: "./bench/train.py", path: nil, kind: .file,
        sha256: String(repeating: "c", count: 64), size: 100)

    private static var distributed: Descriptor {
        Descriptor(
            info: .init(description: "A test", labels: ["team": "vision"]),
            hardware: .init(
                instanceType: "c5.large", strategy: .distributed, distributed: .init(numInstances: 3)),
            env: .init(dockerImage: "example/train:1"), ml: .init(benchmarkCode: "python3 train.py"))
    }

    private static var inference: Descriptor {
        Descriptor(
            info: .init(description: "A test"),
            hardware: .init(instanceType: "c5.large", strategy: .inference),
            env: .init(dockerImage: "example/load:3"),
            ml: .init(benchmarkCode: "load http://$(INFERENCE_SERVER_HOST):$(INFERENCE_SERVER_PORT)/"),
            server: .init(
                hardware: .init(instanceType: "g5.xlarge", cpus: 4, memory: .gibibytes(16)),
                env: .init(
                    dockerImage: "example/server:12", ports: [8080, 8081], startCommand: "serve",
                    readinessProbe: .init(path: "ping")),
                models: [.init(src: "s3://models/ranking", path: "models/ranking")],
                output: .init(metrics: [.init(name: "gpu", units: "%", pattern: "gpu=([0-9]+)%")])))
    }

    /// As much as one descriptor and one installation can ask for.
    private static var everything: Descriptor {
        Descriptor(
            info: .init(description: "A test", labels: ["team": "vision"]),
            hardware: .init(
                instanceType: "p4d.24xlarge", strategy: .horovod, availabilityZone: "eu-central-1a", cpus: 96,
                memory: .gibibytes(1000), distributed: .init(processesPerInstance: .gpus)),
            env: .init(
                dockerImage: "example/train:1", privileged: true,
                vars: ["DATA": "$(BAI_DATA_TRAIN)/images", "LEVEL": "$(DATA) $$(HOME)"]),
            ml: .init(benchmarkCode: "python3 train.py", args: "--data '$(DATA)'"),
            output: .init(metrics: [.init(name: "loss", pattern: "loss=([0-9.]+)")]),
            run: .init(timeout: .hours(12), silenceTimeout: .minutes(30)))
    }

    // MARK: - Settings

    static var settings: KubernetesSettings {
        var settings = KubernetesSettings()
        settings.agentImage = "benchmark-ai:test"
        settings.server = "http://bai-bff.benchmark-ai.svc:8080"
        settings.version = ClusterVersion(major: 1, minor: 34)
        return settings
    }

    static func settings(for name: String, _ version: ClusterVersion? = nil) -> KubernetesSettings {
        var settings = settings
        if let version { settings.version = version }
        guard name == "everything" else { return settings }
        settings.allowsPrivileged = true
        settings.delivery = .log
        settings.objects = "https://objects.example.com"
        settings.podSecurity = .baseline
        settings.queue = "benchmarks"
        settings.priorityClass = "benchmark"
        settings.tolerations = [
            Toleration(key: "dedicated", operator: "Equal", value: "bench", effect: "NoSchedule")
        ]
        settings.imagePullSecrets = ["registry"]
        settings.nodeSelector = ["node.type": "bai-worker"]
        return settings
    }

    // MARK: - Documents

    static func documents(_ attempt: RenderedAttempt) throws -> [JSONValue] {
        try attempt.objects.map { try JSONCoding.tree($0) }
    }
}

extension RenderedAttempt {
    var jobs: [Job] {
        objects.compactMap { if case .job(let job) = $0 { job } else { nil } }
    }

    var secret: Secret? {
        objects.compactMap { if case .secret(let secret) = $0 { secret } else { nil } }.first
    }

    var services: [Service] {
        objects.compactMap { if case .service(let service) = $0 { service } else { nil } }
    }

    var mpiJob: MPIJob? {
        objects.compactMap { if case .mpiJob(let job) = $0 { job } else { nil } }.first
    }

    /// All pods' specs.
    var pods: [PodSpec] {
        let specs = mpiJob.map { $0.spec.mpiReplicaSpecs }
        return jobs.map(\.spec.template.spec)
            + (specs.map { [$0.launcher.template.spec, $0.worker.template.spec] } ?? [])
    }
}

extension PodSpec {
    var all: [Container] { (initContainers ?? []) + containers }
    var benchmark: Container { containers[0] }
}

extension Container {
    func variable(_ name: String) -> String? { env.first { $0.name == name }?.value }
}
