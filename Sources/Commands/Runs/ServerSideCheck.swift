internal import CommandLineArguments
internal import JSON
internal import Kubernetes
internal import KubernetesObjects

/// Asks an API server whether it would take objects, without storing any.
struct ServerSideCheck {
    private let client: KubernetesClient

    init(_ client: KubernetesClient) {
        self.client = client
    }

    /// - Throws: everything that the server has against them, cause by cause.
    func check(_ objects: [KubernetesObject], _ terminal: Terminal) async throws {
        var refusals: [String] = []
        for object in objects {
            let label = "\(object.kind.lowercased())/\(object.metadata.name)"
            do throws(KubernetesError) {
                _ = try await client.resources(try type(of: object), in: object.metadata.namespace).create(
                    try tree(of: object), dryRun: true)
            } catch {
                // Who has no answer has asked nobody.
                if error.isTransient || [.unauthorized, .configuration, .tls].contains(error.code) {
                    throw error
                }
                refusals.append("\(label): \(error.message)")
                refusals += error.causes.map { "  \($0.field): \($0.message)" }
            }
        }
        guard refusals.isEmpty else {
            throw CommandFailure(.usage, refusals.joined(separator: "\n"), code: "refused_by_server")
        }
        terminal.say("The API server would take all \(objects.count) objects; nothing was stored.")
    }

    private func tree(of object: KubernetesObject) throws(KubernetesError) -> JSONValue {
        do {
            return try JSONCoding.tree(object)
        } catch {
            throw KubernetesError(.badRequest, "write \(object.metadata.name): \(error)")
        }
    }

    private func type(of object: KubernetesObject) throws(KubernetesError) -> ResourceType {
        let known = [
            ResourceType(kind: "Secret", plural: "secrets"),
            ResourceType(kind: "Service", plural: "services"),
            ResourceType(group: "batch", kind: "Job", plural: "jobs"),
            ResourceType(group: "kubeflow.org", version: "v2beta1", kind: "MPIJob", plural: "mpijobs"),
        ]
        guard let type = known.first(where: { $0.kind == object.kind }) else {
            throw KubernetesError(
                .badRequest, "a \(object.kind) is none of the kinds that attempts are made of")
        }
        return type
    }
}
