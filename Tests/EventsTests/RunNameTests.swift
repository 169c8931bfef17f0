import Descriptors
import Events
import Testing

@Suite struct RunNameTests {
    private func descriptor(_ name: String?) -> Descriptor {
        Descriptor(
            info: .init(description: "A test", taskName: name), hardware: .init(instanceType: "c5.large"),
            env: .init(dockerImage: "python:3.12-slim"))
    }

    @Test(arguments: [
        ("bench/latency.toml", "latency"), ("latency", "latency"), (".toml", ".toml"), ("/a/b.c.toml", "b.c"),
    ])
    func aRunWithoutATaskNameIsCalledAfterItsFile(_ filename: String, _ name: String) {
        #expect(RunSubmitted.name(of: descriptor(nil), filename: filename) == name)
    }

    @Test func aTaskNameIsTheRunsName() {
        #expect(RunSubmitted.name(of: descriptor("resnet"), filename: "d.toml") == "resnet")
    }
}
