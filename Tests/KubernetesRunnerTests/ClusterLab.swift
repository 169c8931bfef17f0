import Descriptors
import Events
import JSON
import JobRunner
import Kubernetes
import KubernetesObjects
import KubernetesStandIn
import Runtime
import TestSupport

@testable import KubernetesRunner

/// A cluster with the executor's runner and the watcher's, each with the rights that its service has and no others.
final class ClusterLab: Sendable {
    static let namespace = "benchmark-ai"

    let cluster: KubernetesStandIn
    let executor: KubernetesRunner
    let watcher: KubernetesRunner
    let run = "run-\(UInt32.random(in: 0 ... .max))"

    /// - Parameter script: what happens to each pod.
    init(
        supplies: KubernetesRunner.Supplies = KubernetesRunner.Supplies(),
        time: any TimeSource = SystemTime(),
        _ script: @escaping @Sendable (JSONValue) -> [PodStep] = { _ in ClusterLab.success },
        settings change: (inout KubernetesSettings) -> Void = { _ in }
    ) throws {
        cluster = try KubernetesStandIn()
        try cluster.makeNamespace(
            Self.namespace, labels: ["pod-security.kubernetes.io/enforce": "restricted"])
        try cluster.store(
            "serviceaccounts", ["metadata": ["name": "benchmark", "namespace": .string(Self.namespace)]])
        try Self.grant(cluster)
        var settings = KubernetesSettings()
        settings.server = "http://bai-bff.benchmark-ai.svc:8080"
        change(&settings)
        executor = Self.runner(cluster, .executor, settings, supplies, time)
        watcher = Self.runner(cluster, .watcher, settings, supplies, time)
        cluster.play(script)
    }

    /// Another instance of a service's runner.
    func another(
        _ holder: AccessRight.Holder = .watcher, time: any TimeSource = SystemTime(),
        settings change: (inout KubernetesSettings) -> Void = { _ in }
    ) -> KubernetesRunner {
        var settings = executor.settings
        change(&settings)
        return Self.runner(cluster, holder, settings, executor.supplies, time)
    }

    private static func runner(
        _ cluster: KubernetesStandIn, _ holder: AccessRight.Holder, _ settings: KubernetesSettings,
        _ supplies: KubernetesRunner.Supplies, _ time: any TimeSource
    ) -> KubernetesRunner {
        var limits = KubernetesClient.Limits()
        limits.backoff = Backoff(first: .milliseconds(2), most: .milliseconds(20))
        limits.attempt = .seconds(5)
        let connection = ClusterConnection(
            server: cluster.url, namespace: namespace, credentials: FixedCredentials(.token(holder.rawValue)))
        return KubernetesRunner(
            KubernetesClient(connection, limits: limits), settings: settings, supplies: supplies, time: time,
            patience: .milliseconds(150), backoff: Backoff(first: .milliseconds(5), most: .milliseconds(50)),
            output: StructuredLog(service: "test", write: { _ in }))
    }

    /// Gives each service an account with the rights that it says it uses.
    private static func grant(_ cluster: KubernetesStandIn) throws {
        for holder in AccessRight.Holder.allCases {
            cluster.add(.serviceAccount("bai-\(holder)", in: "bai"), token: holder.rawValue)
            let rules = KubernetesRunner.rights.filter { $0.holder == holder }.map { right -> JSONValue in
                [
                    "apiGroups": [.string(right.group)], "resources": [.string(right.resource)],
                    "verbs": .array(right.verbs.sorted().map { .string($0) }),
                ]
            }
            let metadata: JSONValue = [
                "name": .string("bai-\(holder)"), "namespace": .string(namespace),
            ]
            try cluster.store("roles", ["metadata": metadata, "rules": .array(rules)])
            try cluster.store(
                "rolebindings",
                [
                    "metadata": metadata, "roleRef": ["kind": "Role", "name": .string("bai-\(holder)")],
                    "subjects": [
                        ["kind": "ServiceAccount", "name": .string("bai-\(holder)"), "namespace": "bai"]
                    ],
                ])
        }
    }

    // MARK: - Attempts

    func job(_ attempt: Int = 1, _ change: (inout Descriptor) -> Void = { _ in }) -> JobSpecification {
        var descriptor = Descriptor(
            info: .init(description: "a test"), hardware: .init(instanceType: "c5.large"),
            env: .init(dockerImage: "python:3.12-slim"), ml: .init(benchmarkCode: "python3 hello.py"))
        change(&descriptor)
        let submitted = RunSubmitted(
            name: "hello", descriptor: descriptor,
            source: .init(filename: "d.toml", document: "", sha256: "ab12"), requestDigest: "",
            submitted: Timestamp(milliseconds: 1_700_000_000_000))
        let origin = Event(
            messageID: "m", actionID: run, clientID: "c", clientVersion: "1.0.0", clientUsername: "u",
            tstamp: submitted.submitted, type: RunSubmitted.type, payload: .null)
        return JobSpecification(
            runID: run, attempt: Attempt(number: attempt, repetition: 0, isWarmup: false), run: submitted,
            contents: [], origin: origin)
    }

    func inference() -> JobSpecification {
        job {
            $0.hardware.strategy = .inference
            $0.server = .init(
                hardware: .init(instanceType: "c5.large"),
                env: .init(dockerImage: "example/server:12", ports: [8080], startCommand: "serve"))
        }
    }

    func group(_ size: Int) -> JobSpecification {
        job {
            $0.hardware.strategy = .distributed
            $0.hardware.distributed.numInstances = size
        }
    }

    var reference: String { executor.reference(run: run, attempt: 1) }
    var base: String { AttemptNames(run: run, attempt: 1).base }

    /// Starts an attempt and waits for its end.
    func outcome(of job: JobSpecification) async throws -> AttemptOutcome {
        try await end(of: try await executor.start(job, in: nil))
    }

    func end(of reference: String, by runner: KubernetesRunner? = nil) async throws -> AttemptOutcome {
        for await observation in (runner ?? watcher).observe(reference) {
            if case .finished(let outcome) = observation { return outcome }
        }
        throw CancellationError()
    }

    /// Waits until an attempt is observed as `expected`.
    func untilObserved(
        _ reference: String? = nil, _ expected: @Sendable (JobObservation) -> Bool
    ) async -> JobObservation? {
        for await observation in watcher.observe(reference ?? self.reference) where expected(observation) {
            return observation
        }
        return nil
    }

    // MARK: - What is there

    func names(_ plural: String) -> [String] {
        cluster.objects(plural, in: Self.namespace).compactMap { $0["metadata"]?["name"]?.string }.sorted()
    }

    var pods: [String] { names("pods") }

    /// Waits until so many pods run: their scripts are done.
    func untilRunning(_ count: Int = 1) async -> Bool {
        await eventually {
            let pods = self.cluster.objects("pods", in: Self.namespace)
            return pods.filter { $0["status"]?["phase"] == "Running" }.count == count
        }
    }

    /// All objects of benchmarks.
    var leftovers: [String] {
        ["secrets", "services", "jobs", "pods"].flatMap { kind in names(kind).map { "\(kind)/\($0)" } }
    }

    /// Requests that change something: `POST /api/v1/namespaces/benchmark-ai/secrets`.
    var writes: [String] { cluster.requests.filter { !$0.hasPrefix("GET") } }

    /// Lets all pods that were asked to go stop, as kubelets do.
    func stopPods() {
        for pod in pods { cluster.step(.stopped, pod: pod, in: Self.namespace) }
    }

    // MARK: - Scripts

    static let running: [PodStep] = [.schedule(node: "node-1"), .run]
    static let success: [PodStep] =
        running + [.end(container: "benchmark", exitCode: 0, reason: "Completed")]

    static func failure(
        _ exitCode: Int = 3, reason: String = "Error", message: String = ""
    ) -> [PodStep] {
        running + [.end(container: "benchmark", exitCode: exitCode, reason: reason, message: message)]
    }

    /// By role: `server`, `client`; by number for ranks: `rank 0`.
    static func byRole(
        _ scripts: [String: [PodStep]]
    ) -> @Sendable (JSONValue) -> [PodStep] {
        { pod in
            let role = pod["metadata"]?["labels"]?["benchmark-ai/role"]?.string ?? ""
            let index = pod["metadata"]?["annotations"]?["batch.kubernetes.io/job-completion-index"]?.string
            return scripts[index.map { "\(role) \($0)" } ?? role] ?? scripts[role] ?? []
        }
    }
}
