internal import Digests
internal import Events
internal import JSON

/// What must be equal in the environment for two results to be comparable. Its members and why they are in it are told in docs/detection.md: changing
/// one begins every series anew.
struct Fingerprint: Equatable {
    /// By name, as they are digested.
    private(set) var members: [String: JSONValue]

    /// - Parameters:
    ///   - environment: as the agent recorded it for an attempt.
    ///   - image: the descriptor's container image.
    init(environment: [String: JSONValue], image: String, contents: [FetchedContent]) {
        members = [:]
        // As the machine tells them.
        for name in [
            "architecture", "cpu_model", "cpu_governor", "cpu_smt", "cpu_quota", "gpus", "is_virtual",
            "runner",
        ] {
            members[name] = environment[name]
        }
        members["cpu_count"] = environment["cpu_allowed_count"] ?? environment["cpu_count"]
        // The kernel keeps more or less of the memory to itself with every version.
        members["memory_gib"] = environment["memory_bytes"]?.number.map {
            .integer(Int64(($0 / 1_073_741_824).rounded()))
        }
        members["kernel_major"] = Fingerprint.major(environment["kernel"])
        members["gpu_driver_major"] = Fingerprint.major(environment["gpu_driver"])
        members["agent_major"] = Fingerprint.major(environment["agent_version"])
        members["image"] = .string(Fingerprint.repository(ofImage: image))
        let data = contents.filter { $0.role != .script }.map { JSONValue.string("\($0.id)=\($0.sha256)") }
        members["data"] = data.isEmpty ? nil : .array(data)
    }

    /// Sixteen hexadecimal digits of a SHA-256 over the members.
    var digest: String { ShortDigest.of(.object(members)) }

    /// The names of the members in which two differ.
    func difference(from other: Fingerprint) -> [String] {
        Set(members.keys).union(other.members.keys).filter { members[$0] != other.members[$0] }.sorted()
    }

    /// What comes before the first point: `6` of `6.1.0-18-amd64`.
    private static func major(_ version: JSONValue?) -> JSONValue? {
        version?.string.map { .string(String($0.prefix { $0 != "." })) }
    }

    /// The image without tag and digest: a new version of the image is often what is measured, and has to show in the series, not begin another.
    static func repository(ofImage image: String) -> String {
        let name = image.prefix { $0 != "@" }
        let lastPart = name.lastIndex(of: "/") ?? name.startIndex
        // A colon further to the left is a registry's port.
        guard let colon = name[lastPart...].lastIndex(of: ":") else { return String(name) }
        return String(name[..<colon])
    }
}

/// Short names that follow from what they name.
enum ShortDigest {
    /// Sixteen hexadecimal digits of a SHA-256 over the JSON text, keys sorted.
    static func of(_ value: JSONValue) -> String {
        // A tree of JSON values always has a text.
        let text = (try? JSONCoding.text(value)) ?? ""
        return String(Digest.of(text).hexadecimal.prefix(16))
    }
}

extension SeriesKey {
    /// A key whose id follows from everything else in it.
    init(
        benchmark: String, metric: String, unit: String?, fingerprint: String, labels: [String: String]
    ) {
        let id = ShortDigest.of([
            "benchmark": .string(benchmark), "metric": .string(metric),
            "unit": unit.map(JSONValue.string) ?? .null, "fingerprint": .string(fingerprint),
            "labels": .object(labels.mapValues(JSONValue.string)),
        ])
        self.init(
            id: id, benchmark: benchmark, metric: metric, unit: unit, fingerprint: fingerprint,
            labels: labels)
    }
}
