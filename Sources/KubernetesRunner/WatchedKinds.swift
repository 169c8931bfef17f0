internal import Kubernetes
internal import KubernetesObjects

/// The kinds of objects that the runner speaks of.
enum ClusterKind {
    static let secret = ResourceType(kind: "Secret", plural: "secrets")
    static let service = ResourceType(kind: "Service", plural: "services")
    static let pod = ResourceType(kind: "Pod", plural: "pods")
    static let event = ResourceType(kind: "Event", plural: "events")
    static let job = ResourceType(group: "batch", kind: "Job", plural: "jobs")
    static let mpiJob = ResourceType(
        group: "kubeflow.org", version: "v2beta1", kind: "MPIJob", plural: "mpijobs")
}

extension KubernetesObject {
    /// Where the API serves it.
    var resourceType: ResourceType {
        switch self {
        case .secret: ClusterKind.secret
        case .service: ClusterKind.service
        case .job: ClusterKind.job
        case .mpiJob: ClusterKind.mpiJob
        }
    }
}

// What is watched is read from the trees: nothing of an object that is seen ten thousand times is decoded twice.
struct WatchedJob: KubernetesResource { static let resourceType = ClusterKind.job }
struct WatchedMPIJob: KubernetesResource { static let resourceType = ClusterKind.mpiJob }
struct WatchedPod: KubernetesResource { static let resourceType = ClusterKind.pod }
struct WatchedEvent: KubernetesResource { static let resourceType = ClusterKind.event }
