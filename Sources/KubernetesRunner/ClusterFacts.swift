internal import Kubernetes
internal import KubernetesObjects

/// What the cluster is, asked once: its version, and which custom kinds it serves.
actor ClusterFacts {
    private let client: KubernetesClient
    private var knownVersion: ClusterVersion?
    private var servesMPI = false
    private var asked: ContinuousClock.Instant?

    init(_ client: KubernetesClient) { self.client = client }

    func version() async throws(KubernetesError) -> ClusterVersion {
        if let knownVersion { return knownVersion }
        let answer = try await client.version()
        let version = ClusterVersion(major: answer.major, minor: answer.minor)
        knownVersion = version
        return version
    }

    /// Whether somebody installed MPIJobs. That they are missing is not remembered for long: they may be installed while this program runs.
    func hasMPIJobs() async throws(KubernetesError) -> Bool {
        if servesMPI { return true }
        if let asked, .now - asked < ClusterFacts.memory { return false }
        servesMPI = try await client.serves(ClusterKind.mpiJob)
        asked = .now
        return servesMPI
    }

    private static let memory = Duration.seconds(60)
}
