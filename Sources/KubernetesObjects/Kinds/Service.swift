/// `v1` Service: a name in the cluster's DNS for pods.
package struct Service: Codable, Equatable, Sendable {
    package var apiVersion = "v1"
    package var kind = "Service"
    package var metadata: ObjectMetadata
    package var spec: ServiceSpec
}

/// Which pods a Service stands for, and where they listen.
package struct ServiceSpec: Codable, Equatable, Sendable {
    /// `None` for a headless Service: a name for each pod instead of one address for all.
    package var clusterIP: String?
    /// Whether pods have their names before they are ready.
    package var publishNotReadyAddresses: Bool?
    package var selector: [String: String]
    package var ports: [ServicePort]?
}

/// One port of a Service.
package struct ServicePort: Codable, Equatable, Sendable {
    package var name: String
    package var port: Int
}
