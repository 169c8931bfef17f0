internal import HTTPMessages
package import JSON

/// The objects of a collection at one moment.
package struct ObjectList<Kind: Codable & Sendable>: Sendable {
    package var objects: [LiveObject<Kind>]
    /// To watch from.
    package var resourceVersion: String
}

/// A part of a list.
package struct ListChunk<Kind: Codable & Sendable>: Sendable {
    package var objects: [LiveObject<Kind>]
    /// Those that are there and cannot be read as a `Kind`, with the reasons.
    package var unreadable: [(metadata: ObjectMetadata, error: JSONError)]
    /// Whether a list begins with it. A list may begin again: then what came before it is void.
    package var isFirst: Bool
}

extension Resources {
    /// As other clients ask for: some megabytes of pods.
    private static var chunkSize: Int { 500 }
    /// How often a list whose continue token expires starts over in chunks; then it is asked for in one piece, which cannot expire.
    private static var mostRestarts: Int { 3 }

    /// Lists chunk by chunk, so that a long list is never in memory as a whole.
    ///
    /// - Returns: the version of the whole list, to watch from.
    package func list(
        _ selection: Selection = Selection(), chunkSize: Int? = nil,
        _ take: (ListChunk<Kind>) async throws(KubernetesError) -> Void
    ) async throws(KubernetesError) -> String {
        var restarts = 0
        while true {
            do {
                let size = restarts < Self.mostRestarts ? chunkSize ?? Self.chunkSize : nil
                return try await listOnce(selection, chunkSize: size, take)
            } catch {
                // The version that the list is of was compacted meanwhile.
                guard error.code == .gone, restarts < Self.mostRestarts else { throw error }
                restarts += 1
            }
        }
    }

    private func listOnce(
        _ selection: Selection, chunkSize: Int?,
        _ take: (ListChunk<Kind>) async throws(KubernetesError) -> Void
    ) async throws(KubernetesError) -> String {
        var token: String?
        while true {
            var call = try call(.get, "list")
            call.query = selection.query
            if let chunkSize { call.query.append(QueryItem("limit", "\(chunkSize)")) }
            if let token { call.query.append(QueryItem("continue", token)) }
            let answer = try await client.send(call)
            let metadata = answer["metadata"]
            guard let version = metadata?["resourceVersion"]?.string, let items = answer["items"] else {
                throw KubernetesError(.invalidResponse, "\(call.label): the answer is no list")
            }
            try await take(try chunk(items, call.label, isFirst: token == nil))
            token = metadata?["continue"]?.string.flatMap { $0.isEmpty ? nil : $0 }
            if token == nil { return version }
        }
    }

    private func chunk(
        _ items: JSONValue, _ label: String, isFirst: Bool
    ) throws(KubernetesError) -> ListChunk<Kind> {
        var chunk = ListChunk<Kind>(objects: [], unreadable: [], isFirst: isFirst)
        // An empty list of Go's may be null.
        for item in items.array ?? [] {
            do {
                chunk.objects.append(try LiveObject(complete(item)))
            } catch {
                guard let metadata = ObjectMetadata(of: item) else {
                    throw KubernetesError(.invalidResponse, "\(label): an element is no object: \(error)")
                }
                chunk.unreadable.append((metadata, error))
            }
        }
        return chunk
    }

    /// In a list, objects come without what the list says for all.
    private func complete(_ item: JSONValue) -> JSONValue {
        var item = item
        if item["kind"] == nil { item["kind"] = .string(type.kind) }
        if item["apiVersion"] == nil { item["apiVersion"] = .string(type.apiVersion) }
        return item
    }
}
