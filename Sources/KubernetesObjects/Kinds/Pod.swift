/// What a controller makes pods from.
package struct PodTemplate: Codable, Equatable, Sendable {
    package var metadata: TemplateMetadata
    package var spec: PodSpec
}

/// What runs in a pod, and where.
package struct PodSpec: Codable, Equatable, Sendable {
    package var restartPolicy: String
    /// From the moment a node has it, in seconds.
    package var activeDeadlineSeconds: Int?
    /// Between SIGTERM and SIGKILL, in seconds.
    package var terminationGracePeriodSeconds: Int
    package var serviceAccountName: String?
    package var automountServiceAccountToken: Bool
    /// Whether containers get a variable for each Service that happens to be in the namespace.
    package var enableServiceLinks: Bool
    package var subdomain: String?
    package var priorityClassName: String?
    package var imagePullSecrets: [LocalReference]?
    package var nodeSelector: [String: String]?
    package var affinity: Affinity?
    package var tolerations: [Toleration]?
    package var securityContext: PodSecurityContext?
    package var initContainers: [Container]?
    package var containers: [Container]
    package var volumes: [Volume]
}

/// The name of an object in the same namespace.
package struct LocalReference: Codable, Equatable, Sendable {
    package var name: String
}

/// What all containers of a pod have in common.
package struct PodSecurityContext: Codable, Equatable, Sendable {
    /// The group that volumes belong to.
    package var fsGroup: Int?
    package var seccompProfile: SeccompProfile?
}

/// Which system calls are allowed.
package struct SeccompProfile: Codable, Equatable, Sendable {
    package var type: String

    package static let runtimeDefault = SeccompProfile(type: "RuntimeDefault")
}

/// Files that containers of a pod share.
package struct Volume: Codable, Equatable, Sendable {
    package var name: String
    package var emptyDir: EmptyDirectory?
    package var secret: SecretFiles?

    /// A folder that lives as long as the pod.
    package struct EmptyDirectory: Codable, Equatable, Sendable {
        /// `Memory`, or nil for the node's disk.
        package var medium: String?
        package var sizeLimit: String?
    }

    /// Some files of a Secret.
    package struct SecretFiles: Codable, Equatable, Sendable {
        package var secretName: String
        package var defaultMode: Int
        package var items: [Item]
    }

    /// One file: the name in the Secret, and the path in the volume.
    package struct Item: Codable, Equatable, Sendable {
        package var key: String
        package var path: String
    }
}

/// What a pod puts up with on a node.
package struct Toleration: Codable, Equatable, Sendable {
    package var key: String?
    package var `operator`: String
    package var value: String?
    package var effect: String?
}

/// Beside whom a pod wants to run, and beside whom not.
package struct Affinity: Codable, Equatable, Sendable {
    package var podAffinity: Terms?
    package var podAntiAffinity: Terms?

    /// Terms that all have to hold when the pod is given a node.
    package struct Terms: Codable, Equatable, Sendable {
        package var requiredDuringSchedulingIgnoredDuringExecution: [Term]
    }

    /// The pods that are meant, and what counts as beside them: nodes with the same value of a label.
    package struct Term: Codable, Equatable, Sendable {
        package var labelSelector: LabelSelector
        package var topologyKey: String
    }
}
