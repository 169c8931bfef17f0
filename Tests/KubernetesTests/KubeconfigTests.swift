import Kubernetes
import Runtime
import TestSupport
import Testing

@Suite struct KubeconfigTests {
    private func connection(_ text: String, context: String? = nil) throws -> ClusterConnection {
        let folder = try TemporaryFolder()
        return try Kubeconfig(files: [folder.write("config", text)]).connection(context: context)
    }

    private static let two = """
        current-context: a
        clusters:
        - {name: one, cluster: {server: "https://one:6443/"}}
        - name: two
          cluster:
            server: https://two:6443
            insecure-skip-tls-verify: true
            tls-server-name: api.internal
            proxy-url: http://proxy:3128
        users:
        - {name: token, user: {token: abc}}
        - {name: basic, user: {username: me, password: pw, as: them, as-groups: [g1, g2]}}
        contexts:
        - {name: a, context: {cluster: one, user: token, namespace: bai}}
        - {name: b, context: {cluster: two, user: basic}}
        """

    @Test func theCurrentContextIsUsed() async throws {
        let connection = try connection(Self.two)
        #expect(connection.server == "https://one:6443")
        #expect(connection.namespace == "bai")
        #expect(try await connection.credentials.current() == .token("abc"))
        #expect(connection.warnings.isEmpty)
    }

    @Test func aNamedContextIsUsedAndAnInsecureOneWarnedOf() async throws {
        let connection = try connection(Self.two, context: "b")
        #expect(connection.namespace == "default")
        #expect(connection.serverName == "api.internal")
        #expect(connection.proxy == "http://proxy:3128")
        #expect(connection.isInsecure)
        #expect(connection.warnings.count == 1)
        #expect(connection.warnings.first?.contains("is not checked") == true)
        #expect(try await connection.credentials.current().authorization == Secret("Basic bWU6cHc="))
        #expect(
            connection.impersonation.map { "\($0.name)=\($0.value)" } == [
                "Impersonate-User=them", "Impersonate-Group=g1", "Impersonate-Group=g2",
            ])
    }

    @Test func filesAreFoundBesideTheKubeconfigAndDataWins() async throws {
        let folder = try TemporaryFolder()
        try folder.write("sub/ca.pem", "the authority")
        try folder.write("sub/cert.pem", "from the file")
        let path = try folder.write(
            "sub/config",
            """
            current-context: a
            clusters: [{name: c, cluster: {server: "https://c", certificate-authority: ca.pem}}]
            users: [{name: u, user: {client-certificate: cert.pem, client-certificate-data: ZGF0YQ==, client-key-data: a2V5}}]
            contexts: [{name: a, context: {cluster: c, user: u}}]
            """)
        let connection = try Kubeconfig(files: [path]).connection()
        #expect(connection.authorities == Array("the authority".utf8))
        let credential = try await connection.credentials.current()
        #expect(credential.certificate == "data")
        #expect(credential.certificateKey == Secret("key"))
        #expect(!"\(credential)".contains("key\""))
    }

    @Test func theFirstOfSeveralFilesCounts() throws {
        let folder = try TemporaryFolder()
        let first = try folder.write(
            "1", "current-context: a\nclusters: [{name: c, cluster: {server: \"https://first\"}}]")
        let second = try folder.write(
            "2",
            """
            current-context: z
            clusters: [{name: c, cluster: {server: "https://second"}}]
            contexts: [{name: a, context: {cluster: c}}]
            """)
        let environment = ["KUBECONFIG": "\(first):\(folder.file("none")):\(second)"]
        #expect(try Kubeconfig.load(environment: environment).connection().server == "https://first")
    }

    @Test(arguments: [
        ("{", "did not find expected"), ("clusters: 3", "clusters must be a list, not a number"),
        ("{}", "there is no current-context"),
        ("current-context: x", "there is no context 'x', there are: none"),
        (
            "current-context: a\ncontexts: [{name: a, context: {cluster: c}}]",
            "names the cluster 'c', there are: none"
        ),
        (
            "current-context: a\nclusters: [{name: c, cluster: {server: ftp://x}}]\ncontexts: [{name: a, context: {cluster: c}}]",
            "must begin with https:// or http://"
        ),
        (
            "current-context: a\nclusters: [{name: c, cluster: {server: 'https://x', certificate-authority: /none.pem}}]\ncontexts: [{name: a, context: {cluster: c}}]",
            "/none.pem, which is not there"
        ),
        (
            "current-context: a\nclusters: [{name: c, cluster: {server: 'https://x'}}]\nusers: [{name: u, user: {token: 123}}]\ncontexts: [{name: a, context: {cluster: c, user: u}}]",
            "token must be a text, not a number; put it in quotes"
        ),
        (
            "current-context: a\nclusters: [{name: c, cluster: {server: 'https://x'}}]\nusers: [{name: u, user: {auth-provider: {name: gcp}}}]\ncontexts: [{name: a, context: {cluster: c, user: u}}]",
            "use a credential plugin"
        ),
    ])
    func whatIsWrongIsNamed(text: String, words: String) async throws {
        let error = await failure { _ = try connection(text) }
        #expect(error?.code == .configuration)
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "nothing")")
    }
}
