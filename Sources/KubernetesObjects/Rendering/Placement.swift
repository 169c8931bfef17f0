internal import Descriptors
internal import Events

/// Where an attempt's pods may run.
struct Placement {
    private let request: AttemptRequest
    private let settings: KubernetesSettings
    private let hardware: Descriptor.Hardware

    init(_ request: AttemptRequest, _ settings: KubernetesSettings) {
        self.request = request
        self.settings = settings
        hardware = request.run.descriptor.hardware
    }

    /// The labels that a node needs. All pods of an attempt are in the zone of `hardware`.
    func nodeSelector(_ plan: PodPlan) -> [String: String]? {
        var labels = settings.nodeSelector
        if settings.selectsInstanceType, plan.role != .launcher {
            labels[NodeLabel.instanceType] = plan.hardware.instanceType
        }
        if settings.selectsZone, let zone = hardware.availabilityZone {
            labels[NodeLabel.zone] = zone
        } else if settings.selectsZone, let zone = hardware.awsZoneID {
            labels[NodeLabel.zoneID] = zone
        }
        return labels.isEmpty ? nil : labels
    }

    /// A node for itself; and the server's zone, where the descriptor names none.
    func affinity(_ plan: PodPlan) -> Affinity? {
        var affinity = Affinity()
        if settings.isAlone {
            affinity.podAntiAffinity = Affinity.Terms(
                requiredDuringSchedulingIgnoredDuringExecution: [neighbours(plan)])
        }
        let hasZone = hardware.availabilityZone != nil || hardware.awsZoneID != nil
        if plan.role == .client, settings.selectsZone, !hasZone {
            affinity.podAffinity = Affinity.Terms(
                requiredDuringSchedulingIgnoredDuringExecution: [server])
        }
        return affinity == Affinity() ? nil : affinity
    }

    /// Whom a pod keeps away from. A launcher does next to nothing: it may be beside its own workers, but beside nobody else's.
    private func neighbours(_ plan: PodPlan) -> Affinity.Term {
        var selector = LabelSelector(matchLabels: [AttemptLabels.Key.occupies: "node"])
        if plan.role == .launcher {
            selector.matchExpressions = [
                LabelSelector.Requirement(
                    key: AttemptLabels.Key.run, operator: .notIn,
                    values: [LabelValue.of(request.runID)])
            ]
        }
        return Affinity.Term(labelSelector: selector, topologyKey: NodeLabel.host)
    }

    private var server: Affinity.Term {
        let labels = [
            AttemptLabels.Key.run: LabelValue.of(request.runID),
            AttemptLabels.Key.attempt: "\(request.attempt.number)",
            AttemptLabels.Key.role: PodRole.server.rawValue,
        ]
        return Affinity.Term(
            labelSelector: LabelSelector(matchLabels: labels), topologyKey: NodeLabel.zone)
    }
}

/// Labels of nodes.
enum NodeLabel {
    static let instanceType = "node.kubernetes.io/instance-type"
    static let zone = "topology.kubernetes.io/zone"
    /// A zone's id, which is the same in every account; Amazon's nodes have it beside the zone's name.
    static let zoneID = "topology.k8s.aws/zone-id"
    static let host = "kubernetes.io/hostname"
}
