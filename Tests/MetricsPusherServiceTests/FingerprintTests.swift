import Events
import JSON
import Testing

@testable import MetricsPusherService

@Suite struct FingerprintTests {
    private static let environment: [String: JSONValue] = [
        "hostname": "a", "kernel": "6.1.0-18-amd64", "architecture": "x86_64", "os": "Debian 12",
        "memory_bytes": 16_777_216_000, "cpu_model": "AMD EPYC", "cpu_count": 8, "cpu_allowed_count": 4,
        "cpu_governor": "performance", "cpu_smt": true, "gpus": ["A100", "A100"],
        "gpu_driver": "535.104.05", "agent_version": "0.1.0", "load": 0.2, "runner": "local",
    ]

    private static func fingerprint(
        _ changes: [String: JSONValue] = [:], image: String = "python:3.12", contents: [FetchedContent] = []
    ) -> Fingerprint {
        Fingerprint(
            environment: environment.merging(changes) { $1 }, image: image, contents: contents)
    }

    /// Changing this begins every series anew.
    @Test func itsMembersAreThese() {
        #expect(
            Self.fingerprint().members == [
                "agent_major": "0", "architecture": "x86_64", "cpu_count": 4, "cpu_governor": "performance",
                "cpu_model": "AMD EPYC", "cpu_smt": true, "gpu_driver_major": "535",
                "gpus": ["A100", "A100"], "image": "python", "kernel_major": "6", "memory_gib": 16,
                "runner": "local",
            ])
        #expect(Self.fingerprint().digest == "af55b49381e6b515")
    }

    @Test(
        arguments: [
            ["hostname": "b"], ["os": "Debian 13"], ["load": 3], ["kernel": "6.12.1"],
            ["memory_bytes": 16_900_000_000], ["agent_version": "0.9.3"], ["gpu_driver": "535.9"],
        ] as [[String: JSONValue]])
    func whatMayDifferDoesNotCount(_ change: [String: JSONValue]) {
        #expect(Self.fingerprint(change).digest == Self.fingerprint().digest)
        #expect(Self.fingerprint(change).difference(from: Self.fingerprint()) == [])
    }

    @Test(
        arguments: [
            (["cpu_model": "Intel"], "cpu_model"), (["cpu_allowed_count": 8], "cpu_count"),
            (["memory_bytes": 34_359_738_368], "memory_gib"), (["kernel": "5.10"], "kernel_major"),
            (["cpu_governor": "powersave"], "cpu_governor"), (["cpu_quota": 1.5], "cpu_quota"),
            (["gpus": ["A100"]], "gpus"), (["agent_version": "1.0.0"], "agent_major"),
        ] as [([String: JSONValue], String)])
    func whatMustBeEqualCounts(_ change: [String: JSONValue], member: String) {
        #expect(Self.fingerprint(change).digest != Self.fingerprint().digest)
        #expect(Self.fingerprint(change).difference(from: Self.fingerprint()) == [member])
    }

    @Test func otherDataMakesAnotherSeriesAndAnotherScriptDoesNot() {
        func content(_ role: FetchedContent.Role, _ digest: String) -> FetchedContent {
            FetchedContent(
                role: role, id: "0", source: "file:x", path: "/data", kind: .file, sha256: digest, size: 1)
        }
        let one = Self.fingerprint(contents: [content(.dataset, "aa"), content(.script, "11")])
        let sameData = Self.fingerprint(contents: [content(.dataset, "aa"), content(.script, "22")])
        let otherData = Self.fingerprint(contents: [content(.dataset, "bb"), content(.script, "11")])
        #expect(one.digest == sameData.digest)
        #expect(one.digest != otherData.digest)
    }

    @Test(arguments: [
        ("python", "python"), ("python:3.12", "python"), ("host:5000/team/app", "host:5000/team/app"),
        ("host:5000/team/app:v1", "host:5000/team/app"), ("app@sha256:00ff", "app"),
        ("host:5000/app:v1@sha256:00ff", "host:5000/app"), ("", ""),
    ])
    func anImageIsItsRepository(_ image: String, repository: String) {
        #expect(Fingerprint.repository(ofImage: image) == repository)
    }

    @Test func aSeriesIdFollowsFromEverythingInTheKey() {
        func key(
            benchmark: String = "b", metric: String = "m", unit: String? = "ms", fingerprint: String = "f",
            labels: [String: String] = ["k": "v"]
        ) -> SeriesKey {
            SeriesKey(
                benchmark: benchmark, metric: metric, unit: unit, fingerprint: fingerprint, labels: labels)
        }
        #expect(key().id == "59bdf20d98c4b35c")
        #expect(key() == key())
        let others = [
            key(benchmark: "c"), key(metric: "n"), key(unit: nil), key(unit: ""), key(fingerprint: "g"),
            key(labels: [:]), key(labels: ["k": "w"]),
        ]
        #expect(Set(others.map(\.id) + [key().id]).count == 8)
    }
}
