import JSON
import Runtime
import Testing

@testable import Descriptors

@Suite struct DescriptorTests {
    static let smallest = Descriptor(
        info: .init(description: "d"), hardware: .init(instanceType: "local"), env: .init(dockerImage: "i"))

    @Test func aDescriptorsJSONHasEveryDefault() throws {
        let tree = try JSONCoding.tree(Self.smallest)
        #expect(tree["spec_version"] == "0.1.0")
        #expect(tree["run"]?["timeout"] == "6h")
        #expect(tree["run"]?["retry_on"] == ["infrastructure"])
        #expect(tree["hardware"]?["distributed"]?["processes_per_instance"] == "1")
        #expect(tree["alarms"] == [])
    }

    @Test func whatIsMissingInJSONIsTheDefault() throws {
        let text = """
            {"spec_version":"0.1.0","info":{"description":"d"},"hardware":{"instance_type":"local"},"env":{"docker_image":"i"}}
            """
        #expect(try JSONCoding.decode(Descriptor.self, from: text.utf8) == Self.smallest)
    }

    @Test func aFullDescriptorSurvivesJSON() throws {
        var full = Self.smallest
        full.ml = .init(
            benchmarkCode: "python train.py", args: "--x 1", framework: .mxnet, script: .init(script: "."))
        full.data = .init(sources: [
            .init(src: "file:a", path: "/data", unpack: true, maxSize: ByteSize("10GB"))
        ])
        full.output = .init(metrics: [.init(name: "loss", units: "nats", pattern: "(.)", direction: .lower)])
        full.server = .init(
            hardware: .init(instanceType: "c5"),
            env: .init(dockerImage: "s", ports: [80], startCommand: "x", readinessProbe: .init(path: "/")))
        full.customParams.hyperParams = ["a": [1, 2.5, "x"]]
        full.matrix = Matrix(axes: ["n": [1, 2]], include: [["n": 3]], exclude: [["n": 1]])
        full.schedule = .init(cron: "0 3 * * *", overlap: .cancelPrevious)
        full.alarms = [.init(metric: "loss", above: 1, regression: Percentage("5%"))]
        full.run.limits.memory = .gibibytes(4)
        #expect(try JSONCoding.decode(Descriptor.self, from: JSONCoding.encode(full)) == full)
    }

    @Test func aWrongDurationInJSONNamesItsPath() {
        let text = """
            {"spec_version":"0.1.0","info":{"description":"d"},"hardware":{"instance_type":"l"},"env":{"docker_image":"i"},
             "run":{"timeout":"soon"}}
            """
        let error = #expect(throws: JSONError.self) {
            try JSONCoding.decode(Descriptor.self, from: text.utf8)
        }
        #expect(error?.path == "run.timeout")
    }
}
