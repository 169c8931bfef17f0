/// One container of a pod.
package struct Container: Codable, Equatable, Sendable {
    package var name: String
    package var image: String
    package var imagePullPolicy: String?
    /// In place of the image's entry point.
    package var command: [String]?
    /// In place of the image's arguments.
    package var args: [String]?
    package var workingDir: String?
    package var env: [EnvironmentVariable]
    package var ports: [ContainerPort]?
    package var resources: Resources
    package var volumeMounts: [VolumeMount]
    package var readinessProbe: Probe?
    /// `Always` makes an init container a sidecar.
    package var restartPolicy: String?
    package var securityContext: SecurityContext?
    package var terminationMessagePolicy: String?
}

/// A variable of a container: a text, in which `$(NAME)` stands for variables before it, a field of the pod, or a file of a Secret.
package struct EnvironmentVariable: Codable, Equatable, Sendable {
    package var name: String
    package var value: String?
    package var valueFrom: Source?

    /// Where a value comes from that is known only to the pod.
    package struct Source: Codable, Equatable, Sendable {
        package var fieldRef: Field?
        package var secretKeyRef: SecretKey?
    }

    /// A field of the pod's own object.
    package struct Field: Codable, Equatable, Sendable {
        package var fieldPath: String
    }

    /// A file of a Secret.
    package struct SecretKey: Codable, Equatable, Sendable {
        package var name: String
        package var key: String
    }

    /// A value in which `$(NAME)` is replaced.
    package static func text(_ name: String, _ value: String) -> EnvironmentVariable {
        EnvironmentVariable(name: name, value: value)
    }

    /// A value that stays as it is, dollars too.
    package static func literal(_ name: String, _ value: String) -> EnvironmentVariable {
        text(name, value.replacing("$", with: "$$"))
    }

    /// A field of the pod, such as `spec.nodeName`.
    package static func field(_ name: String, _ path: String) -> EnvironmentVariable {
        EnvironmentVariable(name: name, valueFrom: Source(fieldRef: Field(fieldPath: path)))
    }
}

/// A port that a container listens on.
package struct ContainerPort: Codable, Equatable, Sendable {
    package var name: String
    package var containerPort: Int
}

/// Where a container sees a volume, or a part of it.
package struct VolumeMount: Codable, Equatable, Sendable {
    package var name: String
    package var mountPath: String
    package var subPath: String?
    package var readOnly: Bool?
}

/// What a container gets: amounts in Kubernetes' notation, by the resource's name.
package struct Resources: Codable, Equatable, Sendable {
    package var requests: [String: String]?
    package var limits: [String: String]?
}

/// How the kubelet finds out that a container is ready.
package struct Probe: Codable, Equatable, Sendable {
    package var httpGet: HTTPGet?
    package var tcpSocket: TCPSocket?
    package var initialDelaySeconds: Int?
    package var periodSeconds: Int
    package var timeoutSeconds: Int
    package var successThreshold: Int
    package var failureThreshold: Int

    /// A request that has to be answered with success.
    package struct HTTPGet: Codable, Equatable, Sendable {
        package var path: String
        package var port: Int
        package var scheme: String
    }

    /// A port that has to accept connections.
    package struct TCPSocket: Codable, Equatable, Sendable {
        package var port: Int
    }
}

/// What a container's processes may do.
package struct SecurityContext: Codable, Equatable, Sendable {
    package var privileged: Bool?
    package var allowPrivilegeEscalation: Bool?
    package var readOnlyRootFilesystem: Bool?
    package var runAsNonRoot: Bool?
    package var runAsUser: Int?
    package var runAsGroup: Int?
    package var capabilities: Capabilities?

    /// The pieces of root's power that are taken away.
    package struct Capabilities: Codable, Equatable, Sendable {
        package var drop: [String]
    }
}
