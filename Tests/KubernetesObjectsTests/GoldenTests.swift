import FoundationEssentials
import Manifests
import Testing

@testable import KubernetesObjects

private let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")

/// What the API server is sent, held by files: a changed file is a changed cluster. `BAI_RECORD=1` writes them anew.
@Suite struct GoldenTests {
    @Test(arguments: Cases.all)
    func anAttemptIsWhatItsFileSays(name: String) throws {
        try check(name, Cases.settings(for: name), file: name)
    }

    @Test func onOldClustersTheSidecarIsAnOrdinaryContainer() throws {
        try check("single-node", Cases.settings(for: "single-node", .oldest), file: "single-node-1.27")
    }

    private func check(_ name: String, _ settings: KubernetesSettings, file: String) throws {
        let attempt = try AttemptRenderer(settings).render(Cases.request(name))
        let text = YAML.text(ofDocuments: try Cases.documents(attempt))
        let url = folder.appending(path: "\(file).yaml")
        if ProcessInfo.processInfo.environment["BAI_RECORD"] != nil { try Data(text.utf8).write(to: url) }
        let golden = try String(contentsOf: url, encoding: .utf8)
        #expect(text == golden, "if this is meant: BAI_RECORD=1 swift test --filter KubernetesObjectsTests")
    }

    @Test(arguments: Cases.all)
    func theSameAttemptIsAlwaysTheSameBytes(name: String) throws {
        let renderer = AttemptRenderer(Cases.settings(for: name))
        let texts = try (0..<5).map { _ in
            YAML.text(ofDocuments: try Cases.documents(renderer.render(Cases.request(name))))
        }
        #expect(Set(texts).count == 1)
    }
}
