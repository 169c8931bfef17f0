import JSON
import Kubernetes
import KubernetesStandIn
import Runtime

/// A stand-in with a namespace `bai`, and a client of its administrator.
struct Fixture {
    let cluster: KubernetesStandIn
    let client: KubernetesClient

    init(
        token: String = KubernetesStandIn.adminToken,
        _ adjust: (inout KubernetesClient.Limits) -> Void = { _ in }
    ) throws {
        cluster = try KubernetesStandIn()
        try cluster.makeNamespace("bai")
        var limits = KubernetesClient.Limits()
        limits.backoff = Backoff(first: .milliseconds(2), most: .milliseconds(20))
        adjust(&limits)
        let connection = ClusterConnection(
            server: cluster.url, namespace: "bai", credentials: FixedCredentials(.token(token)))
        client = KubernetesClient(connection, limits: limits)
    }

    var configMaps: Resources<ConfigMap> { client.resources(of: ConfigMap.self, in: "bai") }
    var jobs: Resources<JSONValue> { client.resources(.job, in: "bai") }
    var pods: Resources<JSONValue> { client.resources(.pod, in: "bai") }
}

/// A kind of which the tests know one field.
struct ConfigMap: KubernetesResource, Equatable {
    struct Metadata: Codable, Equatable {
        var name: String?
        var generateName: String?
        var labels: [String: String]?
    }

    static let resourceType = ResourceType(kind: "ConfigMap", plural: "configmaps")
    var metadata: Metadata
    var data: [String: String]?

    init(_ name: String, _ data: [String: String] = [:], labels: [String: String] = [:]) {
        metadata = Metadata(name: name, labels: labels)
        self.data = data
    }
}

extension ResourceType {
    static let pod = ResourceType(kind: "Pod", plural: "pods")
    static let job = ResourceType(group: "batch", kind: "Job", plural: "jobs")
}

/// A Job that a server takes.
func job(_ name: String, labels: JSONValue = [:]) -> JSONValue {
    [
        "metadata": ["name": .string(name), "labels": labels],
        "spec": [
            "backoffLimit": 0,
            "template": [
                "spec": ["restartPolicy": "Never", "containers": [["name": "main", "image": "busybox:1"]]]
            ],
        ],
    ]
}

/// A pod that a server takes.
func pod(_ name: String) -> JSONValue {
    ["metadata": ["name": .string(name)], "spec": ["containers": [["name": "main", "image": "busybox:1"]]]]
}

/// What `body` throws of ours.
func failure(_ body: () async throws -> Void) async -> KubernetesError? {
    do {
        try await body()
        return nil
    } catch {
        return error as? KubernetesError
    }
}
