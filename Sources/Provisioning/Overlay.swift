internal import JSON
internal import Manifests
internal import Runtime

/// Reads an overlay: the part of kustomize that our own manifests use, so that nobody needs it to install. `kubectl apply -k` reads them as well.
///
/// Understood are `resources`, `labels` with `pairs`, and `patches` with a `target` and steps of RFC 6902. Everything else is refused.
package enum Overlay {
    /// How deep overlays may be stacked: one that contains itself is found by it.
    private static let mostDepth = 8

    /// The objects of the overlay in `folder`, in the order in which they are to be made.
    package static func manifests(in folder: String) throws(ProvisioningError) -> [Manifest] {
        let all = try read(folder, depth: 0)
        var seen: Set<String> = []
        for manifest in all where !seen.insert(manifest.identity).inserted {
            throw ProvisioningError(.manifests, "\(folder): \(manifest.label) is there twice")
        }
        var ranked: [(rank: Int, index: Int, manifest: Manifest)] = []
        for (index, manifest) in all.enumerated() {
            guard let rank = ProvisionedKind.of(manifest)?.rank else {
                throw ProvisioningError(
                    .manifests,
                    "\(folder): \(manifest.label) is a \(manifest.kind) of \(manifest.apiVersion), which installations do not have"
                )
            }
            ranked.append((rank, index, manifest))
        }
        return ranked.sorted { ($0.rank, $0.index) < ($1.rank, $1.index) }.map(\.manifest)
    }

    private static func read(_ folder: String, depth: Int) throws(ProvisioningError) -> [Manifest] {
        let path = "\(folder)/kustomization.yaml"
        guard depth < mostDepth, let own = try documents(path).first, own.object != nil else {
            throw ProvisioningError(.manifests, "\(path): it is empty, or part of itself")
        }
        let known: Set = ["apiVersion", "kind", "resources", "labels", "patches"]
        if let other = own.object?.keys.filter({ !known.contains($0) }).sorted().first {
            throw ProvisioningError(
                .manifests,
                "\(path): \(other) is not understood here, only \(known.sorted().joined(separator: ", ")); use kustomize itself"
            )
        }
        var manifests: [Manifest] = []
        for resource in own["resources"]?.array ?? [] {
            guard let name = resource.string else {
                throw ProvisioningError(.manifests, "\(path): resources must be a list of names")
            }
            let place = "\(folder)/\(name)"
            if name.hasSuffix(".yaml") {
                manifests += try documents(place).map(Manifest.init)
            } else {
                manifests += try read(place, depth: depth + 1)
            }
        }
        for label in own["labels"]?.array ?? [] {
            manifests = manifests.map { labelled($0, label["pairs"] ?? [:]) }
        }
        for patch in own["patches"]?.array ?? [] { try apply(patch, to: &manifests, path) }
        return manifests
    }

    private static func documents(_ path: String) throws(ProvisioningError) -> [JSONValue] {
        guard let bytes = SystemFile.bytes(path) else {
            throw ProvisioningError(.manifests, "\(path): it is not there or cannot be read")
        }
        do throws(YAMLError) {
            return try YAML.documents(in: bytes).filter { $0 != .null }
        } catch {
            throw ProvisioningError(.manifests, "\(path):\(error)")
        }
    }

    private static func labelled(_ manifest: Manifest, _ pairs: JSONValue) -> Manifest {
        var manifest = manifest
        var labels = manifest.tree["metadata"]?["labels"]?.object ?? [:]
        labels.merge(pairs.object ?? [:]) { $1 }
        manifest.tree["metadata"]?["labels"] = .object(labels)
        return manifest
    }

    private static func apply(
        _ patch: JSONValue, to manifests: inout [Manifest], _ path: String
    ) throws(ProvisioningError) {
        let target = patch["target"] ?? [:]
        guard let text = patch["patch"]?.string, let kind = target["kind"]?.string else {
            throw ProvisioningError(
                .manifests, "\(path): a patch must have a target with a kind, and a text patch")
        }
        let steps: [JSONValue]
        do throws(YAMLError) {
            steps = try YAML.documents(in: Array(text.utf8)).first?.array ?? []
        } catch {
            throw ProvisioningError(.manifests, "\(path): the patch of \(kind):\(error)")
        }
        var hasMatched = false
        for index in manifests.indices where manifests[index].kind == kind {
            if let name = target["name"]?.string, name != manifests[index].name { continue }
            hasMatched = true
            do throws(JSONPatch.Failure) {
                manifests[index].tree = try JSONPatch.apply(steps, to: manifests[index].tree)
            } catch {
                throw ProvisioningError(
                    .manifests, "\(path): the patch of \(manifests[index].label): \(error.message)")
            }
        }
        guard hasMatched, !steps.isEmpty else {
            throw ProvisioningError(
                .manifests, "\(path): a patch of \(kind) has no steps, or nothing to change")
        }
    }
}
