import JSON

extension Validation {
    private static let containerResources: Set<String> = ["cpu", "memory", "ephemeral-storage"]

    /// A pod's specification, or that of a template.
    mutating func podSpec(_ spec: JSONValue, at field: String, _ object: JSONValue) {
        let containers = spec["containers"]?.array ?? []
        if containers.isEmpty { note(.required("\(field).containers")) }
        let volumes = self.volumes(spec["volumes"]?.array ?? [], at: "\(field).volumes")
        var names: Set<String> = []
        for (index, container) in (spec["initContainers"]?.array ?? []).enumerated() {
            let place = "\(field).initContainers[\(index)]"
            self.container(container, at: place, volumes, &names)
            oneOf(container["restartPolicy"], ["Always"], at: "\(place).restartPolicy")
        }
        for (index, container) in containers.enumerated() {
            let place = "\(field).containers[\(index)]"
            self.container(container, at: place, volumes, &names)
            if container["restartPolicy"] != nil {
                note(.forbidden("\(place).restartPolicy", "may not be set for non-init containers"))
            }
        }
        oneOf(spec["restartPolicy"], ["Always", "OnFailure", "Never"], at: "\(field).restartPolicy")
        oneOf(
            spec["dnsPolicy"], ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"],
            at: "\(field).dnsPolicy")
        labels(spec["nodeSelector"], at: "\(field).nodeSelector")
        notNegative(spec["terminationGracePeriodSeconds"], at: "\(field).terminationGracePeriodSeconds")
        if let value = spec["activeDeadlineSeconds"], let seconds = value.integer,
            !(1...2_147_483_647).contains(seconds)
        {
            note(
                .invalid(
                    "\(field).activeDeadlineSeconds", value, "must be between 1 and 2147483647, inclusive"))
        }
        for name in ["hostname", "subdomain"] {
            guard let value = spec[name], let text = value.string, !text.isEmpty, !NameRules.isLabel(text)
            else { continue }
            note(.invalid("\(field).\(name)", value, NameRules.labelWords))
        }
        for name in ["serviceAccountName", "priorityClassName"] {
            guard let value = spec[name], let text = value.string, !text.isEmpty, !NameRules.isSubdomain(text)
            else {
                continue
            }
            note(.invalid("\(field).\(name)", value, NameRules.subdomainWords))
        }
        tolerations(spec["tolerations"]?.array ?? [], at: "\(field).tolerations")
    }

    // MARK: Volumes

    /// The names of the volumes.
    private mutating func volumes(_ volumes: [JSONValue], at field: String) -> Set<String> {
        var names: Set<String> = []
        for (index, volume) in volumes.enumerated() {
            let place = "\(field)[\(index)]"
            let name = volume["name"]?.string ?? ""
            if name.isEmpty {
                note(.required("\(place).name"))
            } else if !NameRules.isLabel(name) {
                note(.invalid("\(place).name", .string(name), NameRules.labelWords))
            } else if !names.insert(name).inserted {
                note(.duplicate("\(place).name", .string(name)))
            }
            let sources = (volume.object ?? [:]).keys.filter { $0 != "name" }.sorted()
            if sources.isEmpty { note(.required(place, "must specify a volume type")) }
            for source in sources.dropFirst() {
                note(.forbidden("\(place).\(source)", "may not specify more than 1 volume type"))
            }
        }
        return names
    }

    private mutating func mounts(_ mounts: [JSONValue], at field: String, _ volumes: Set<String>) {
        var paths: Set<String> = []
        for (index, mount) in mounts.enumerated() {
            let name = mount["name"]?.string ?? ""
            if name.isEmpty {
                note(.required("\(field)[\(index)].name"))
            } else if !volumes.contains(name) {
                note(.notFound("\(field)[\(index)].name", .string(name)))
            }
            let path = mount["mountPath"]?.string ?? ""
            if path.isEmpty {
                note(.required("\(field)[\(index)].mountPath"))
            } else if !paths.insert(path).inserted {
                note(.invalid("\(field)[\(index)].mountPath", .string(path), "must be unique"))
            }
            let subPath = mount["subPath"]?.string ?? ""
            if subPath.hasPrefix("/") {
                note(.invalid("\(field)[\(index)].subPath", .string(subPath), "must be a relative path"))
            }
            if subPath.split(separator: "/").contains("..") {
                note(.invalid("\(field)[\(index)].subPath", .string(subPath), "must not contain '..'"))
            }
        }
    }

    // MARK: Containers

    private mutating func container(
        _ container: JSONValue, at field: String, _ volumes: Set<String>, _ names: inout Set<String>
    ) {
        let name = container["name"]?.string ?? ""
        if name.isEmpty {
            note(.required("\(field).name"))
        } else if !NameRules.isLabel(name) {
            note(.invalid("\(field).name", .string(name), NameRules.labelWords))
        } else if !names.insert(name).inserted {
            note(.duplicate("\(field).name", .string(name)))
        }
        let image = container["image"]?.string ?? ""
        if image.isEmpty { note(.required("\(field).image")) }
        if image.first?.isWhitespace == true || image.last?.isWhitespace == true {
            note(.invalid("\(field).image", .string(image), "must not have leading or trailing whitespace"))
        }
        oneOf(
            container["imagePullPolicy"], ["Always", "IfNotPresent", "Never"], at: "\(field).imagePullPolicy")
        variables(container["env"]?.array ?? [], at: "\(field).env")
        mounts(container["volumeMounts"]?.array ?? [], at: "\(field).volumeMounts", volumes)
        resources(container["resources"], at: "\(field).resources")
        for (index, port) in (container["ports"]?.array ?? []).enumerated() {
            self.port(port["containerPort"], at: "\(field).ports[\(index)].containerPort")
            oneOf(port["protocol"], ["SCTP", "TCP", "UDP"], at: "\(field).ports[\(index)].protocol")
        }
        let context = container["securityContext"]
        if context?["privileged"]?.bool == true, context?["allowPrivilegeEscalation"]?.bool == false {
            note(
                .invalid(
                    "\(field).securityContext", context ?? .null,
                    "cannot set `allowPrivilegeEscalation` to false and `privileged` to true"))
        }
        notNegative(context?["runAsUser"], at: "\(field).securityContext.runAsUser")
    }

    private mutating func variables(_ variables: [JSONValue], at field: String) {
        for (index, variable) in variables.enumerated() {
            let name = variable["name"]?.string ?? ""
            if name.isEmpty {
                note(.required("\(field)[\(index)].name"))
            } else if !NameRules.isVariable(name) {
                note(
                    .invalid(
                        "\(field)[\(index)].name", .string(name),
                        "a valid environment variable name must consist only of printable ASCII characters other than '='"
                    ))
            }
            if variable["valueFrom"] != nil, variable["value"]?.string?.isEmpty == false {
                note(
                    .invalid(
                        "\(field)[\(index)].valueFrom", .string(""),
                        "may not be specified when `value` is not empty"))
            }
        }
    }

    private mutating func resources(_ resources: JSONValue?, at field: String) {
        let limits = resources?["limits"]?.object ?? [:]
        let requests = resources?["requests"]?.object ?? [:]
        for (part, quantities) in [("limits", limits), ("requests", requests)] {
            for (name, quantity) in quantities.sorted(by: { $0.key < $1.key }) {
                resourceName(name, at: "\(field).\(part)")
                if (Quantity(quantity)?.value ?? 0) < 0 {
                    note(
                        .invalid("\(field).\(part)[\(name)]", quantity, "must be greater than or equal to 0"))
                }
            }
        }
        for (name, request) in requests.sorted(by: { $0.key < $1.key }) {
            let isOvercommittable = Validation.containerResources.contains(name)
            guard let limit = limits[name] else {
                if !isOvercommittable {
                    note(.required("\(field).limits", "Limit must be set for non overcommitable resources"))
                }
                continue
            }
            guard let asked = Quantity(request), let most = Quantity(limit) else { continue }
            if !isOvercommittable, asked.value != most.value {
                note(.invalid("\(field).requests", request, "must be equal to \(name) limit of \(most.text)"))
            } else if asked.value > most.value {
                note(
                    .invalid(
                        "\(field).requests", request,
                        "must be less than or equal to \(name) limit of \(most.text)"))
            }
        }
    }

    private mutating func resourceName(_ name: String, at field: String) {
        if !NameRules.isLabelKey(name) {
            note(.invalid(field, .string(name), NameRules.qualifiedNameWords))
        } else if !name.contains("/"), !Validation.containerResources.contains(name),
            !name.hasPrefix("hugepages-")
        {
            note(.invalid(field, .string(name), "must be a standard resource for containers"))
        }
    }

    private mutating func tolerations(_ tolerations: [JSONValue], at field: String) {
        for (index, toleration) in tolerations.enumerated() {
            let place = "\(field)[\(index)]"
            let key = toleration["key"]?.string ?? ""
            if !key.isEmpty { labelKey(key, at: "\(place).key") }
            if key.isEmpty, toleration["operator"]?.string != "Exists" {
                note(
                    .invalid(
                        "\(place).operator", toleration["operator"] ?? .string(""),
                        "operator must be Exists when `key` is empty, which means \"match all values and all keys\""
                    ))
            }
            if toleration["operator"]?.string == "Exists", toleration["value"]?.string?.isEmpty == false {
                note(
                    .invalid(
                        "\(place).operator", toleration, "value must be empty when `operator` is 'Exists'"))
            }
            oneOf(toleration["operator"], ["Equal", "Exists"], at: "\(place).operator")
            oneOf(
                toleration["effect"], ["NoSchedule", "PreferNoSchedule", "NoExecute"], at: "\(place).effect")
        }
    }
}

/// An amount of a resource: `500m`, `1Gi`, `2`.
struct Quantity {
    var text: String
    var value: Double

    private static let suffixes: [(String, Double)] = [
        ("Ki", 1024), ("Mi", 1_048_576), ("Gi", 1_073_741_824), ("Ti", 1_099_511_627_776),
        ("Pi", 1_125_899_906_842_624), ("Ei", 1_152_921_504_606_846_976), ("n", 1e-9), ("u", 1e-6),
        ("m", 1e-3),
        ("k", 1e3), ("M", 1e6), ("G", 1e9), ("T", 1e12), ("P", 1e15), ("E", 1e18),
    ]

    /// Nil for what is no quantity.
    init?(_ value: JSONValue) {
        if let number = value.number {
            self.init(text: value.integer.map { "\($0)" } ?? "\(number)", value: number)
            return
        }
        guard let text = value.string else { return nil }
        let suffix = Quantity.suffixes.first { text.hasSuffix($0.0) }
        let digits = text.dropLast(suffix?.0.count ?? 0)
        let isNumber = digits.utf8.allSatisfy { (48...57).contains($0) || "+-.eE".utf8.contains($0) }
        guard isNumber, digits.utf8.contains(where: { (48...57).contains($0) }), let number = Double(digits)
        else { return nil }
        self.init(text: text, value: number * (suffix?.1 ?? 1))
    }

    private init(text: String, value: Double) {
        self.text = text
        self.value = value
    }
}
