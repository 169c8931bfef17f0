package import Kubernetes

/// The kinds that installations are made of.
package enum ProvisionedKind {
    /// In the order in which they are made; they go the other way round.
    package static let all: [ResourceType] = [
        ResourceType(kind: "Namespace", plural: "namespaces", isNamespaced: false),
        ResourceType(
            group: "scheduling.k8s.io", kind: "PriorityClass", plural: "priorityclasses", isNamespaced: false),
        ResourceType(kind: "ResourceQuota", plural: "resourcequotas"),
        ResourceType(kind: "ServiceAccount", plural: "serviceaccounts"),
        ResourceType(kind: "Secret", plural: "secrets"),
        ResourceType(kind: "ConfigMap", plural: "configmaps"),
        ResourceType(kind: "PersistentVolumeClaim", plural: "persistentvolumeclaims"),
        access("ClusterRole", "clusterroles", isNamespaced: false),
        access("ClusterRoleBinding", "clusterrolebindings", isNamespaced: false),
        access("Role", "roles"),
        access("RoleBinding", "rolebindings"),
        ResourceType(group: "networking.k8s.io", kind: "NetworkPolicy", plural: "networkpolicies"),
        ResourceType(group: "policy", kind: "PodDisruptionBudget", plural: "poddisruptionbudgets"),
        ResourceType(kind: "Service", plural: "services"),
        deployment,
    ]

    static let deployment = ResourceType(group: "apps", kind: "Deployment", plural: "deployments")
    static let pod = ResourceType(kind: "Pod", plural: "pods")
    static let namespace = ResourceType(kind: "Namespace", plural: "namespaces", isNamespaced: false)

    private static func access(_ kind: String, _ plural: String, isNamespaced: Bool = true) -> ResourceType {
        ResourceType(
            group: "rbac.authorization.k8s.io", kind: kind, plural: plural, isNamespaced: isNamespaced)
    }

    /// The kind of a manifest, and its place in the order; nil for one that installations do not have.
    package static func of(_ manifest: Manifest) -> (type: ResourceType, rank: Int)? {
        let rank = all.firstIndex { $0.kind == manifest.kind && $0.apiVersion == manifest.apiVersion }
        return rank.map { (all[$0], $0) }
    }
}
