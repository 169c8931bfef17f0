import JSON
import Runtime

/// What stands between a valid request and its storing: namespaces, quotas, Pod Security, service accounts, priority classes.
extension Cluster {
    /// Throws what forbids a new object.
    func admit(_ object: JSONValue, _ kind: ServedKind) throws(APIFailure) {
        guard kind.isNamespaced, let namespace = object.namespace else { return }
        guard let home = self.object(.namespace, nil, namespace) else {
            throw .notFound(.namespace, namespace)
        }
        if home.isBeingDeleted {
            var failure = APIFailure.forbidden(
                kind, object.name,
                "unable to create new content in namespace \(namespace) because it is being terminated")
            failure.details?["causes"] = [
                [
                    "reason": "NamespaceTerminating", "field": "metadata.namespace",
                    "message": .string("namespace \(namespace) is being terminated"),
                ]
            ]
            throw failure
        }
        if kind == .pod {
            try admitServiceAccount(object, namespace)
            try admitPriority(object)
            try admitSecurity(object, home)
        }
        try admitQuota(object, kind, namespace)
    }

    private func admitServiceAccount(_ pod: JSONValue, _ namespace: String) throws(APIFailure) {
        let name = pod["spec"]?["serviceAccountName"]?.string ?? "default"
        let kind = ServedKind("", "v1", "ServiceAccount", "serviceaccounts")
        guard name == "default" || object(kind, namespace, name) != nil else {
            throw .forbidden(
                .pod, pod.name,
                "error looking up service account \(namespace)/\(name): serviceaccount \"\(name)\" not found")
        }
    }

    private func admitPriority(_ pod: JSONValue) throws(APIFailure) {
        guard let name = pod["spec"]?["priorityClassName"]?.string, !name.isEmpty, !name.hasPrefix("system-")
        else { return }
        let kind = ServedKind(
            "scheduling.k8s.io", "v1", "PriorityClass", "priorityclasses", isNamespaced: false)
        guard object(kind, nil, name) != nil else {
            throw .forbidden(.pod, pod.name, "no PriorityClass with name \(name) was found")
        }
    }

    // MARK: Quotas

    private func admitQuota(_ object: JSONValue, _ kind: ServedKind, _ namespace: String) throws(APIFailure) {
        let quotas = collection(
            ServedKind("", "v1", "ResourceQuota", "resourcequotas", hasStatus: true), in: namespace)
        let counted = kind.group.isEmpty ? [kind.plural, "count/\(kind.plural)"] : ["count/\(kind.resource)"]
        for quota in quotas {
            for (name, hard) in quota["spec"]?["hard"]?.object ?? [:] where counted.contains(name) {
                let used = collection(kind, in: namespace).count
                guard let limit = Quantity(hard), Double(used + 1) > limit.value else { continue }
                throw .forbidden(
                    kind, object.name,
                    "exceeded quota: \(quota.name), requested: \(name)=1, used: \(name)=\(used), limited: \(name)=\(limit.text)"
                )
            }
        }
    }

    // MARK: Pod Security

    private func admitSecurity(_ pod: JSONValue, _ namespace: JSONValue) throws(APIFailure) {
        guard namespace.labels["pod-security.kubernetes.io/enforce"] == "restricted" else { return }
        let spec = pod["spec"] ?? [:]
        let containers = (spec["initContainers"]?.array ?? []) + (spec["containers"]?.array ?? [])
        var violations: [String] = []
        for container in containers {
            let context = container["securityContext"]
            let name = container["name"]?.string ?? ""
            if context?["privileged"]?.bool == true {
                violations.append(
                    "privileged (container \"\(name)\" must not set securityContext.privileged=true)")
            }
            if context?["allowPrivilegeEscalation"]?.bool != false {
                violations.append(
                    "allowPrivilegeEscalation != false (container \"\(name)\" must set securityContext.allowPrivilegeEscalation=false)"
                )
            }
            if context?["capabilities"]?["drop"]?.array?.contains("ALL") != true {
                violations.append(
                    "unrestricted capabilities (container \"\(name)\" must set securityContext.capabilities.drop=[\"ALL\"])"
                )
            }
            if (context?["runAsNonRoot"] ?? spec["securityContext"]?["runAsNonRoot"])?.bool != true {
                violations.append(
                    "runAsNonRoot != true (pod or container \"\(name)\" must set securityContext.runAsNonRoot=true)"
                )
            }
            let profile = context?["seccompProfile"] ?? spec["securityContext"]?["seccompProfile"]
            if !["RuntimeDefault", "Localhost"].contains(profile?["type"]?.string ?? "") {
                violations.append(
                    "seccompProfile (pod or container \"\(name)\" must set securityContext.seccompProfile.type to \"RuntimeDefault\" or \"Localhost\")"
                )
            }
        }
        for volume in spec["volumes"]?.array ?? [] where volume["hostPath"] != nil {
            violations.append(
                "restricted volume types (volume \"\(volume["name"]?.string ?? "")\" uses restricted volume type \"hostPath\")"
            )
        }
        guard violations.isEmpty else {
            throw .forbidden(
                .pod, pod.name,
                "violates PodSecurity \"restricted:latest\": \(violations.joined(separator: ", "))")
        }
    }
}
