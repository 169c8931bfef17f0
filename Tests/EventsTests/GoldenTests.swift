import Events
import FoundationEssentials
import JSON
import Testing

private let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")

/// Each payload on the wire, held by a file: a changed file is a changed format. `BAI_RECORD=1` writes them anew.
@Suite struct GoldenTests {
    @Test(arguments: GoldenPayloads.all.indices)
    func aPayloadIsOnTheWireWhatItsFileSays(index: Int) throws {
        try check(GoldenPayloads.all[index])
    }

    private func check<Payload: EventPayload>(_ payload: Payload) throws {
        let file = folder.appending(path: "\(Payload.type).json")
        let text = try JSONCoding.text(payload, pretty: true) + "\n"
        if ProcessInfo.processInfo.environment["BAI_RECORD"] != nil { try Data(text.utf8).write(to: file) }
        let golden = try String(contentsOf: file, encoding: .utf8)
        #expect(text == golden, "if this is meant: BAI_RECORD=1 swift test --filter GoldenTests")
        let read = try JSONCoding.decode(Payload.self, from: Array(golden.utf8))
        #expect(
            try JSONCoding.text(read, pretty: true) + "\n" == golden, "what is read must be what was written")
    }

    @Test func everyKindOfPayloadIsThereOnce() throws {
        let kinds = GoldenPayloads.all.map { type(of: $0).kind }
        #expect(kinds.map(\.rawValue).sorted() == PayloadKind.allCases.map(\.rawValue).sorted())
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(files.sorted() == PayloadKind.allCases.map { "\($0.rawValue).json" }.sorted())
        #expect(Set(GoldenPayloads.all.map { type(of: $0).topic }) == Set(Topic.allCases))
    }
}
