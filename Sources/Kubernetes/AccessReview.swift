internal import HTTPMessages
internal import JSON

extension KubernetesClient {
    /// Whether we may do something with a kind: the server's own answer.
    ///
    /// - Parameters:
    ///   - verb: as rules of access have it: `create`, `watch`, ….
    ///   - subresource: `log` of pods; empty for the objects themselves.
    ///   - namespace: nil for all of them.
    package func allows(
        _ verb: String, _ type: ResourceType, subresource: String = "", in namespace: String?
    ) async throws(KubernetesError) -> Bool {
        var attributes: JSONValue = [
            "verb": .string(verb), "group": .string(type.group), "resource": .string(type.plural),
        ]
        attributes["namespace"] = namespace.map { .string($0) }
        if !subresource.isEmpty { attributes["subresource"] = .string(subresource) }
        let body: JSONValue = [
            "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
            "spec": ["resourceAttributes": attributes],
        ]
        // Nothing is stored: asking twice is asking once.
        let call = APICall(
            method: .post, path: "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", body: body.bytes,
            contentType: "application/json", label: "ask whether we may \(verb) \(type.plural)",
            isRepeatable: true)
        guard let isAllowed = try await send(call)["status"]?["allowed"]?.bool else {
            throw KubernetesError(.invalidResponse, "\(call.label): the answer says neither yes nor no")
        }
        return isAllowed
    }
}
