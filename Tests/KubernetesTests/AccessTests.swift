import JSON
import Kubernetes
import KubernetesStandIn
import Runtime
import TestSupport
import Testing

@Suite struct AccessTests {
    @Test func anUnknownTokenIsUnauthorizedAndInNoMessage() async throws {
        let fixture = try Fixture(token: "hunter2-not-known")
        let error = await failure { _ = try await fixture.configMaps.get("a") }
        #expect(error?.code == .unauthorized)
        #expect(error?.message.contains("log in again") == true)
        #expect("\(String(describing: error)) \(fixture.client.connection)".contains("hunter2") == false)
    }

    @Test func whatNoRuleAllowsIsForbiddenInTheServersWords() async throws {
        let fixture = try Fixture(token: "runner")
        fixture.cluster.add(.serviceAccount("runner", in: "bai"), token: "runner")
        try fixture.cluster.store(
            "roles",
            [
                "metadata": ["name": "r", "namespace": "bai"],
                "rules": [["apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "create"]]],
            ])
        try fixture.cluster.store(
            "rolebindings",
            [
                "metadata": ["name": "r", "namespace": "bai"], "roleRef": ["kind": "Role", "name": "r"],
                "subjects": [["kind": "ServiceAccount", "name": "runner", "namespace": "bai"]],
            ])
        _ = try await fixture.configMaps.create(ConfigMap("a"))
        _ = try await fixture.configMaps.get("a")
        let error = await failure { _ = try await fixture.configMaps.delete("a") }
        #expect(error?.code == .forbidden)
        #expect(
            error?.message.contains(
                "configmaps \"a\" is forbidden: User \"system:serviceaccount:bai:runner\" cannot delete resource \"configmaps\" in API group \"\" in the namespace \"bai\""
            ) == true)
        let elsewhere = await failure {
            _ = try await fixture.client.resources(of: ConfigMap.self, in: "default").get("a")
        }
        #expect(elsewhere?.code == .forbidden)
    }

    @Test func aRenewedTokenIsReadAgainWhenTheOldOneIsRefused() async throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("token", "first\n")
        let cluster = try KubernetesStandIn()
        cluster.add(StandInUser("u", groups: ["system:masters"]), token: "first")
        let connection = ClusterConnection(server: cluster.url, credentials: TokenFile(path: path))
        let maps = KubernetesClient(connection).resources(of: ConfigMap.self)
        _ = try await maps.create(ConfigMap("a"))
        cluster.revoke(token: "first")
        cluster.add(StandInUser("u", groups: ["system:masters"]), token: "second")
        try folder.write("token", "second\n")
        #expect(try await maps.get("a").metadata.name == "a")
    }

    @Test func aTokenIsReadAgainAfterAMinuteAnyway() async throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("token", "first")
        let time = ManualTime()
        let source = TokenFile(path: path, time: time)
        #expect(try await source.current() == .token("first"))
        try folder.write("token", "second")
        #expect(try await source.current() == .token("first"))
        time.advance(by: .seconds(61))
        #expect(try await source.current() == .token("second"))
    }

    @Test func aPodFindsItsClusterAndItsNamespace() async throws {
        let folder = try TemporaryFolder()
        try folder.write("token", "t")
        try folder.write("namespace", "bai")
        try folder.write("ca.crt", "-----BEGIN CERTIFICATE-----")
        let environment = ["KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443"]
        let connection = try ClusterConnection.inCluster(environment: environment, folder: folder.path)
        #expect(connection.server == "https://[fd00::1]:443")
        #expect(connection.namespace == "bai")
        #expect(try await connection.credentials.current() == .token("t"))
        let error = await failure {
            _ = try ClusterConnection.inCluster(environment: [:], folder: folder.path)
        }
        #expect(error?.code == .configuration)
    }
}
