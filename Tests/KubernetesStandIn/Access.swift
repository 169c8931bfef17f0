import JSON

/// Somebody whom the server knows.
package struct StandInUser: Hashable, Sendable {
    package var name: String
    package var groups: Set<String>

    package init(_ name: String, groups: Set<String> = []) {
        self.name = name
        self.groups = groups.union(["system:authenticated"])
    }

    /// A service account.
    package static func serviceAccount(_ name: String, in namespace: String) -> StandInUser {
        StandInUser(
            "system:serviceaccount:\(namespace):\(name)",
            groups: ["system:serviceaccounts", "system:serviceaccounts:\(namespace)"])
    }
}

/// What the stored Roles and bindings allow. Rules only ever allow; whatever none allows is forbidden.
struct Access {
    let cluster: Cluster
    private static let group = "rbac.authorization.k8s.io"
    private static let role = ServedKind(group, "v1", "Role", "roles")
    private static let binding = ServedKind(group, "v1", "RoleBinding", "rolebindings")
    private static let clusterRole = ServedKind(
        group, "v1", "ClusterRole", "clusterroles", isNamespaced: false)
    private static let clusterBinding = ServedKind(
        group, "v1", "ClusterRoleBinding", "clusterrolebindings", isNamespaced: false)

    /// Throws 403 in the server's words unless `user` may do it.
    func check(_ user: StandInUser, _ request: APIRequest) throws(APIFailure) {
        guard
            !allows(
                user, request.verb, request.kind, subresource: request.subresource,
                namespace: request.namespace,
                name: request.name)
        else { return }
        let resource =
            request.subresource.isEmpty
            ? request.kind.plural : "\(request.kind.plural)/\(request.subresource)"
        let place = request.namespace.map { "in the namespace \"\($0)\"" } ?? "at the cluster scope"
        throw .forbidden(
            request.kind, request.name,
            "User \"\(user.name)\" cannot \(request.verb) resource \"\(resource)\" in API group \"\(request.kind.group)\" \(place)"
        )
    }

    func allows(
        _ user: StandInUser, _ verb: String, _ kind: ServedKind, subresource: String, namespace: String?,
        name: String
    ) -> Bool {
        if user.groups.contains("system:masters") { return true }
        let resource = subresource.isEmpty ? kind.plural : "\(kind.plural)/\(subresource)"
        return rules(of: user, in: namespace).contains { rule in
            Access.has(rule["apiGroups"], kind.group) && Access.has(rule["verbs"], verb)
                && (Access.has(rule["resources"], resource)
                    || (!subresource.isEmpty && Access.has(rule["resources"], "*/\(subresource)")))
                && (rule["resourceNames"]?.array?.isEmpty ?? true || Access.has(rule["resourceNames"], name))
        }
    }

    private static func has(_ list: JSONValue?, _ text: String) -> Bool {
        list?.array?.contains { $0.string == text || $0.string == "*" } ?? false
    }

    private func rules(of user: StandInUser, in namespace: String?) -> [JSONValue] {
        var rules: [JSONValue] = []
        for binding in cluster.collection(Access.clusterBinding, in: nil)
        where Access.isBound(user, binding, in: nil) {
            rules += self.rules(ofRole: binding["roleRef"], in: nil)
        }
        guard let namespace else { return rules }
        for binding in cluster.collection(Access.binding, in: namespace)
        where Access.isBound(user, binding, in: namespace) {
            rules += self.rules(ofRole: binding["roleRef"], in: namespace)
        }
        return rules
    }

    private func rules(ofRole reference: JSONValue?, in namespace: String?) -> [JSONValue] {
        let isCluster = reference?["kind"]?.string == "ClusterRole"
        let role = cluster.object(
            isCluster ? Access.clusterRole : Access.role, isCluster ? nil : namespace,
            reference?["name"]?.string ?? "")
        return role?["rules"]?.array ?? []
    }

    private static func isBound(_ user: StandInUser, _ binding: JSONValue, in namespace: String?) -> Bool {
        (binding["subjects"]?.array ?? []).contains { subject in
            let name = subject["name"]?.string ?? ""
            switch subject["kind"]?.string {
            case "User": return name == user.name
            case "Group": return user.groups.contains(name)
            case "ServiceAccount":
                // Its namespace must be named; a binding without it binds nobody.
                return user.name == "system:serviceaccount:\(subject["namespace"]?.string ?? ""):\(name)"
            default: return false
            }
        }
    }
}
