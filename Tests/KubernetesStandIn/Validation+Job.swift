import JSON

extension Validation {
    /// A Job with its template.
    mutating func job(_ object: JSONValue) {
        let spec = object["spec"] ?? [:]
        for field in [
            "parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished",
            "backoffLimitPerIndex", "maxFailedIndexes",
        ] {
            notNegative(spec[field], at: "spec.\(field)")
        }
        oneOf(spec["completionMode"], ["NonIndexed", "Indexed"], at: "spec.completionMode")
        oneOf(
            spec["podReplacementPolicy"], ["Failed", "TerminatingOrFailed"], at: "spec.podReplacementPolicy")
        if spec["completionMode"]?.string == "Indexed" { indexed(object, spec) }
        if spec["completionMode"]?.string != "Indexed", spec["backoffLimitPerIndex"] != nil {
            note(
                .invalid(
                    "spec.backoffLimitPerIndex", spec["backoffLimitPerIndex"] ?? .null,
                    "requires indexed completion mode"))
        }
        selector(object, spec)
        let template = spec["template"] ?? [:]
        labels(template["metadata"]?["labels"], at: "spec.template.labels")
        podSpec(template["spec"] ?? [:], at: "spec.template.spec", object)
        restartPolicy(template["spec"]?["restartPolicy"], spec)
    }

    private mutating func indexed(_ object: JSONValue, _ spec: JSONValue) {
        guard let completions = spec["completions"]?.integer else {
            return note(.required("spec.completions", "when completion mode is Indexed"))
        }
        if let value = spec["parallelism"], let parallelism = value.integer, parallelism > 100_000 {
            note(
                .invalid(
                    "spec.parallelism", value,
                    "must be less than or equal to 100000 when completion mode is Indexed"))
        }
        // Pods are called after their Job and their index, and that name is their host's.
        let longest = "\(object.name)-\(max(completions - 1, 0))"
        if !NameRules.isLabel(longest) {
            note(
                .invalid(
                    "metadata.name", .string(object.name),
                    "will not able to create pod with invalid DNS label: \(longest)"))
        }
    }

    private mutating func selector(_ object: JSONValue, _ spec: JSONValue) {
        let wanted = spec["selector"]?["matchLabels"]?.object?.compactMapValues(\.string) ?? [:]
        let labels = spec["template"]?["metadata"]?["labels"]?.object?.compactMapValues(\.string) ?? [:]
        if spec["manualSelector"]?.bool != true {
            let own = ["batch.kubernetes.io/controller-uid": object.uid, "controller-uid": object.uid]
            if !wanted.allSatisfy({ own[$0.key] == $0.value }) {
                note(.invalid("spec.selector", spec["selector"] ?? .null, "`selector` not auto-generated"))
            }
        }
        if !wanted.allSatisfy({ labels[$0.key] == $0.value }) {
            note(
                .invalid(
                    "spec.template.metadata.labels", spec["template"]?["metadata"]?["labels"] ?? .null,
                    "`selector` does not match template `labels`"))
        }
    }

    private mutating func restartPolicy(_ policy: JSONValue?, _ spec: JSONValue) {
        if policy == nil || policy == "Always" {
            note(
                .required("spec.template.spec.restartPolicy", "valid values: \"OnFailure\", \"Never\""))
        } else {
            oneOf(policy, ["OnFailure", "Never"], at: "spec.template.spec.restartPolicy")
        }
        if spec["podFailurePolicy"] != nil, policy != "Never" {
            note(
                .invalid(
                    "spec.template.spec.restartPolicy", policy ?? "",
                    "only \"Never\" is supported when podFailurePolicy is specified"))
        }
    }
}
