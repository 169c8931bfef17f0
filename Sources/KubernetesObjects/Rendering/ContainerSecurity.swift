/// What containers may do, by the level that the installation holds benchmarks to.
struct ContainerSecurity {
    private let level: KubernetesSettings.PodSecurity
    private let userID: Int

    init(_ settings: KubernetesSettings) {
        level = settings.podSecurity
        userID = settings.userID
    }

    /// Of the pod as a whole. A privileged container has no filter of system calls, whatever its pod says.
    var pod: PodSecurityContext {
        PodSecurityContext(fsGroup: level == .restricted ? userID : nil, seccompProfile: .runtimeDefault)
    }

    /// Of the benchmark's own container.
    func benchmark(isPrivileged: Bool) -> SecurityContext? {
        if isPrivileged { return SecurityContext(privileged: true) }
        return level == .restricted ? restricted : nil
    }

    /// Of the agent's containers, which write nothing but the pod's volumes.
    var agent: SecurityContext {
        var context = level == .restricted ? restricted : SecurityContext()
        context.allowPrivilegeEscalation = false
        context.capabilities = SecurityContext.Capabilities(drop: ["ALL"])
        context.readOnlyRootFilesystem = true
        return context
    }

    /// Whether containers run as a user that their image may not know.
    var imposesUser: Bool { level == .restricted }

    private var restricted: SecurityContext {
        SecurityContext(
            allowPrivilegeEscalation: false, runAsNonRoot: true, runAsUser: userID, runAsGroup: userID,
            capabilities: SecurityContext.Capabilities(drop: ["ALL"]))
    }
}
