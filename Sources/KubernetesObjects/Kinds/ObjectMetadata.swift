/// What every object of Kubernetes has beside its content: name, labels, annotations, owners.
package struct ObjectMetadata: Codable, Equatable, Sendable {
    package var name: String
    package var namespace: String?
    package var labels: [String: String]?
    package var annotations: [String: String]?
    package var ownerReferences: [OwnerReference]?
}

/// The metadata of pods that a controller makes: the controller names them.
package struct TemplateMetadata: Codable, Equatable, Sendable {
    package var labels: [String: String]?
    package var annotations: [String: String]?
}

/// The object without which another one is not kept.
package struct OwnerReference: Codable, Equatable, Sendable {
    package var apiVersion: String
    package var kind: String
    package var name: String
    /// The server's own identifier of the owner; an object of the same name that comes later is another one.
    package var uid: String

    package init(apiVersion: String, kind: String, name: String, uid: String) {
        self.apiVersion = apiVersion
        self.kind = kind
        self.name = name
        self.uid = uid
    }
}

/// Which objects are meant, by their labels.
package struct LabelSelector: Codable, Equatable, Sendable {
    package var matchLabels: [String: String]?
    package var matchExpressions: [Requirement]?

    /// One condition on the value of a label.
    package struct Requirement: Codable, Equatable, Sendable {
        package var key: String
        package var `operator`: Operator
        package var values: [String]?
    }

    /// How a label's value is compared.
    package enum Operator: String, Codable, Sendable {
        case `in` = "In"
        case notIn = "NotIn"
        case exists = "Exists"
    }
}
