/// A kind of object that the stand-in serves.
package struct ServedKind: Hashable, Sendable {
    var group: String
    var version: String
    var kind: String
    var plural: String
    var isNamespaced: Bool
    var hasStatus: Bool
    /// Whether `metadata.generation` counts changes of the specification.
    var hasGeneration: Bool

    package init(
        _ group: String, _ version: String, _ kind: String, _ plural: String, isNamespaced: Bool = true,
        hasStatus: Bool = false, hasGeneration: Bool = false
    ) {
        self.group = group
        self.version = version
        self.kind = kind
        self.plural = plural
        self.isNamespaced = isNamespaced
        self.hasStatus = hasStatus
        self.hasGeneration = hasGeneration
    }

    var apiVersion: String { group.isEmpty ? version : "\(group)/\(version)" }

    /// As messages name a collection: `jobs.batch`, `pods`.
    var resource: String { group.isEmpty ? plural : "\(plural).\(group)" }
    /// As messages name an object's kind: `Job.batch`, `Pod`.
    var qualifiedKind: String { group.isEmpty ? kind : "\(kind).\(group)" }

    static let pod = ServedKind("", "v1", "Pod", "pods", hasStatus: true)
    static let job = ServedKind("batch", "v1", "Job", "jobs", hasStatus: true, hasGeneration: true)
    static let namespace = ServedKind(
        "", "v1", "Namespace", "namespaces", isNamespaced: false, hasStatus: true)

    /// What every cluster has; custom kinds are installed.
    static let builtIn: [ServedKind] = [
        pod, job, namespace,
        ServedKind("", "v1", "Node", "nodes", isNamespaced: false, hasStatus: true),
        ServedKind("", "v1", "Service", "services", hasStatus: true),
        ServedKind("", "v1", "ConfigMap", "configmaps"),
        ServedKind("", "v1", "Secret", "secrets"),
        ServedKind("", "v1", "Event", "events"),
        ServedKind("", "v1", "ServiceAccount", "serviceaccounts"),
        ServedKind("", "v1", "ResourceQuota", "resourcequotas", hasStatus: true),
        ServedKind("", "v1", "PersistentVolumeClaim", "persistentvolumeclaims", hasStatus: true),
        ServedKind("apps", "v1", "Deployment", "deployments", hasStatus: true, hasGeneration: true),
        ServedKind("rbac.authorization.k8s.io", "v1", "Role", "roles"),
        ServedKind("rbac.authorization.k8s.io", "v1", "RoleBinding", "rolebindings"),
        ServedKind("rbac.authorization.k8s.io", "v1", "ClusterRole", "clusterroles", isNamespaced: false),
        ServedKind(
            "rbac.authorization.k8s.io", "v1", "ClusterRoleBinding", "clusterrolebindings",
            isNamespaced: false),
        ServedKind("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies", hasGeneration: true),
        ServedKind(
            "policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets", hasStatus: true,
            hasGeneration: true),
        ServedKind("coordination.k8s.io", "v1", "Lease", "leases"),
        ServedKind("scheduling.k8s.io", "v1", "PriorityClass", "priorityclasses", isNamespaced: false),
    ]
}
