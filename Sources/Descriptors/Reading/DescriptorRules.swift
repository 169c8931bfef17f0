internal import Diagnostics
internal import JSON

/// The rules that look at several keys at once.
enum DescriptorRules {
    static let all: [@Sendable (inout RuleContext) -> Void] = [
        version, schedules, server, distributed, framework, gpus, timeouts, interleave, environment, datasets,
        secrets, metrics, alarms,
        matrix,
    ]

    /// The version of the descriptor's form that this program knows.
    static let knownVersion = "0.1.0"

    private static func version(_ context: inout RuleContext) {
        guard let version = context.value("spec_version")?.string, version != knownVersion else { return }
        context.warn(
            "unknown_version",
            "spec_version is \(Excerpt.quote(version)); it is read as \(knownVersion)",
            at: DescriptorPath("spec_version"), expected: "\"\(knownVersion)\"")
    }

    private static func schedules(_ context: inout RuleContext) {
        let scheduling = context.value("info", "scheduling")?.string ?? Descriptor.Info.singleRun
        guard scheduling != Descriptor.Info.singleRun, context.value("schedule") != nil else { return }
        context.refuse(
            "two_schedules", "info.scheduling and [schedule] both say when it runs",
            at: DescriptorPath("info", "scheduling"), expected: "one of the two")
    }

    private static func strategy(_ context: RuleContext) -> Descriptor.Strategy? {
        guard let word = context.value("hardware", "strategy")?.string else { return .singleNode }
        return Descriptor.Strategy(rawValue: word)
    }

    private static func server(_ context: inout RuleContext) {
        let isInference = strategy(context) == .inference
        if isInference, context.value("server") == nil {
            context.refuse(
                "missing_server", "strategy \"inference\" needs a [server]",
                at: DescriptorPath("hardware", "strategy"),
                expected: "[server.hardware] and [server.env]")
        }
        if !isInference, context.value("server") != nil {
            context.warn(
                "ignored_key", "[server] is ignored: only strategy \"inference\" has one",
                at: DescriptorPath("server"))
        }
        for key in ["availability_zone", "aws_zone_id"] where context.value("server", "hardware", key) != nil
        {
            context.warn(
                "ignored_key",
                "server.hardware.\(key) is ignored: the server runs in the client's zone",
                at: DescriptorPath("server", "hardware", key), isKey: true)
        }
    }

    private static func distributed(_ context: inout RuleContext) {
        guard let strategy = strategy(context), !strategy.isDistributed,
            let count = context.value("hardware", "distributed", "num_instances")?.integer, count > 1
        else { return }
        context.warn(
            "ignored_key",
            "num_instances is ignored: strategy \"\(strategy.rawValue)\" is not distributed",
            at: DescriptorPath("hardware", "distributed", "num_instances"), isKey: true,
            note: "strategy = \"distributed\" runs on several machines")
    }

    private static func framework(_ context: inout RuleContext) {
        guard context.value("ml", "framework_version") != nil,
            (context.value("ml", "framework")?.string ?? "").isEmpty
        else { return }
        context.refuse(
            "missing_framework", "framework_version is there without framework",
            at: DescriptorPath("ml", "framework_version"), isKey: true, expected: "framework, too")
    }

    private static func gpus(_ context: inout RuleContext) {
        let path = DescriptorPath("hardware", "distributed", "processes_per_instance")
        guard context.value("hardware", "distributed", "processes_per_instance")?.string == "gpus",
            let type = context.value("hardware", "instance_type")?.string
        else { return }
        switch context.value("hardware", "gpus")?.integer.map(Int.init) ?? InstanceTypes.gpus(of: type) {
        case nil:
            context.warn(
                "unknown_gpus", "how many GPUs \(Excerpt.quote(type)) has is not known", at: path,
                note: "say so with gpus = ... under [hardware]")
        case 0:
            context.refuse(
                "no_gpus", "a process for each GPU, but \(Excerpt.quote(type)) has none", at: path,
                expected: "a number such as \"1\", or gpus = ... under [hardware]")
        default: break
        }
    }

    private static func interleave(_ context: inout RuleContext) {
        guard context.value("run", "interleave")?.bool == true, context.value("matrix") == nil else { return }
        context.warn(
            "ignored_key", "interleave is ignored: only the runs of a [matrix] can take turns",
            at: DescriptorPath("run", "interleave"), isKey: true)
    }

    private static func environment(_ context: inout RuleContext) {
        for table in [["env"], ["server", "env"]] {
            let path = DescriptorPath(steps: (table + ["vars"]).map(DescriptorPath.Step.key))
            let values = (table + ["vars"]).reduce(Optional(context.values)) { value, key in value?[key] }
            for name in (values?.object ?? [:]).keys.sorted() where isReserved(name) {
                context.warn(
                    "reserved_name", "\(name) is a name of ours: its value may be replaced",
                    at: path.key(name), isKey: true)
            }
        }
    }

    private static func isReserved(_ name: String) -> Bool {
        name.hasPrefix("BAI_") || name.hasPrefix("BENCHMARK_AI")
    }
}
