internal import Descriptors
internal import Runtime

/// The pods of a distributed benchmark, which know each other by name before they run.
struct PodGroup {
    /// How many pods.
    var size: Int
    /// Processes in each.
    var processes: Int
    /// Each pod's name in the cluster's DNS, in the order of their numbers.
    var hosts: [String]

    /// - Parameter service: the headless Service that gives the pods their names; it is named as their Job.
    init(size: Int, processes: Int, service: String, namespace: String) {
        self.size = size
        self.processes = processes
        hosts = (0..<size).map { "\(service)-\($0).\(service).\(namespace).svc" }
    }

    /// Where `torch.distributed` and its like meet.
    private static let usualPort = "29500"

    /// Where a pod of an Indexed Job has its number, from 0.
    static let index = "metadata.annotations['batch.kubernetes.io/job-completion-index']"

    /// In the form of Open MPI's hostfile.
    var hostfile: String { hosts.map { "\($0) slots=\(processes)\n" }.joined() }

    /// What a rank has to know. `RANK` and `LOCAL_RANK` of several processes in one pod are set by who starts them.
    var variables: [EnvironmentVariable] {
        let own: [EnvironmentVariable] =
            processes == 1 ? [.text("LOCAL_RANK", "0"), .field("RANK", PodGroup.index)] : []
        return own + [
            .text("BAI_HOSTFILE", PodPath.hostfile),
            .text("LOCAL_WORLD_SIZE", "\(processes)"),
            .text("MASTER_ADDR", hosts[0]),
            .text("MASTER_PORT", PodGroup.usualPort),
            .text("NODE_COUNT", "\(size)"),
            .field("NODE_RANK", PodGroup.index),
            .text("OMPI_MCA_orte_default_hostfile", PodPath.hostfile),
            .text("WORLD_SIZE", "\(size * processes)"),
        ]
    }

    /// What the pods wait for before the first command starts.
    func barrier(timeout: TimeSpan) -> PodOrder.Barrier {
        PodOrder.Barrier(
            members: size, leader: hosts[0], port: PodOrder.Barrier.usualPort, timeout: timeout)
    }
}
