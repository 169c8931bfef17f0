internal import HTTPMessages
package import JSON
internal import Runtime

/// The objects of one kind, in one namespace or everywhere: what can be asked about them.
///
/// Where it has no namespace, calls about one object use the object's own, or else the connection's.
package struct Resources<Kind: Codable & Sendable>: Sendable {
    let client: KubernetesClient
    package let type: ResourceType
    /// Nil for all namespaces, and for kinds that have none.
    package let namespace: String?

    /// Which manager the server books fields of ours to.
    package static var fieldManager: String { "benchmark-ai" }

    // MARK: Reading

    /// The object of a name.
    package func get(_ name: String) async throws(KubernetesError) -> LiveObject<Kind> {
        try await live(try call(.get, "get", name: name))
    }

    /// The whole list, in chunks, of one version: an expired continue token starts over.
    package func list(_ selection: Selection = Selection()) async throws(KubernetesError) -> ObjectList<Kind>
    {
        var objects: [LiveObject<Kind>] = []
        let version = try await list(selection) { chunk throws(KubernetesError) in
            if let (metadata, error) = chunk.unreadable.first {
                throw KubernetesError(
                    .invalidResponse, "list \(type.kind): \(metadata.name) is no \(type.kind): \(error)")
            }
            if chunk.isFirst { objects.removeAll(keepingCapacity: true) }
            objects += chunk.objects
        }
        return ObjectList(objects: objects, resourceVersion: version)
    }

    // MARK: Writing

    /// Makes an object. With a name it is safe to try again: the second try finds the first one's work, which `alreadyExists` tells.
    package func create(_ object: Kind, dryRun: Bool = false) async throws(KubernetesError) -> LiveObject<
        Kind
    > {
        try await live(try creation(of: object, dryRun: dryRun))
    }

    /// Makes an object, or reads the one that has its name: who made that one is for the caller to see, by a digest or an owner.
    package func createOrGet(_ object: Kind) async throws(KubernetesError) -> (
        object: LiveObject<Kind>, isNew: Bool
    ) {
        do {
            return (try await create(object), true)
        } catch {
            guard error.code == .alreadyExists, let name = try named(object).name else { throw error }
            // Gone again in between: the next try makes it.
            return (try await scoped(to: try named(object).namespace).get(name), false)
        }
    }

    /// Writes a whole object, as `LiveObject.tree(changedTo:)` gives it. `conflict` when it is not of the newest version.
    package func replace(_ tree: JSONValue, subresource: String? = nil) async throws(KubernetesError)
        -> LiveObject<Kind>
    {
        guard let metadata = ObjectMetadata(of: tree), !metadata.resourceVersion.isEmpty else {
            throw KubernetesError(
                .badRequest,
                "replace \(type.kind): it has no name or no resourceVersion, so whose change is lost is left to chance"
            )
        }
        var call = try scoped(to: metadata.namespace).call(
            .put, "replace", name: metadata.name, subresource: subresource)
        call.body = tree.bytes
        call.contentType = "application/json"
        call.query.append(QueryItem("fieldManager", Self.fieldManager))
        return try await live(call)
    }

    /// Changes an object.
    package func patch(
        _ name: String, _ patch: Patch, subresource: String? = nil, dryRun: Bool = false
    ) async throws(KubernetesError) -> LiveObject<Kind> {
        var call = try call(.patch, "patch", name: name, subresource: subresource)
        call.body = patch.body
        call.contentType = patch.contentType
        call.isRepeatable = patch.isRepeatable
        call.query += patch.query + (dryRun ? [QueryItem("dryRun", "All")] : [])
        return try await live(call)
    }

    /// Makes an object be as it says, field by field, and leaves fields of other managers alone (server-side apply).
    ///
    /// - Parameter force: takes over the fields that other managers hold; otherwise they are a `conflict` whose causes name them.
    package func apply(
        _ object: Kind, force: Bool = false, manager: String = Self.fieldManager, dryRun: Bool = false
    ) async throws(KubernetesError) -> LiveObject<Kind> {
        let (tree, name, namespace) = try named(object)
        guard let name else {
            throw KubernetesError(.badRequest, "apply \(type.kind): it has no metadata.name")
        }
        return try await scoped(to: namespace).patch(
            name, .apply(tree, manager: manager, force: force), dryRun: dryRun)
    }

    /// Asks for an object to go. That there is none is an answer, not an error: the aim is reached.
    package func delete(
        _ name: String, _ options: DeletionOptions = DeletionOptions()
    ) async throws(KubernetesError) -> Deletion {
        var call = try call(.delete, "delete", name: name)
        call.body = options.tree.bytes
        call.contentType = "application/json"
        // A second try could otherwise hit an object that was made anew in between.
        call.isRepeatable = options.uid != nil
        do {
            let answer = try await client.send(call)
            // Either the object as it is now, or a Status that says that it is gone.
            guard let metadata = ObjectMetadata(of: answer), answer["kind"]?.string != "Status" else {
                return .gone
            }
            return metadata.isBeingDeleted ? .underWay(metadata) : .gone
        } catch {
            guard error.code == .notFound else { throw error }
            return .wasNotThere
        }
    }

    // MARK: Calls

    func call(
        _ method: HTTPMethod, _ verb: String, name: String? = nil, subresource: String? = nil
    ) throws(KubernetesError) -> APICall {
        if let name { try Self.check(name, "\(verb) \(type.kind)") }
        let place =
            name == nil ? namespace : (type.isNamespaced ? namespace ?? client.connection.namespace : nil)
        if let place { try Self.check(place, "\(verb) \(type.kind) in a namespace") }
        let what = [place, name].compactMap { $0 }.joined(separator: "/")
        let part = subresource.map { " (\($0))" } ?? ""
        return APICall(
            method: method, path: type.path(namespace: place, name: name, subresource: subresource),
            label: "\(verb) \(type.kind)\(part)" + (what.isEmpty ? "" : " \(what)"), isRepeatable: true)
    }

    /// Refuses a name that would make another path of it: without a name, deleting one object is deleting all of them.
    private static func check(_ name: String, _ label: String) throws(KubernetesError) {
        guard !name.isEmpty, name != ".", name != "..", name.utf8.count <= 253,
            !name.utf8.contains(where: { "/%".utf8.contains($0) })
        else { throw KubernetesError(.badRequest, "\(label): '\(name)' is no name") }
    }

    /// This, in the namespace of an object where this has none.
    private func scoped(to objectNamespace: String?) -> Resources {
        Resources(client: client, type: type, namespace: namespace ?? objectNamespace)
    }

    private func creation(of object: Kind, dryRun: Bool) throws(KubernetesError) -> APICall {
        let (tree, name, objectNamespace) = try named(object)
        let place = type.isNamespaced ? namespace ?? objectNamespace ?? client.connection.namespace : nil
        let home = Resources(client: client, type: type, namespace: place)
        var call = try home.call(.post, "create")
        if let name { call.label = "create \(type.kind) " + (place.map { "\($0)/" } ?? "") + name }
        call.body = tree.bytes
        call.contentType = "application/json"
        // A generated name would be another one the next time.
        call.isRepeatable = name != nil
        call.query =
            [QueryItem("fieldManager", Self.fieldManager)] + (dryRun ? [QueryItem("dryRun", "All")] : [])
        return call
    }

    /// An object as it is sent, its name and its namespace.
    private func named(
        _ object: Kind
    ) throws(KubernetesError) -> (tree: JSONValue, name: String?, namespace: String?) {
        do {
            var tree = try (object as? JSONValue) ?? JSONCoding.tree(object)
            tree["apiVersion"] = .string(type.apiVersion)
            tree["kind"] = .string(type.kind)
            let metadata = tree["metadata"]
            return (tree, metadata?["name"]?.string, metadata?["namespace"]?.string)
        } catch {
            throw KubernetesError(.badRequest, "write a \(type.kind): \(error)")
        }
    }

    private func live(_ call: APICall) async throws(KubernetesError) -> LiveObject<Kind> {
        let tree = try await client.send(call)
        do {
            return try LiveObject(tree)
        } catch {
            throw KubernetesError(.invalidResponse, "\(call.label): the answer is no \(type.kind): \(error)")
        }
    }
}
