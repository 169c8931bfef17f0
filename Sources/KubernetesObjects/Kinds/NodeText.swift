/// A label of nodes as settings have it: `NAME=VALUE`, where the name may have a prefix.
package struct NodeLabelText: Equatable, Sendable {
    package let name: String
    package let value: String

    package init?(_ text: String) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(
            String.init)
        guard parts.count == 2, NodeLabelText.isName(parts[0]), NodeLabelText.isValue(parts[1]) else {
            return nil
        }
        name = parts[0]
        value = parts[1]
    }

    /// `disktype`, `node.kubernetes.io/instance-type`.
    static func isName(_ text: String) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard let name = parts.last, parts.count <= 2, !name.isEmpty, isValue(String(name)) else {
            return false
        }
        guard parts.count == 2 else { return true }
        let prefix = parts[0].split(separator: ".", omittingEmptySubsequences: false)
        return parts[0].utf8.count <= 253
            && prefix.allSatisfy { $0.wholeMatch(of: /[a-z0-9]([-a-z0-9]*[a-z0-9])?/) != nil }
    }

    /// Whether `text` can be the value of a label, or of a taint.
    static func isValue(_ text: String) -> Bool {
        text.utf8.count <= 63
            && text.wholeMatch(of: /([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?/) != nil
    }
}

extension Toleration {
    private static let effects = ["NoSchedule", "PreferNoSchedule", "NoExecute"]

    /// Reads what taints look like: `dedicated=bench:NoSchedule`, `nvidia.com/gpu:NoSchedule`, `spot`. Without a value every value is meant, without an
    /// effect every effect.
    package init?(_ text: String) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(
            String.init)
        let taint = parts[0].split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            .map(String.init)
        let effect = parts.count == 2 ? parts[1] : nil
        guard NodeLabelText.isName(taint[0]), taint.count == 1 || NodeLabelText.isValue(taint[1]),
            effect.map(Toleration.effects.contains) ?? true
        else { return nil }
        let value = taint.count == 2 ? taint[1] : nil
        self.init(
            key: taint[0], operator: value == nil ? "Exists" : "Equal", value: value, effect: effect)
    }
}
