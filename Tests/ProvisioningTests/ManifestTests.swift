import JSON
import Runtime
import TestSupport
import Testing

@testable import Provisioning

/// The manifests of `infra/kubernetes`, as they are installed.
@Suite struct ManifestTests {
    static let overlays = ["small", "production"]

    private func manifests(_ overlay: String) throws -> [Manifest] {
        try Overlay.manifests(in: "\(Programs.root)/infra/kubernetes/overlays/\(overlay)")
    }

    private func pods(_ overlay: String) throws -> [(name: String, pod: JSONValue)] {
        try manifests(overlay).filter { $0.kind == "Deployment" }.map {
            ($0.name, $0.tree["spec"]?["template"]?["spec"] ?? [:])
        }
    }

    @Test(arguments: overlays) func everyServiceHasADeploymentProbesResourcesAndABudget(overlay: String)
        throws
    {
        let services = ["bff", "fetcher", "executor", "watcher", "metrics-pusher", "analyzer"].map {
            "bai-\($0)"
        }
        let pods = try pods(overlay)
        #expect(Set(pods.map(\.name)) == Set(services))
        let budgets = try manifests(overlay).filter { $0.kind == "PodDisruptionBudget" }.map(\.name)
        #expect(Set(services).isSubset(of: budgets))
        for (name, pod) in pods {
            let container = pod["containers"]?.array?.first
            for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
                #expect(container?[probe] != nil, "\(name) has no \(probe)")
            }
            #expect(container?["resources"]?["requests"]?["memory"] != nil, "\(name)")
            #expect(container?["resources"]?["limits"]?["memory"] != nil, "\(name)")
            #expect(container?["image"]?.string == "benchmark-ai:\(Version.current)", "\(name)")
        }
    }

    @Test(arguments: overlays) func nobodyButExecutorAndWatcherHasAToken(overlay: String) throws {
        for (name, pod) in try pods(overlay) {
            let hasToken = pod["automountServiceAccountToken"]?.bool ?? true
            #expect(hasToken == ["bai-executor", "bai-watcher"].contains(name), "\(name)")
        }
    }

    @Test(arguments: overlays) func servicesRunWithoutRootAndOnASealedRoot(overlay: String) throws {
        for (name, pod) in try pods(overlay) {
            #expect(pod["securityContext"]?["runAsNonRoot"] == true, "\(name)")
            #expect(pod["securityContext"]?["seccompProfile"]?["type"] == "RuntimeDefault", "\(name)")
            let context = pod["containers"]?.array?.first?["securityContext"]
            #expect(context?["readOnlyRootFilesystem"] == true, "\(name)")
            #expect(context?["allowPrivilegeEscalation"] == false, "\(name)")
            #expect(context?["capabilities"]?["drop"] == ["ALL"], "\(name)")
        }
    }

    @Test(arguments: overlays) func everyReferenceIsToSomethingThatIsThere(overlay: String) throws {
        let all = try manifests(overlay)
        let has = { (kind: String, namespace: String?, name: String?) in
            all.contains { $0.kind == kind && $0.namespace == namespace && $0.name == name }
        }
        for manifest in all where manifest.namespace != nil {
            #expect(has("Namespace", nil, manifest.namespace), "\(manifest.label)")
        }
        for binding in all where binding.kind.hasSuffix("RoleBinding") {
            let role = binding.tree["roleRef"]
            let namespace = role?["kind"] == "Role" ? binding.namespace : nil
            #expect(has(role?["kind"]?.string ?? "", namespace, role?["name"]?.string), "\(binding.label)")
            for subject in binding.tree["subjects"]?.array ?? [] {
                #expect(
                    has("ServiceAccount", subject["namespace"]?.string, subject["name"]?.string),
                    "\(binding.label)")
            }
        }
        for (name, pod) in try pods(overlay) {
            #expect(has("ServiceAccount", "benchmark-ai", pod["serviceAccountName"]?.string), "\(name)")
            for volume in pod["volumes"]?.array ?? [] {
                if let map = volume["configMap"]?["name"]?.string {
                    #expect(has("ConfigMap", "benchmark-ai", map))
                }
                if let claim = volume["persistentVolumeClaim"]?["claimName"]?.string {
                    #expect(has("PersistentVolumeClaim", "benchmark-ai", claim))
                }
            }
        }
    }
}
