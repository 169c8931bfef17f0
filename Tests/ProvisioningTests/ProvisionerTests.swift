import JSON
import Kubernetes
import KubernetesStandIn
import Runtime
import TestSupport
import Testing

@testable import Provisioning

/// What `create infra` and `delete infra` do, on the stand-in.
@Suite struct ProvisionerTests {
    let cluster: KubernetesStandIn
    let provisioner: Provisioner

    init() throws {
        cluster = try KubernetesStandIn()
        let connection = ClusterConnection(
            server: cluster.url, credentials: FixedCredentials(.token(KubernetesStandIn.adminToken)))
        provisioner = Provisioner(KubernetesClient(connection))
    }

    private func manifests(_ overlay: String = "small") throws(ProvisioningError) -> [Manifest] {
        try Overlay.manifests(in: "\(Programs.root)/infra/kubernetes/overlays/\(overlay)")
    }

    private func count(_ changes: [Provisioner.Change], _ kind: Provisioner.Change.Kind) -> Int {
        changes.count { $0.kind == kind }
    }

    @Test(arguments: ["small", "production"]) func everyObjectIsMadeOnceAndTheSecondTimeNothingChanges(
        overlay: String
    ) async throws {
        let manifests = try manifests(overlay)
        let first = try await provisioner.apply(manifests)
        #expect(count(first, .made) == manifests.count)
        let second = try await provisioner.apply(manifests)
        #expect(count(second, .unchanged) == manifests.count, "\(second.filter { $0.kind != .unchanged })")
    }

    @Test func whatIsNoLongerInTheOverlayGoesAndWhatChangedIsChanged() async throws {
        _ = try await provisioner.apply(try manifests("production"))
        let changes = try await provisioner.apply(try manifests("small"))
        let removed = changes.filter { $0.kind == .removed }.map(\.label)
        #expect(
            Set(removed) == [
                "poddisruptionbudget benchmark-ai-runs/benchmarks",
                "resourcequota benchmark-ai-runs/benchmarks",
                "priorityclass benchmark-ai-services",
            ])
        #expect(changes.contains { $0.kind == .changed && $0.label == "deployment benchmark-ai/bai-bff" })
        #expect(cluster.objects("resourcequotas") == [])
    }

    @Test func whatSomebodyElseMadeIsNotTouchedAndNothingIsMade() async throws {
        try cluster.makeNamespace("benchmark-ai")
        try cluster.store(
            "configmaps",
            ["metadata": ["name": "benchmark-ai", "namespace": "benchmark-ai"], "data": ["a": "b"]])
        var failure: ProvisioningError?
        do throws(ProvisioningError) {
            _ = try await provisioner.apply(try manifests())
        } catch {
            failure = error
        }
        #expect(failure?.code == .notOurs)
        #expect(failure?.message.contains("configmap benchmark-ai/benchmark-ai") == true)
        #expect(cluster.objects("deployments") == [])
    }

    @Test func deletionTakesWhatWasMadeAndNothingElse() async throws {
        try cluster.makeNamespace("benchmark-ai-runs", labels: ["team": "x"])
        let before = cluster.object("namespaces", nil, "benchmark-ai-runs")
        let others: [(String, JSONValue)] = [
            // Of somebody who uses our label, and of somebody who copied our mark as well.
            (
                "configmaps",
                [
                    "metadata": [
                        "name": "mine", "namespace": "default",
                        "labels": ["app.kubernetes.io/managed-by": "baictl"],
                    ]
                ]
            ),
            (
                "secrets",
                [
                    "metadata": [
                        "name": "copied", "namespace": "default",
                        "labels": ["app.kubernetes.io/managed-by": "baictl"],
                        "annotations": ["benchmark-ai/made-by": "baictl"],
                    ]
                ]
            ), ("serviceaccounts", ["metadata": ["name": "other", "namespace": "default"]]),
        ]
        for (plural, object) in others { try cluster.store(plural, object) }
        let manifests = try manifests()
        let made = try await provisioner.apply(manifests)
        #expect(count(made, .adopted) == 1)
        let adopted = cluster.object("namespaces", nil, "benchmark-ai-runs")
        #expect(adopted?["metadata"]?["labels"]?["pod-security.kubernetes.io/enforce"] == "restricted")

        let changes = try await provisioner.removeAll()
        try await provisioner.waitUntilGone(within: .seconds(10))
        #expect(count(changes, .removed) == manifests.count - 1)
        #expect(count(changes, .left) == 1)
        for plural in [
            "deployments", "roles", "rolebindings", "clusterroles", "persistentvolumeclaims", "services",
        ] {
            #expect(cluster.objects(plural) == [], "\(plural)")
        }
        #expect(cluster.object("configmaps", "default", "mine") != nil)
        #expect(cluster.object("secrets", "default", "copied") != nil)
        #expect(cluster.object("serviceaccounts", "default", "other") != nil)
        let after = cluster.object("namespaces", nil, "benchmark-ai-runs")
        #expect(after?["metadata"]?["labels"] == before?["metadata"]?["labels"], "as it was found")
        #expect(cluster.object("namespaces", nil, "benchmark-ai") == nil)
    }

    @Test func aFieldThatSomebodyElseChangedIsNamedAndTakenOverByForceAlone() async throws {
        let manifests = try manifests()
        _ = try await provisioner.apply(manifests)
        let other = KubernetesClient(
            ClusterConnection(
                server: cluster.url, credentials: FixedCredentials(.token(KubernetesStandIn.adminToken))))
        _ = try await other.resources(ProvisionedKind.deployment, in: "benchmark-ai").patch(
            "bai-bff", .merge(["spec": ["replicas": 3]]))
        var failure: ProvisioningError?
        do throws(ProvisioningError) {
            _ = try await provisioner.apply(manifests)
        } catch {
            failure = error
        }
        #expect(failure?.code == .refused)
        #expect(failure?.message.contains("replicas") == true, "\(failure?.message ?? "")")
        let changes = try await provisioner.apply(manifests, force: true)
        #expect(changes.filter { $0.kind == .changed }.map(\.label) == ["deployment benchmark-ai/bai-bff"])
        #expect(cluster.object("deployments", "benchmark-ai", "bai-bff")?["spec"]?["replicas"] == 1)
    }

    @Test func aDryRunStoresNothing() async throws {
        _ = try await provisioner.apply(try manifests().filter { $0.kind == "Namespace" })
        _ = try await provisioner.apply(try manifests(), dryRun: true)
        #expect(cluster.objects("deployments") == [])
    }

    @Test func itWaitsUntilAllPodsAreReadyAndSaysWhyWhenTheyAreNot() async throws {
        let manifests = try manifests()
        _ = try await provisioner.apply(manifests)
        try cluster.store(
            "pods",
            [
                "metadata": ["name": "bai-bff-1", "namespace": "benchmark-ai"],
                "spec": ["containers": [["name": "bai-bff", "image": "x:1"]]],
                "status": [
                    "phase": "Pending",
                    "containerStatuses": [
                        [
                            "name": "bai-bff",
                            "state": ["waiting": ["reason": "ImagePullBackOff", "message": "no such image"]],
                        ]
                    ],
                ],
            ])
        var failure: ProvisioningError?
        do throws(ProvisioningError) {
            try await provisioner.waitUntilReady(manifests, within: .milliseconds(1))
        } catch {
            failure = error
        }
        #expect(failure?.code == .timedOut)
        #expect(failure?.message.contains("bai-bff-1: ImagePullBackOff: no such image") == true)
        for deployment in manifests where deployment.kind == "Deployment" {
            cluster.update("deployments", deployment.namespace, deployment.name) { object in
                object["status"] = [
                    "observedGeneration": object["metadata"]?["generation"] ?? 1, "replicas": 1,
                    "updatedReplicas": 1,
                    "availableReplicas": 1,
                ]
            }
        }
        try await provisioner.waitUntilReady(manifests, within: .seconds(10))
    }

    @Test func whoMayNotIsToldSo() async throws {
        cluster.add(StandInUser("eve"), token: "eve")
        let eve = Provisioner(
            KubernetesClient(
                ClusterConnection(server: cluster.url, credentials: FixedCredentials(.token("eve")))))
        var failure: ProvisioningError?
        do throws(ProvisioningError) {
            _ = try await eve.apply(try manifests())
        } catch {
            failure = error
        }
        #expect(failure?.code == .cluster)
        #expect(failure?.message.contains("User \"eve\" cannot get resource") == true)
    }
}
