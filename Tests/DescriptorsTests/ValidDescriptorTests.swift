import Diagnostics
import JSON
import Testing

@testable import Descriptors

@Suite struct ValidDescriptorTests {
    @Test(arguments: Repository.names(in: "descriptors/examples", suffix: ".toml"))
    func anExampleHasNoProblem(name: String) throws {
        let reading = try Repository.read("descriptors/examples/\(name)")
        #expect(reading.problems.report == "")
        #expect(reading.descriptor != nil)
    }

    @Test(arguments: Repository.names(in: "descriptors/benchmark-ai", suffix: ".toml"))
    func aDescriptorWrittenForBenchmarkAIIsAccepted(name: String) throws {
        let reading = try Repository.read("descriptors/benchmark-ai/\(name)")
        #expect(reading.problems.filter { $0.severity == .error }.report == "")
        #expect(reading.descriptor != nil)
    }
}
