package import PodContract
package import Runtime

/// How an installation runs attempts on its cluster.
package struct KubernetesSettings: Equatable, Sendable {
    /// The namespace of everything that belongs to attempts.
    package var namespace = "benchmark-ai"
    /// Which installation the objects are of, where several share a namespace: a label's value. nil where objects are only looked at.
    package var installation: String?
    /// The image with `bai-agent`, for init containers and sidecars.
    package var agentImage = "benchmark-ai:\(Version.current)"
    package var imagePullPolicy: String?
    /// Names of the Secrets with the credentials of private registries.
    package var imagePullSecrets: [String] = []
    /// What benchmarks run as. It needs no rights: its token is not even mounted.
    package var serviceAccount = "benchmark"
    package var delivery = Delivery.api
    /// The API as pods reach it; nil where they cannot.
    package var server: String?
    /// Where pods get datasets, models and scripts from; nil: the API.
    package var objects: String?
    package var podSecurity = PodSecurity.restricted
    /// Whom benchmarks run as where root is not allowed.
    package var userID = 1000
    package var allowsPrivileged = false
    /// Whether one node runs one benchmark at a time.
    package var isAlone = true
    /// Whether `hardware.instance_type` selects nodes.
    package var selectsInstanceType = true
    /// Whether nodes have zones, and descriptors select them.
    package var selectsZone = true
    /// Labels that nodes for benchmarks have.
    package var nodeSelector: [String: String] = [:]
    package var tolerations: [Toleration] = []
    package var priorityClass: String?
    /// Kueue's queue.
    package var queue: String?
    /// Cores of a container whose descriptor does not say, in Kubernetes' notation.
    package var cpus = "1"
    /// Memory of a container whose descriptor does not say.
    package var memory = ByteSize.gibibytes(2)
    /// Whether what a container asks for is also the most that it gets: pods are Guaranteed then.
    package var isGuaranteed = true
    /// GPUs by the name that their device plugin gives them.
    package var gpuResource = "nvidia.com/gpu"
    /// How long the server keeps ended Jobs that nobody deleted.
    package var keepsFinished = TimeSpan.days(1)
    /// How much of what an attempt prints is kept.
    package var logLimit = ByteSize.mebibytes(64)
    /// Whether numbers that were measured while others kept the node busy are not valid.
    package var watchesNeighbours = true
    package var version = ClusterVersion(major: 1, minor: 29)

    package init() {}

    /// How what pods measure and print comes to the installation.
    package typealias Delivery = PodOrder.Delivery

    /// The level of Kubernetes' Pod Security Standards that benchmarks are held to.
    package enum PodSecurity: String, CaseIterable, Sendable {
        case restricted, baseline
    }
}
