internal import HTTPMessages
internal import JSON

/// Which Kubernetes the server is of.
package struct ServerVersion: Hashable, Sendable, Comparable, CustomStringConvertible {
    package var major: Int
    package var minor: Int

    package init(major: Int, minor: Int) {
        self.major = major
        self.minor = minor
    }

    package var description: String { "\(major).\(minor)" }

    package static func < (left: ServerVersion, right: ServerVersion) -> Bool {
        (left.major, left.minor) < (right.major, right.minor)
    }

    /// Whether an init container may be a sidecar (`restartPolicy: Always`): on by default since 1.29.
    package var hasNativeSidecars: Bool { self >= ServerVersion(major: 1, minor: 29) }
}

extension KubernetesClient {
    /// Asks the server what it is; proves that it is there and takes us for somebody.
    package func version() async throws(KubernetesError) -> ServerVersion {
        let call = APICall(
            method: .get, path: "/version", label: "ask for the server's version", isRepeatable: true)
        let answer = try await send(call)
        // Some providers write 1.29 as "1" and "29+".
        let number: (String) -> Int? = { key in
            (answer[key]?.string).flatMap { Int($0.prefix { $0.isNumber }) }
        }
        guard let major = number("major"), let minor = number("minor") else {
            throw KubernetesError(.invalidResponse, "\(call.label): the answer names no version")
        }
        return ServerVersion(major: major, minor: minor)
    }

    /// Whether the server serves a kind: custom ones are there only where somebody installed them.
    package func serves(_ type: ResourceType) async throws(KubernetesError) -> Bool {
        let path = type.group.isEmpty ? "/api/\(type.version)" : "/apis/\(type.group)/\(type.version)"
        let call = APICall(
            method: .get, path: path, label: "ask whether there are \(type.plural).\(type.group)",
            isRepeatable: true)
        do {
            let resources = try await send(call)["resources"]?.array ?? []
            return resources.contains { $0["name"]?.string == type.plural }
        } catch {
            guard error.code == .notFound else { throw error }
            return false
        }
    }
}
