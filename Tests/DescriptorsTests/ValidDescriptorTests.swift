import Diagnostics
import FoundationEssentials
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

    @Test(arguments: Repository.names(in: "sample-benchmarks", suffix: "").filter { !$0.contains(".") })
    func aSampleBenchmarkHasNoProblem(name: String) throws {
        let path = "sample-benchmarks/\(name)/descriptor.toml"
        guard FileManager.default.fileExists(atPath: "\(Repository.root)/\(path)") else { return }
        #expect(try Repository.read(path).problems.report == "")
    }

    @Test(arguments: Repository.names(in: "descriptors/benchmark-ai", suffix: ".toml"))
    func aDescriptorWrittenForBenchmarkAIIsAccepted(name: String) throws {
        let reading = try Repository.read("descriptors/benchmark-ai/\(name)")
        #expect(reading.problems.filter { $0.severity == .error }.report == "")
        #expect(reading.descriptor != nil)
    }
}
