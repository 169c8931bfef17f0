internal import Runtime

/// What containers get of a node.
struct PodResources {
    private let settings: KubernetesSettings

    init(_ settings: KubernetesSettings) { self.settings = settings }

    /// Enough to pass lines on; taken from no benchmark's share.
    private static let sidecar = ["cpu": "100m", "memory": "256Mi"]

    /// Memory of a benchmark's container.
    func memory(_ plan: PodPlan) -> ByteSize {
        plan.role == .launcher ? .gibibytes(1) : plan.hardware.memory ?? settings.memory
    }

    /// Of the benchmark's own container.
    func benchmark(_ plan: PodPlan) -> Resources {
        var always: [String: String] = [:]
        if let count = plan.hardware.gpus, count > 0, plan.role != .launcher {
            always[settings.gpuResource] = "\(count)"
        }
        // A limit that the descriptor sets holds whatever the installation does otherwise.
        if let memory = plan.hardware.memory, plan.role != .launcher {
            always["memory"] = Quantity.of(memory)
        }
        return resources(share(plan), always: always)
    }

    /// Of an init container: it runs before the benchmark and may use all that is kept for it.
    func initial(_ plan: PodPlan) -> Resources { resources(share(plan)) }

    /// Of the container that stays beside the benchmark.
    var sidecar: Resources { resources(PodResources.sidecar) }

    private func share(_ plan: PodPlan) -> [String: String] {
        let cpus = plan.hardware.cpus.map { "\($0)" } ?? settings.cpus
        return ["cpu": plan.role == .launcher ? "1" : cpus, "memory": Quantity.of(memory(plan))]
    }

    /// - Parameter always: what is a limit on every installation, devices above all.
    private func resources(_ share: [String: String], always: [String: String] = [:]) -> Resources {
        let all = share.merging(always) { $1 }
        let limits = settings.isGuaranteed ? all : always
        return Resources(requests: all, limits: limits.isEmpty ? nil : limits)
    }
}
