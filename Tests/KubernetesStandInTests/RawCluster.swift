import HTTPClient
import HTTPMessages
import JSON
import KubernetesStandIn

/// A stand-in, spoken to by hand: no client of ours stands between a rule and its test.
struct RawCluster {
    let standIn: KubernetesStandIn
    private let http = HTTPClient()

    init() throws {
        standIn = try KubernetesStandIn()
        try standIn.makeNamespace("bai")
    }

    struct Answer {
        var status: Int
        var body: JSONValue
        var headers: HTTPHeaders

        var reason: String { body["reason"]?.string ?? "" }
        var message: String { body["message"]?.string ?? "" }
        var causes: [String] {
            (body["details"]?["causes"]?.array ?? []).map {
                "\($0["field"]?.string ?? ""): \($0["message"]?.string ?? "")"
            }
        }
        var version: String { body["metadata"]?["resourceVersion"]?.string ?? "" }
    }

    func ask(
        _ method: HTTPMethod, _ path: String, _ body: JSONValue? = nil, type: String = "application/json",
        token: String? = KubernetesStandIn.adminToken
    ) async throws -> Answer {
        var request = HTTPRequest(method, standIn.url + path, body: body?.bytes ?? [])
        if body != nil { request.headers["Content-Type"] = type }
        request.headers["Authorization"] = token.map { "Bearer \($0)" }
        let response = try await http.send(request)
        let tree = (try? JSONValue(parsing: response.body)) ?? .string(response.text)
        return Answer(status: response.status, body: tree, headers: response.headers)
    }

    func create(_ plural: String, _ object: JSONValue, query: String = "") async throws -> Answer {
        try await ask(.post, path(plural) + query, object)
    }

    func path(_ plural: String, _ name: String? = nil) -> String {
        let root = ["jobs": "/apis/batch/v1"][plural] ?? "/api/v1"
        return "\(root)/namespaces/bai/\(plural)" + (name.map { "/\($0)" } ?? "")
    }
}

/// A Job that is taken, with changes.
func job(_ name: String = "j", _ change: (inout JSONValue) -> Void = { _ in }) -> JSONValue {
    var object: JSONValue = [
        "apiVersion": "batch/v1", "kind": "Job", "metadata": ["name": .string(name)],
        "spec": [
            "template": [
                "spec": ["restartPolicy": "Never", "containers": [["name": "main", "image": "busybox:1"]]]
            ]
        ],
    ]
    change(&object)
    return object
}

/// A pod that is taken, with changes of its specification.
func pod(_ name: String = "p", _ change: (inout JSONValue) -> Void = { _ in }) -> JSONValue {
    var spec: JSONValue = ["containers": [["name": "main", "image": "busybox:1"]]]
    change(&spec)
    return ["apiVersion": "v1", "kind": "Pod", "metadata": ["name": .string(name)], "spec": spec]
}
