import CommandLineArguments
import FoundationEssentials
import JSON
import TestSupport
import Testing

@testable import Commands

/// `baictl render benchmark`, on the descriptors of this repository.
@Suite struct RenderCommandTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    func run(_ words: String..., settings: [String: String] = [:]) async -> (
        code: Int32, data: String, words: String
    ) {
        let screen = Screen()
        let code = await CommandLineTool.run(
            ["render", "benchmark"] + words, environment: settings.merging(["BAI_HOME": folder.path]) { $1 },
            terminal: screen.terminal())
        return (code.rawValue, screen.data, screen.words)
    }

    func example(_ name: String) -> String { "--descriptor=\(Programs.root)/descriptors/examples/\(name)" }

    @Test func itPrintsADocumentForEachObject() async {
        let result = await run(example("minimal.toml"))
        #expect(result.code == 0)
        #expect(result.data.hasPrefix("---\napiVersion: v1\n"))
        #expect(result.data.split(separator: "\n").count { $0 == "---" } == 2)
        #expect(await run(example("minimal.toml")).data == result.data, "it is the same every time")
    }

    @Test func namesAndJSONAreTheSameObjects() async throws {
        let names = await run(example("inference.toml"), "-o", "name", "--run=abc", "--attempt=3").data
        #expect(
            names.split(separator: "\n") == [
                "secret/bai-abc-3", "service/bai-abc-3-server", "job/bai-abc-3-server", "job/bai-abc-3",
            ])
        let json = await run(example("inference.toml"), "-o", "json", "--run=abc", "--attempt=3").data
        let objects = try JSONCoding.decode([JSONValue].self, from: Array(json.utf8))
        #expect(objects.compactMap { $0["kind"]?.string } == ["Secret", "Service", "Job", "Job"])
    }

    @Test func everyCombinationOfAMatrixIsRenderedUnderANameOfItsOwn() async {
        let lines = await run(example("sweep.toml"), "-o", "name").data.split(separator: "\n")
        #expect(lines.count > 2)
        #expect(Set(lines).count == lines.count)
    }

    @Test func settingsOfTheClusterCount() async {
        let old = await run(example("minimal.toml"), settings: ["BAI_KUBERNETES_VERSION": "1.27"])
        #expect(!old.data.contains("restartPolicy: Always"))
        let queued = await run(
            example("minimal.toml"),
            settings: [
                "BAI_KUBERNETES_QUEUE": "nightly", "BAI_KUBERNETES_TOLERATIONS": "dedicated=bench:NoSchedule",
                "BAI_KUBERNETES_NODE_SELECTOR": "pool=bench",
            ])
        #expect(queued.data.contains("kueue.x-k8s.io/queue-name: nightly"))
        #expect(queued.data.contains("pool: bench"))
        #expect(queued.data.contains("effect: NoSchedule"))
    }

    @Test func everySettingThatKubernetesWouldNotUnderstandIsNamed() async {
        let result = await run(
            example("minimal.toml"),
            settings: [
                "BAI_KUBERNETES_VERSION": "1.20", "BAI_KUBERNETES_CPUS": "many",
                "BAI_KUBERNETES_TOLERATIONS": "a:Never", "BAI_KUBERNETES_NODE_SELECTOR": "x",
            ])
        #expect(result.code == 2)
        for key in ["version", "cpus", "tolerations", "node_selector"] {
            #expect(result.words.contains("kubernetes.\(key)"), "\(result.words)")
        }
    }

    @Test func whatTheClusterWouldRefuseIsRefusedWithItsKey() async throws {
        let result = await run(example("minimal.toml"), "--set", "env.privileged=true")
        #expect(result.code == 2)
        #expect(result.data == "")
        #expect(result.words.contains("env.privileged: the installation allows no privileged containers"))
    }

    @Test(arguments: ["0", "-1", "x", "100000"])
    func anAttemptIsANumber(text: String) async {
        #expect(await run(example("minimal.toml"), "--attempt=\(text)").code == 2)
    }

    @Test func aScriptIsWhereTheCommandRuns() async {
        let result = await run(example("minimal.toml"), "--script=\(folder.path)")
        #expect(result.data.contains("workingDir: /bai/scripts"))
        #expect(result.data.contains("\"place\":\"scripts\""))
    }
}
