/// What a service asks of a cluster's API for one kind of object, in the words of a Role's rules.
package struct AccessRight: Hashable, Sendable {
    /// Who needs it: services have accounts of their own.
    package enum Holder: String, CaseIterable, Sendable {
        case executor, watcher
    }

    package var holder: Holder
    /// Empty for the core group.
    package var group: String
    /// In the plural, with its subresource: `pods/log`.
    package var resource: String
    package var verbs: Set<String>

    init(_ holder: Holder, _ group: String, _ resource: String, _ verbs: Set<String>) {
        self.holder = holder
        self.group = group
        self.resource = resource
        self.verbs = verbs
    }

    /// All that is used, and nothing else: in the namespace of benchmarks, for no other. Tests run with these rights alone, and the manifests in infra/ are
    /// compared with them.
    package static let used: [AccessRight] = [
        AccessRight(.executor, "", "secrets", ["create", "get", "list", "delete"]),
        AccessRight(.executor, "", "services", ["create", "get"]),
        AccessRight(.executor, "", "pods", ["list", "delete"]),
        AccessRight(.executor, "batch", "jobs", ["create", "get", "list", "patch", "delete"]),
        AccessRight(.executor, "kubeflow.org", "mpijobs", ["create", "get", "patch"]),
        AccessRight(.watcher, "", "pods", ["list", "watch"]),
        AccessRight(.watcher, "", "pods/log", ["get"]),
        AccessRight(.watcher, "", "events", ["list", "watch"]),
        AccessRight(.watcher, "batch", "jobs", ["get", "list", "watch"]),
        AccessRight(.watcher, "kubeflow.org", "mpijobs", ["get", "list", "watch"]),
    ]
}
