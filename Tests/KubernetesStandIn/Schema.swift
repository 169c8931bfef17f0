import JSON

/// The shape of a value: what a typed server can decode, and which members it knows.
indirect enum Schema: Sendable {
    case text, integer, flag, quantity, integerOrText, anything
    case map(Schema)
    case list(Schema)
    case object([String: Schema])

    /// What decoding finds.
    struct Findings {
        /// A value of another type: the request is refused.
        var mismatch: (path: String, found: String, wanted: String)?
        /// Members that the server does not know: dropped, with a warning, or refused where the request says so.
        var unknown: [String] = []
    }

    /// `value` as the server decodes it.
    func decode(_ value: JSONValue, at path: String, _ findings: inout Findings) -> JSONValue {
        // In Go, null is the absence of a value.
        if value == .null { return .null }
        switch (self, value) {
        case (.anything, _), (.text, .string), (.integer, .integer), (.flag, .bool),
            (.integerOrText, .string),
            (.integerOrText, .integer), (.quantity, .string), (.quantity, .integer), (.quantity, .number):
            return value
        case (.map(let element), .object(let members)):
            return .object(
                members.reduce(into: [:]) { $0[$1.key] = element.decode($1.value, at: path, &findings) })
        case (.list(let element), .array(let values)):
            return .array(values.map { element.decode($0, at: path, &findings) })
        case (.object(let known), .object(let members)):
            var result: [String: JSONValue] = [:]
            for (name, value) in members.sorted(by: { $0.key < $1.key }) {
                let place = path.isEmpty ? name : "\(path).\(name)"
                guard let schema = known[name] else {
                    findings.unknown.append(place)
                    continue
                }
                let decoded = schema.decode(value, at: place, &findings)
                if decoded != .null { result[name] = decoded }
            }
            return .object(result)
        default:
            if findings.mismatch == nil { findings.mismatch = (path, Schema.goName(of: value), goName) }
            return value
        }
    }

    private var goName: String {
        switch self {
        case .text: "string"
        case .integer: "int32"
        case .flag: "bool"
        case .quantity: "resource.Quantity"
        case .integerOrText: "intstr.IntOrString"
        case .map: "map[string]string"
        case .list: "[]"
        case .object, .anything: "struct"
        }
    }

    private static func goName(of value: JSONValue) -> String {
        switch value {
        case .null: "null"
        case .bool: "bool"
        case .integer, .number: "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }
}

extension Schema {
    /// The shape of a kind; nil for kinds that are taken as they come.
    static func of(_ kind: ServedKind) -> Schema? {
        switch kind.kind {
        case "Pod": object(top + [("spec", podSpec), ("status", .anything)])
        case "Job": object(top + [("spec", jobSpec), ("status", .anything)])
        case "Service": object(top + [("spec", serviceSpec), ("status", .anything)])
        case "ConfigMap":
            object(top + [("data", .map(.text)), ("binaryData", .map(.text)), ("immutable", .flag)])
        case "Secret":
            object(
                top + [
                    ("data", .map(.text)), ("stringData", .map(.text)), ("type", .text), ("immutable", .flag),
                ])
        default: nil
        }
    }

    private static func object(_ members: [(String, Schema)]) -> Schema {
        .object(Dictionary(members, uniquingKeysWith: { $1 }))
    }

    private static func texts(_ names: String) -> [(String, Schema)] {
        names.split(separator: " ").map { (String($0), .text) }
    }

    private static func integers(_ names: String) -> [(String, Schema)] {
        names.split(separator: " ").map { (String($0), .integer) }
    }

    private static func flags(_ names: String) -> [(String, Schema)] {
        names.split(separator: " ").map { (String($0), .flag) }
    }

    private static let top: [(String, Schema)] =
        texts("apiVersion kind") + [("metadata", metadata)]

    static let metadata = object(
        texts("name generateName namespace selfLink uid resourceVersion creationTimestamp deletionTimestamp")
            + integers("generation deletionGracePeriodSeconds")
            + [
                ("labels", .map(.text)), ("annotations", .map(.text)), ("finalizers", .list(.text)),
                ("managedFields", .list(.anything)),
                (
                    "ownerReferences",
                    .list(object(texts("apiVersion kind name uid") + flags("controller blockOwnerDeletion")))
                ),
            ])

    private static let selector = object([
        ("matchLabels", .map(.text)),
        ("matchExpressions", .list(object(texts("key operator") + [("values", .list(.text))]))),
    ])

    private static let jobSpec = object(
        integers(
            "parallelism completions activeDeadlineSeconds backoffLimit backoffLimitPerIndex maxFailedIndexes ttlSecondsAfterFinished"
        ) + flags("manualSelector suspend") + texts("completionMode podReplacementPolicy managedBy")
            + [
                ("selector", selector), ("podFailurePolicy", .anything), ("successPolicy", .anything),
                ("template", object([("metadata", metadata), ("spec", podSpec)])),
            ])

    private static let serviceSpec = object(
        texts(
            "clusterIP type sessionAffinity loadBalancerIP externalName externalTrafficPolicy internalTrafficPolicy ipFamilyPolicy loadBalancerClass trafficDistribution"
        ) + flags("publishNotReadyAddresses allocateLoadBalancerNodePorts") + integers("healthCheckNodePort")
            + [
                ("selector", .map(.text)), ("clusterIPs", .list(.text)), ("externalIPs", .list(.text)),
                ("ipFamilies", .list(.text)), ("loadBalancerSourceRanges", .list(.text)),
                ("sessionAffinityConfig", .anything),
                (
                    "ports",
                    .list(
                        object(
                            texts("name protocol appProtocol") + integers("port nodePort")
                                + [("targetPort", .integerOrText)]))
                ),
            ])

    private static let container = object(
        texts(
            "name image workingDir terminationMessagePath terminationMessagePolicy imagePullPolicy restartPolicy"
        )
            + flags("stdin stdinOnce tty")
            + [
                ("command", .list(.text)), ("args", .list(.text)),
                (
                    "ports",
                    .list(object(texts("name protocol hostIP") + integers("containerPort hostPort")))
                ),
                ("envFrom", .list(.anything)),
                ("env", .list(object(texts("name value") + [("valueFrom", .anything)]))),
                (
                    "resources",
                    object([
                        ("limits", .map(.quantity)), ("requests", .map(.quantity)),
                        ("claims", .list(.anything)),
                    ])
                ),
                ("resizePolicy", .list(.anything)), ("restartPolicyRules", .list(.anything)),
                (
                    "volumeMounts",
                    .list(
                        object(
                            texts("name mountPath subPath subPathExpr mountPropagation recursiveReadOnly")
                                + flags("readOnly")))
                ),
                ("volumeDevices", .list(.anything)), ("livenessProbe", probe), ("readinessProbe", probe),
                ("startupProbe", probe), ("lifecycle", .anything), ("securityContext", .anything),
            ])

    private static let probe = object(
        integers(
            "initialDelaySeconds timeoutSeconds periodSeconds successThreshold failureThreshold terminationGracePeriodSeconds"
        ) + [("exec", .anything), ("httpGet", .anything), ("tcpSocket", .anything), ("grpc", .anything)])

    private static let podSpec = object(
        texts(
            "restartPolicy dnsPolicy serviceAccountName serviceAccount nodeName hostname subdomain schedulerName priorityClassName runtimeClassName preemptionPolicy"
        ) + integers("terminationGracePeriodSeconds activeDeadlineSeconds priority")
            + flags(
                "automountServiceAccountToken hostNetwork hostPID hostIPC hostUsers shareProcessNamespace enableServiceLinks setHostnameAsFQDN"
            )
            + [
                ("volumes", .list(.anything)), ("initContainers", .list(container)),
                ("containers", .list(container)),
                ("ephemeralContainers", .list(.anything)), ("nodeSelector", .map(.text)),
                ("securityContext", .anything), ("imagePullSecrets", .list(object(texts("name")))),
                ("affinity", .anything),
                (
                    "tolerations",
                    .list(object(texts("key operator value effect") + integers("tolerationSeconds")))
                ),
                ("hostAliases", .list(.anything)), ("dnsConfig", .anything),
                ("readinessGates", .list(.anything)),
                ("overhead", .map(.quantity)), ("topologySpreadConstraints", .list(.anything)),
                ("os", .anything), ("schedulingGates", .list(.anything)),
                ("resourceClaims", .list(.anything)),
                ("resources", .anything),
            ])
}
