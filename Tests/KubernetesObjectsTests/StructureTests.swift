import Descriptors
import Events
import JSON
import Manifests
import Testing

@testable import KubernetesObjects

/// Where a text can come from, and what an object then looks like.
@Suite struct StructureTests {
    /// Texts that would end a quote, a line, a document or a mapping where objects are made by formatting text.
    private static let hostile = [
        "x\nprivileged: true", "'; rm -rf / #", "\"\n---\nkind: Pod\n", "{{ .Values }}", "{a: b}", "[1, 2]",
        "- x",
        "key: value", "&anchor", "*alias", "!!python/object:os.system", "|\n  block", "> folded", "yes",
        "null", "~",
        "0x1F", "1e3", "# comment", "%TAG", "@at", "`tick`", "\\", "\t", "\r\n", "\u{2028}", "\u{85}",
        "$(BAI_RUN_ID)", "$$", "${HOME}", "<<", "=", "...", "---", "\u{FEFF}", "🂡", "a: b # c",
    ]

    /// Every key and every scalar's kind, without the texts.
    private func shape(_ value: JSONValue) -> JSONValue {
        switch value {
        case .object(let members): .object(members.mapValues(shape))
        case .array(let elements): .array(elements.map(shape))
        case .string: "text"
        case .bool: "truth"
        case .integer, .number: "number"
        case .null: .null
        }
    }

    private func shapes(_ request: AttemptRequest) throws -> [JSONValue] {
        // Annotations hold what labels cannot: theirs is the one place where a text may add a key, one of ours.
        try Cases.documents(AttemptRenderer(Cases.settings(for: "everything")).render(request)).map {
            shape(withoutAnnotations($0))
        }
    }

    /// What an ordinary text gives, worked out once for all the others.
    private static let plain = Result { try StructureTests().shapes(StructureTests().inference("plain")) }

    private func withoutAnnotations(_ value: JSONValue) -> JSONValue {
        switch value {
        case .object(let members):
            .object(members.filter { $0.key != "annotations" }.mapValues(withoutAnnotations))
        case .array(let elements): .array(elements.map(withoutAnnotations))
        default: value
        }
    }

    private func inference(_ text: String) -> AttemptRequest {
        var data = Cases.dataset
        data.source = text
        return Cases.request(
            contents: [data, Cases.model], parameters: ["axis": .string(text)], clientID: text, name: text
        ) {
            $0 = Cases.request("inference").run.descriptor
            $0.info.labels = ["team": text]
            $0.env.vars = ["VALUE": text]
            $0.server?.env.vars = ["VALUE": text]
            $0.server?.env.readinessProbe?.path = text
            $0.hardware.availabilityZone = text
            $0.hardware.instanceType = text
            $0.hardware.gpus = 0
            $0.server?.hardware.gpus = 0
            $0.server?.output?.metrics[0].pattern = text
            $0.output = .init(metrics: [.init(name: text, units: text, pattern: text)])
        }
    }

    @Test(arguments: hostile)
    func noTextChangesAnObjectsStructure(text: String) throws {
        #expect(try shapes(inference(text)) == StructureTests.plain.get())
    }

    @Test(arguments: hostile)
    func anArgumentStaysOneArgument(text: String) throws {
        let quoted = "'" + text.replacing("'", with: "'\\''") + "'"
        let request = Cases.request { $0.ml = .init(benchmarkCode: "run", args: quoted) }
        let attempt = try AttemptRenderer(Cases.settings).render(request)
        #expect(attempt.pods[0].benchmark.args == ["run", text])
    }

    @Test func noTextBeginsADocument() throws {
        let values = Dictionary(
            uniqueKeysWithValues: StructureTests.hostile.enumerated().map { ("VALUE_\($0)", $1) })
        let attempt = try AttemptRenderer(Cases.settings).render(Cases.request { $0.env.vars = values })
        let yaml = YAML.text(ofDocuments: try Cases.documents(attempt))
        #expect(yaml.split(separator: "\n").count { $0 == "---" } == attempt.objects.count)
    }

    @Test func textsOfAnyKindGiveValidNamesAndUniqueMounts() throws {
        var random = SeededNumbers(seed: 20_261_121)
        for _ in 0..<50 {
            let text = (0..<Int.random(in: 0...80, using: &random)).map { _ in
                Character(Unicode.Scalar(UInt32.random(in: 1...0x2FF, using: &random)) ?? "x")
            }
            let request = Cases.request(clientID: String(text), name: String(text)) {
                $0.info.labels = [String(text): String(text)]
                $0.env.vars = ["VALUE": String(text)]
            }
            let attempt = try AttemptRenderer(Cases.settings).render(request)
            for object in attempt.objects {
                #expect(isDNSLabel(object.metadata.name))
                for value in (object.metadata.labels ?? [:]).values { #expect(isLabelValue(value)) }
            }
            for container in attempt.pods.flatMap(\.all) {
                let paths = container.volumeMounts.map(\.mountPath)
                #expect(Set(paths).count == paths.count)
                let names = container.env.map(\.name)
                #expect(Set(names).count == names.count)
            }
        }
    }
}

/// The same numbers for the same seed.
struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
