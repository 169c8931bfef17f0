internal import CLinux
internal import FoundationEssentials
internal import Glibc
package import JSON
internal import Runtime

/// The machine that an attempt runs on: what must be known to compare its numbers with others.
package struct Machine: Sendable {
    /// The folder that `/proc`, `/sys` and `/etc` are in; empty: the real ones.
    private let root: String

    package init(root: String = "") {
        self.root = root
    }

    /// The machine's own name.
    package static var hostname: String {
        var name = utsname()
        uname(&name)
        return text(of: name.nodename)
    }

    /// What does not change while the machine is up. Names end in their unit; what the machine does not tell is left out.
    package func description() -> [String: JSONValue] {
        var name = utsname()
        uname(&name)
        var facts: [String: JSONValue] = [
            "hostname": .string(Machine.text(of: name.nodename)),
            "kernel": .string(Machine.text(of: name.release)),
            "architecture": .string(Machine.text(of: name.machine)),
        ]
        facts["os"] = operatingSystem.map(JSONValue.string)
        facts["memory_bytes"] = memory.map(JSONValue.integer)
        facts.merge(processors) { $1 }
        facts.merge(accelerators) { $1 }
        return facts
    }

    private var operatingSystem: String? {
        let line = lines("/etc/os-release").first { $0.hasPrefix("PRETTY_NAME=") }
        return line.map { $0.dropFirst("PRETTY_NAME=".count).filter { $0 != "\"" } }
    }

    private var memory: Int64? {
        let line = lines("/proc/meminfo").first { $0.hasPrefix("MemTotal:") }
        return line?.split(separator: " ").dropFirst().first.flatMap { Int64($0) }.map { $0 * 1024 }
    }

    private var processors: [String: JSONValue] {
        var facts: [String: JSONValue] = [:]
        // The first processor speaks for all; hundreds of them take the kernel milliseconds to list.
        let first = SystemFile.head("\(root)/proc/cpuinfo")?.split(separator: "\n") ?? []
        facts["cpu_model"] = (value("model name", in: first) ?? value("CPU part", in: first)).map(
            JSONValue.string)
        facts["is_virtual"] = value("flags", in: first).map {
            .bool($0.split(separator: " ").contains("hypervisor"))
        }
        facts["cpu_count"] = SystemFile.text("\(root)/sys/devices/system/cpu/online").flatMap(Machine.count)
            .map { .integer(Int64($0)) }
        let status = lines("/proc/self/status")
        facts["cpu_allowed_count"] = value("Cpus_allowed_list", in: status).flatMap(Machine.count)
            .map { .integer(Int64($0)) }
        let cpu = "\(root)/sys/devices/system/cpu"
        facts["cpu_governor"] = SystemFile.text("\(cpu)/cpu0/cpufreq/scaling_governor").map(JSONValue.string)
        facts["cpu_smt"] = SystemFile.text("\(cpu)/smt/active").map { .bool($0 == "1") }
        facts["cpu_quota"] = quota.map(JSONValue.number)
        return facts
    }

    /// How many processors' worth of time a container may use; nil where it is not limited.
    private var quota: Double? {
        let words = SystemFile.text("\(root)/sys/fs/cgroup/cpu.max")?.split(separator: " ") ?? []
        guard words.count == 2, let time = Double(words[0]), let period = Double(words[1]), period > 0 else {
            return nil
        }
        return time / period
    }

    private var accelerators: [String: JSONValue] {
        let folder = "\(root)/proc/driver/nvidia/gpus"
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder), !names.isEmpty else {
            return [:]
        }
        let models = names.sorted().compactMap {
            value("Model", in: lines("/proc/driver/nvidia/gpus/\($0)/information"))
        }
        var facts: [String: JSONValue] = ["gpus": .array(models.map(JSONValue.string))]
        // NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.104.05  Sat Aug 19 01:15:15 UTC 2023
        let words =
            value("NVRM version", in: lines("/proc/driver/nvidia/version"))?.split(separator: " ") ?? []
        facts["gpu_driver"] = words.first { $0.first?.isNumber == true && $0.contains(".") }
            .map { .string(String($0)) }
        return facts
    }

    private func lines(_ path: String) -> [Substring] {
        SystemFile.text(root + path)?.split(separator: "\n") ?? []
    }

    /// What follows `name` and a colon at the beginning of one of the lines.
    private func value(_ name: String, in lines: [Substring]) -> String? {
        for line in lines {
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, parts[0].trimmed == name else { continue }
            return parts[1].trimmed
        }
        return nil
    }

    /// How many processors a list such as `0-3,8` names.
    static func count(_ list: String) -> Int? {
        var count = 0
        for part in list.split(separator: ",") {
            let ends = part.split(separator: "-").compactMap { Int($0) }
            guard let first = ends.first, let last = ends.last, last >= first else { return nil }
            count += last - first + 1
        }
        return count > 0 ? count : nil
    }

    /// The text in one of the fixed arrays of C, which Swift sees as tuples.
    private static func text(of field: some Any) -> String {
        withUnsafeBytes(of: field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
}

extension Substring {
    /// Without white space around it.
    fileprivate var trimmed: String {
        let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        return String(drop(while: isSpace).reversed().drop(while: isSpace).reversed())
    }
}
