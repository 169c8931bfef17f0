internal import JSON
package import Kubernetes
package import Runtime

/// Makes an installation's objects on a cluster, waits for them, and takes away again exactly what it made.
///
///     let provisioner = Provisioner(client)
///     let changes = try await provisioner.apply(try Overlay.manifests(in: folder))
///     try await provisioner.waitUntilReady(manifests, within: .seconds(300))
package struct Provisioner: Sendable {
    /// What became of one object.
    package struct Change: Equatable, Sendable {
        package enum Kind: String, Sendable {
            case made, changed, unchanged, removed
            /// It was there before us: it has what we need, and stays when we go.
            case adopted
            /// It stays, without what we had added to it.
            case left
        }

        package var kind: Kind
        /// `deployment benchmark-ai/bai-bff`.
        package var label: String
    }

    let client: KubernetesClient
    let time: any TimeSource
    /// Called after each object.
    let report: @Sendable (Change) -> Void

    package init(
        _ client: KubernetesClient, time: any TimeSource = SystemTime(),
        report: @escaping @Sendable (Change) -> Void = { _ in }
    ) {
        self.client = client
        self.time = time
        self.report = report
    }

    // MARK: Making

    /// Makes every object be as its manifest says, in their order, and takes away what an earlier version or another overlay had beside them.
    ///
    /// - Parameters:
    ///   - force: takes fields over that somebody else has changed; otherwise they are named, and nothing more happens.
    ///   - dryRun: the server looks, and nothing is stored.
    package func apply(
        _ manifests: [Manifest], force: Bool = false, dryRun: Bool = false
    ) async throws(ProvisioningError) -> [Change] {
        try await refuseStrangers(manifests)
        var changes: [Change] = []
        for manifest in manifests {
            let change = try await apply(manifest, force: force, dryRun: dryRun)
            report(change)
            changes.append(change)
        }
        let wanted = Set(manifests.map(\.identity))
        let superfluous = try await found().filter { !wanted.contains($0.manifest.identity) }
        for object in superfluous.reversed() {
            if !dryRun { try await remove(object) }
            let change = Change(kind: .removed, label: object.manifest.label)
            report(change)
            changes.append(change)
        }
        return changes
    }

    private func resources(_ manifest: Manifest) throws(ProvisioningError) -> Resources<JSONValue> {
        guard let (type, _) = ProvisionedKind.of(manifest) else {
            throw ProvisioningError(
                .manifests, "\(manifest.label) is of a kind that installations do not have")
        }
        return client.resources(type, in: manifest.namespace)
    }

    private func current(_ manifest: Manifest) async throws(ProvisioningError) -> JSONValue? {
        let resources = try resources(manifest)
        do throws(KubernetesError) {
            return try await resources.get(manifest.name).tree
        } catch {
            if error.code == .notFound { return nil }
            throw ProvisioningError(error)
        }
    }

    /// Before anything is changed: what has one of our names and is somebody else's. Namespaces are for sharing.
    private func refuseStrangers(_ manifests: [Manifest]) async throws(ProvisioningError) {
        var strangers: [String] = []
        for manifest in manifests where manifest.kind != "Namespace" {
            if let object = try await current(manifest), !Ownership.isOurs(object) {
                strangers.append(manifest.label)
            }
        }
        guard strangers.isEmpty else {
            throw ProvisioningError(
                .notOurs,
                "These are there already, and baictl did not make them: \(strangers.joined(separator: ", ")). "
                    + "Take them away, or leave the cluster as it is."
            )
        }
    }

    private func apply(
        _ manifest: Manifest, force: Bool, dryRun: Bool
    ) async throws(ProvisioningError) -> Change {
        let (resources, before) = (try resources(manifest), try await current(manifest))
        let isOurs = before.map(Ownership.isOurs) ?? true
        do throws(KubernetesError) {
            let after = try await resources.apply(
                Ownership.labelled(manifest, isOurs: isOurs), force: force, manager: Ownership.manager,
                dryRun: dryRun)
            guard let before else { return Change(kind: .made, label: manifest.label) }
            let version = { (tree: JSONValue) in tree["metadata"]?["resourceVersion"]?.string }
            // On a dry run the version stays; what the server would store tells.
            let isSame =
                dryRun ? after.tree["spec"] == before["spec"] : version(after.tree) == version(before)
            return Change(
                kind: !isOurs ? .adopted : isSame ? .unchanged : .changed, label: manifest.label)
        } catch {
            throw ProvisioningError(manifest, error)
        }
    }

    // MARK: Finding

    /// An object that we made, or a namespace that has something of ours.
    struct Found: Sendable {
        var manifest: Manifest
        var type: ResourceType
        var uid: String
        var isOurs: Bool
    }

    /// Everything on the cluster that has our label, in the order in which it was made.
    func found() async throws(ProvisioningError) -> [Found] {
        var all: [Found] = []
        for type in ProvisionedKind.all {
            do throws(KubernetesError) {
                for object in try await client.resources(type).list(Ownership.selection).objects {
                    var tree = object.tree
                    // Elements of lists do not say what they are.
                    (tree["apiVersion"], tree["kind"]) = (.string(type.apiVersion), .string(type.kind))
                    let isOurs = Ownership.isOurs(tree)
                    guard isOurs || type == ProvisionedKind.namespace else { continue }
                    all.append(
                        Found(manifest: Manifest(tree), type: type, uid: object.metadata.uid, isOurs: isOurs))
                }
            } catch {
                // A kind that this cluster does not have.
                guard error.code == .notFound else { throw ProvisioningError(error) }
            }
        }
        return all
    }

    // MARK: Taking away

    /// What `remove` would take away or leave.
    package func removable() async throws(ProvisioningError) -> [Change] {
        try await found().reversed().map { object in
            Change(kind: object.isOurs ? .removed : .left, label: object.manifest.label)
        }
    }

    /// Takes away what we made, the last first, and gives back what we had only added to.
    package func removeAll() async throws(ProvisioningError) -> [Change] {
        var changes: [Change] = []
        for object in try await found().reversed() {
            try await remove(object)
            let change = Change(kind: object.isOurs ? .removed : .left, label: object.manifest.label)
            report(change)
            changes.append(change)
        }
        return changes
    }

    private func remove(_ object: Found) async throws(ProvisioningError) {
        let resources = client.resources(object.type, in: object.manifest.namespace)
        do throws(KubernetesError) {
            if object.isOurs {
                // Only this one, and not what somebody made in its place since.
                _ = try await resources.delete(object.manifest.name, DeletionOptions(uid: object.uid))
            } else {
                // To say nothing about an object is to give up what one had said.
                let nothing: JSONValue = ["metadata": ["name": .string(object.manifest.name)]]
                _ = try await resources.apply(nothing, manager: Ownership.manager)
            }
        } catch {
            throw ProvisioningError(object.manifest, error)
        }
    }
}

extension ProvisioningError {
    init(_ error: KubernetesError) {
        self.init(.cluster, error.message)
    }

    init(_ manifest: Manifest, _ error: KubernetesError) {
        let managers = error.causes.filter { $0.reason == "FieldManagerConflict" }
        if managers.isEmpty {
            let isRefusal: Bool =
                switch error.code {
                case .badRequest, .invalid, .conflict, .alreadyExists, .tooLarge: true
                default: false
                }
            self.init(isRefusal ? .refused : .cluster, error.message)
            return
        }
        let fields = managers.map { "\($0.field) (\($0.message))" }.joined(separator: ", ")
        self.init(
            .refused,
            "\(manifest.label): somebody else has changed \(fields). Take it over with --force, or change the overlay."
        )
    }
}
