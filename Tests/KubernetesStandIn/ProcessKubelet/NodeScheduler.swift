import JSON

/// Finds a node for a pod: by labels, and by what is near it or must not be.
struct NodeScheduler {
    let nodes: [ProcessKubelet.Node]
    /// The pods that have a node and have not ended.
    let placed: [JSONValue]

    /// The first node that fits, or the scheduler's words for why there is none.
    func place(_ pod: JSONValue) -> Result<String, Words> {
        var reasons: [String: Int] = [:]
        for node in nodes {
            guard let reason = refusal(of: node, pod) else { return .success(node.name) }
            reasons[reason, default: 0] += 1
        }
        let list = reasons.sorted { $0.key < $1.key }.map { "\($0.value) node(s) \($0.key)" }
        return .failure(
            Words(
                "0/\(nodes.count) nodes are available: \(list.joined(separator: ", ")). preemption: 0/\(nodes.count) nodes are available: \(nodes.count) Preemption is not helpful for scheduling."
            ))
    }

    struct Words: Error {
        var text: String
        init(_ text: String) { self.text = text }
    }

    private func refusal(of node: ProcessKubelet.Node, _ pod: JSONValue) -> String? {
        let wanted = pod["spec"]?["nodeSelector"]?.object ?? [:]
        guard wanted.allSatisfy({ node.allLabels[$0.key] == $0.value.string }) else {
            return "didn't match Pod's node affinity/selector"
        }
        let repels = { (holder: JSONValue, other: JSONValue) in
            terms(holder, "podAntiAffinity").contains {
                matches($0, other, of: holder) && shares($0, node, other)
            }
        }
        if placed.contains(where: { repels(pod, $0) }) { return "didn't match pod anti-affinity rules" }
        // Who is there already may not want company, either.
        let isUnwelcome = placed.contains { other in
            terms(other, "podAntiAffinity").contains {
                matches($0, pod, of: other) && shares($0, node, other)
            }
        }
        if isUnwelcome { return "didn't satisfy existing pods anti-affinity rules" }
        let isFar = terms(pod, "podAffinity").contains { term in
            let friends = placed.filter { matches(term, $0, of: pod) }
            // The first of a group that wants to be together may be anywhere.
            if friends.isEmpty { return !matches(term, pod, of: pod) }
            return !friends.contains { shares(term, node, $0) }
        }
        return isFar ? "didn't match pod affinity rules" : nil
    }

    private func terms(_ pod: JSONValue, _ kind: String) -> [JSONValue] {
        pod["spec"]?["affinity"]?[kind]?["requiredDuringSchedulingIgnoredDuringExecution"]?.array ?? []
    }

    private func matches(_ term: JSONValue, _ other: JSONValue, of holder: JSONValue) -> Bool {
        let namespaces = term["namespaces"]?.array?.compactMap(\.string) ?? [holder.namespace ?? ""]
        // An empty selector is everything.
        let isAnywhere = term["namespaceSelector"] == .object([:])
        guard isAnywhere || namespaces.contains(other.namespace ?? "") else { return false }
        let labels = other.labels
        let wanted = term["labelSelector"]?["matchLabels"]?.object ?? [:]
        let expressions = term["labelSelector"]?["matchExpressions"]?.array ?? []
        return wanted.allSatisfy { labels[$0.key] == $0.value.string }
            && expressions.allSatisfy { expression in
                let values = expression["values"]?.array?.compactMap(\.string) ?? []
                let value = labels[expression["key"]?.string ?? ""]
                return switch expression["operator"]?.string {
                case "In": value.map(values.contains) ?? false
                case "NotIn": value.map { !values.contains($0) } ?? true
                case "Exists": value != nil
                case "DoesNotExist": value == nil
                default: false
                }
            }
    }

    /// Whether `other` is on a node of the same place as `node`: the same host, the same zone.
    private func shares(_ term: JSONValue, _ node: ProcessKubelet.Node, _ other: JSONValue) -> Bool {
        let key = term["topologyKey"]?.string ?? ""
        guard let there = nodes.first(where: { $0.name == other["spec"]?["nodeName"]?.string }),
            let place = node.allLabels[key]
        else { return false }
        return there.allLabels[key] == place
    }
}
