internal import CommandLineArguments
internal import Deployment
internal import Glibc
internal import JSON
internal import Provisioning

/// The manifests that came with the programs.
struct InstalledManifests: Sendable {
    /// The image that the manifests name, which `--image` replaces.
    static let image = "benchmark-ai:"
    /// Where the executor reads which image pods get the agent from.
    private static let imageVariable = "BAI_KUBERNETES_IMAGE"

    /// The folder of an overlay: by its name where they are installed (`PREFIX/share/benchmark-ai/infra/kubernetes` beside `PREFIX/bin`) or
    /// built (above `.build`), or anywhere by a path.
    static func folder(overlay: String, programs: String = ProgramFolder.path) throws(CommandFailure)
        -> String
    {
        if overlay.contains("/") { return overlay }
        let above = sequence(first: programs[...]) { path in path.lastIndex(of: "/").map { path[..<$0] } }
        let places = above.flatMap {
            ["\($0)/share/benchmark-ai/infra/kubernetes", "\($0)/infra/kubernetes"]
        }
        guard let place = places.first(where: { access("\($0)/base/kustomization.yaml", R_OK) == 0 }) else {
            throw CommandFailure(
                .notFound, "The manifests are not beside the programs. Install them with `make install`.")
        }
        let folder = "\(place)/overlays/\(overlay)"
        guard access("\(folder)/kustomization.yaml", R_OK) == 0 else {
            throw CommandFailure(
                .notFound,
                "There is no overlay '\(overlay)' in \(place)/overlays. A path names one of your own: ./\(overlay)"
            )
        }
        return folder
    }

    /// `manifests` with another image for our programs, in the services and in what the executor is told.
    static func replaceImage(_ manifests: [Manifest], by image: String) -> [Manifest] {
        manifests.map { manifest in
            guard manifest.kind == "Deployment",
                let containers = manifest.tree["spec"]?["template"]?["spec"]?["containers"]?.array
            else { return manifest }
            var manifest = manifest
            let changed = containers.map { container -> JSONValue in
                guard container["image"]?.string?.hasPrefix(InstalledManifests.image) == true else {
                    return container
                }
                var container = container
                container["image"] = .string(image)
                let variables = container["env"]?.array?.map { variable -> JSONValue in
                    guard variable["name"]?.string == imageVariable else { return variable }
                    return ["name": .string(imageVariable), "value": .string(image)]
                }
                container["env"] = variables.map { .array($0) }
                return container
            }
            var (spec, template) = (manifest.tree["spec"] ?? [:], manifest.tree["spec"]?["template"] ?? [:])
            var pod = template["spec"] ?? [:]
            pod["containers"] = .array(changed)
            template["spec"] = pod
            spec["template"] = template
            manifest.tree["spec"] = spec
            return manifest
        }
    }
}
