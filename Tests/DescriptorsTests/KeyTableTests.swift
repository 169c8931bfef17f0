import Diagnostics
import JSON
import Runtime
import Testing

@testable import Descriptors

/// The table of keys, the Swift type, the schema, the reference file and the documentation say the same.
@Suite struct KeyTableTests {
    /// A descriptor in which nothing is nil or empty.
    static var full: Descriptor {
        let source = Descriptor.DataSource(
            src: "file:a", path: "/a", id: "a", md5: "m", sha256: "s", maxSize: .gibibytes(1))
        let output = Descriptor.Output(metrics: [.init(name: "m", pattern: "(.)", labels: ["l"])])
        var full = Descriptor(
            info: .init(description: "d", taskName: "t", labels: ["l": "v"]),
            hardware: .init(
                instanceType: "i", awsZoneID: "z", availabilityZone: "a", gpus: 1, cpus: 1,
                memory: .gibibytes(1)),
            env: .init(dockerImage: "i", vars: ["A": "b"]),
            ml: .init(
                benchmarkCode: "c", args: "a", framework: .mxnet, frameworkVersion: "1",
                script: .init(script: ".")),
            data: .init(sources: [source]), output: output,
            server: .init(
                hardware: .init(
                    instanceType: "i", awsZoneID: "z", availabilityZone: "a", gpus: 1, cpus: 1,
                    memory: .gibibytes(1)),
                env: .init(
                    dockerImage: "s", ports: [80], startCommand: "x", startCommandArgs: "a", vars: ["A": "b"],
                    readinessProbe: .init(path: "/", port: 80)),
                models: [source], output: output),
            customParams: .init(
                pythonVersion: "p", sagemakerJobName: "j", dashboard: "d", region: "r", merge: true,
                hyperParams: ["a": 1]),
            matrix: Matrix(axes: ["a": [1]]), schedule: .init(cron: "@daily"),
            alarms: [.init(metric: "m", above: 1, below: 0, regression: Percentage("5%"), notify: ["log"])])
        full.run.silenceTimeout = .minutes(1)
        full.run.limits = .init(
            memory: .gibibytes(1), cpuTime: .hours(1), openFiles: 10, fileSize: .gibibytes(1), processes: 1)
        return full
    }

    /// The keys of `value` that the table does not have, and those of the table that `value` does not have.
    private static func differences(_ value: JSONValue, _ keys: [DescriptorKey], _ path: String) -> [String] {
        let members = value.object ?? [:]
        let names = Set(keys.map(\.name))
        let unknown = members.keys.filter { !names.contains($0) }.map { "only in the type: \(path)\($0)" }
        return unknown
            + keys.flatMap { key -> [String] in
                guard let member = members[key.name] else { return ["only in the table: \(path)\(key.name)"] }
                let inner = key.kind.keys
                guard !inner.isEmpty else { return [] }
                return differences(member.array?.first ?? member, inner, "\(path)\(key.name).")
            }
    }

    @Test func theTableOfKeysAndTheSwiftTypeHaveTheSameKeys() throws {
        #expect(Self.differences(try JSONCoding.tree(Self.full), DescriptorKeys.all, "") == [])
    }

    /// Where a default of the table is not what the Swift type has.
    private static func wrongDefaults(_ value: JSONValue, _ keys: [DescriptorKey], _ path: String) -> [String]
    {
        keys.flatMap { key -> [String] in
            let member = value[key.name]
            let inner = key.kind.keys
            if inner.isEmpty || key.fallback == [] {
                return member == key.fallback || key.isRequired
                    ? [] : ["\(path)\(key.name) is \(String(describing: member))"]
            }
            return member.map { wrongDefaults($0, inner, "\(path)\(key.name).") } ?? []
        }
    }

    @Test func theDefaultsOfTheTableAreThoseOfTheSwiftType() throws {
        var least = DescriptorTests.smallest
        least.ml = .init()
        least.schedule = .init(cron: "@daily")
        least.server = .init(
            hardware: .init(instanceType: "i"),
            env: .init(dockerImage: "i", ports: [1], startCommand: "", readinessProbe: .init(path: "/")))
        least.server?.output = .init()
        least.data = .init()
        least.output = .init()
        #expect(Self.wrongDefaults(try JSONCoding.tree(least), DescriptorKeys.all, "") == [])
        let source = Descriptor.DataSource(src: "s", path: "p")
        #expect(Self.wrongDefaults(try JSONCoding.tree(source), DescriptorKeys.source, "source.") == [])
        let metric = Descriptor.Metric(name: "m")
        #expect(Self.wrongDefaults(try JSONCoding.tree(metric), DescriptorKeys.metric, "metric.") == [])
        let alarm = Descriptor.Alarm(metric: "m")
        #expect(Self.wrongDefaults(try JSONCoding.tree(alarm), DescriptorKeys.alarm, "alarm.") == [])
    }

    @Test func theSchemaFileIsMadeFromTheTable() throws {
        let schema = try JSONCoding.text(DescriptorSchema.document, pretty: true) + "\n"
        #expect(schema == (try Repository.expected("descriptors/descriptor.schema.json", recording: schema)))
    }

    @Test func theReferenceReadsWithoutAProblem() throws {
        let reading = try Repository.read("descriptors/reference.toml")
        #expect(reading.problems.report == "")
        #expect(reading.descriptor?.run.limits.memory == ByteSize("4GiB"))
    }

    /// The path of every key: `run.limits.memory`.
    private static func paths(_ keys: [DescriptorKey], _ prefix: String = "") -> [String] {
        keys.flatMap { key in ["\(prefix)\(key.name)"] + paths(key.kind.keys, "\(prefix)\(key.name).") }
    }

    @Test func theReferenceShowsEveryKey() throws {
        let reading = try Repository.read("descriptors/reference.toml")
        let tree = try JSONCoding.tree(try #require(reading.descriptor))
        // The two keys that are only taken for compatibility stand in a comment; the models and the server's metrics in full elsewhere.
        let missing = Self.differences(tree, DescriptorKeys.all, "").filter { difference in
            !difference.contains("server.hardware.") && !difference.contains("server.models.")
                && !difference.contains("server.output.metrics.")
        }
        #expect(missing == [])
        let text = try Repository.text("descriptors/reference.toml")
        for path in Self.paths(DescriptorKeys.all) {
            let name = path.split(separator: ".").last ?? ""
            #expect(text.contains(name), "\(path)")
        }
    }

    @Test func theDocumentationHoldsTheTable() throws {
        let marks = (
            "<!-- keys: made by the tests of Descriptors; BAI_RECORD=1 writes it anew -->\n",
            "<!-- end of keys -->"
        )
        let text = try Repository.text("docs/descriptor.md")
        let start = try #require(text.firstRange(of: marks.0))
        let end = try #require(text.firstRange(of: marks.1))
        let made = text[..<start.upperBound] + "\n" + KeyReference.markdown + "\n" + text[end.lowerBound...]
        #expect(String(made) == (try Repository.expected("docs/descriptor.md", recording: String(made))))
    }

    @Test func everyExampleOfTheTableIsAValueOfItsKey() throws {
        for path in Self.examples(DescriptorKeys.all, at: .root) {
            let reading = DescriptorReader.read(
                try Repository.bytes("descriptors/reference.toml"), filename: "r", overrides: [path])
            // An example may contradict what the reference says elsewhere, but never its own key.
            let others: Set = [
                "bad_override", "two_schedules", "duplicate_id", "duplicate_path", "duplicate_name",
            ]
            let wrong = reading.problems.filter { problem in
                problem.severity == .error && problem.source == "--set \(path)"
                    && !others.contains(problem.code)
            }
            #expect(wrong == [], "\(path)")
        }
    }

    private static func examples(_ keys: [DescriptorKey], at path: DescriptorPath) -> [String] {
        keys.flatMap { key -> [String] in
            var inner = path.key(key.name)
            let own = key.example.map { ["\(inner.text)=\($0)"] } ?? []
            if case .tables = key.kind { inner = inner.index(0) }
            return own + examples(key.kind.keys, at: inner)
        }
    }
}
