internal import Diagnostics
internal import JSON
internal import Patterns
internal import Runtime

extension DescriptorRules {
    /// A part of a run that may take longer than the whole.
    static func timeouts(_ context: inout RuleContext) {
        let total = duration("total_timeout", context) ?? Descriptor.Measurement().totalTimeout.duration
        for key in ["timeout", "queue_timeout", "fetch_timeout", "ready_timeout", "collect_timeout"] {
            guard let part = duration(key, context), part > total else { continue }
            context.warn(
                "useless_timeout", "\(key) is longer than total_timeout, which ends the run first",
                at: DescriptorPath("run", key))
        }
    }

    private static func duration(_ key: String, _ context: RuleContext) -> Duration? {
        context.value("run", key)?.string.flatMap { TimeSpan($0)?.duration }
    }

    // MARK: - Data

    static func datasets(_ context: inout RuleContext) {
        let lists: [(DescriptorPath, [JSONValue])] = [
            (DescriptorPath("data", "sources"), context.elements("data", "sources")),
            (DescriptorPath("server", "models"), context.elements("server", "models")),
        ]
        for (path, sources) in lists {
            duplicates(of: "path", sources, at: path, &context) { text in
                text.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
            }
            // Ids become variables, where `-` and `_` and case make no difference.
            duplicates(of: "id", sources, at: path, &context) { text in
                String(text.uppercased().map { $0.isLetter || $0.isNumber ? $0 : "_" })
            }
        }
    }

    /// Elements whose `key` is the same once `form` is taken.
    private static func duplicates(
        of key: String, _ elements: [JSONValue], at path: DescriptorPath, _ context: inout RuleContext,
        form: (String) -> String
    ) {
        var seen: [String: Int] = [:]
        for (index, element) in elements.enumerated() {
            guard let text = element[key]?.string else { continue }
            guard let first = seen.updateValue(seen[form(text)] ?? index, forKey: form(text)) else {
                continue
            }
            context.refuse(
                "duplicate_\(key)", "\(path.index(first).text) has the same \(key), \(Excerpt.quote(text))",
                at: path.index(index).key(key), expected: "another \(key)")
        }
    }

    // MARK: - Metrics and alarms

    static func metrics(_ context: inout RuleContext) {
        let lists: [(DescriptorPath, [JSONValue])] = [
            (DescriptorPath("output", "metrics"), context.elements("output", "metrics")),
            (DescriptorPath("server", "output", "metrics"), context.elements("server", "output", "metrics")),
        ]
        for (path, metrics) in lists {
            duplicates(of: "name", metrics, at: path, &context) { $0 }
            for (index, metric) in metrics.enumerated() {
                guard let text = metric["pattern"]?.string, let pattern = try? Pattern(text),
                    pattern.groupCount == 0
                else { continue }
                context.warn(
                    "no_group", "the pattern has no group: whatever all of it matches is the value",
                    at: path.index(index).key("pattern"), expected: "parentheses around the number")
            }
        }
    }

    static func alarms(_ context: inout RuleContext) {
        let metrics = context.elements("output", "metrics") + context.elements("server", "output", "metrics")
        for (index, alarm) in context.elements("alarms").enumerated() {
            let path = DescriptorPath("alarms").index(index)
            condition(alarm, at: path, &context)
            guard let name = alarm["metric"]?.string else { continue }
            let metric = metrics.first { $0["name"]?.string == name }
            if metric == nil {
                context.warn(
                    "unknown_metric", "no metric \(Excerpt.quote(name)) is declared",
                    at: path.key("metric"),
                    suggestion: Spelling.nearest(to: name, among: metrics.compactMap { $0["name"]?.string })
                        .map {
                            "\"\($0)\""
                        }, note: "it is fine if the benchmark calls emit() with that name")
            }
            if alarm["regression"] != nil, (metric?["direction"]?.string ?? "none") == "none" {
                context.warn(
                    "no_direction",
                    "the metric has no direction: a change either way raises this alarm",
                    at: path.key("regression"), isKey: true,
                    expected: "direction = \"lower\" or \"higher\" under [[output.metrics]]")
            }
        }
    }

    private static func condition(_ alarm: JSONValue, at path: DescriptorPath, _ context: inout RuleContext) {
        let above = alarm["above"]?.number
        let below = alarm["below"]?.number
        // A condition that is written wrong is a problem already.
        if context.lacks(["above", "below", "regression"], at: path) {
            context.refuse(
                "no_condition", "the alarm has no condition", at: path, expected: "above, below or regression"
            )
        }
        if let above, let below, above < below {
            context.refuse(
                "always_raised", "every value is above \(above) or below \(below)", at: path.key("above"),
                expected: "above to be greater than below")
        }
    }
}
