import Diagnostics
import JSON
import TestSupport
import Testing

@testable import Descriptors

@Suite struct DescriptorLimitsTests {
    private static let mebibyte = 1 << 20

    /// Reads `text` and sees that the answer comes soon: optimised it takes a tenth of what it takes here.
    private func read(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) -> DescriptorReading
    {
        var reading = DescriptorReading(problems: [])
        let time = cpuTime {
            reading = DescriptorReader.read(text, filename: "d.toml")
            _ = reading.problems.report
        }
        #expect(time < .seconds(3), sourceLocation: sourceLocation)
        return reading
    }

    @Test func tenThousandUnknownKeysAreAHundredProblems() {
        let reading = read((0..<9_990).map { "kez\($0) = 1\n" }.joined())
        #expect(reading.problems.count == ProblemList.limit + 1)
        #expect(reading.problems.last?.message == "9894 more problems")
        #expect(reading.problems.last?.severity == .error)
    }

    @Test(arguments: [
        "[[[[[", "a = {", "a.", "[a.", "x = [[1],", "[[alarms]]\n", "\"", "'''", "\u{0}", "\u{202E}",
        "[matrix]\n", "é = 1\n",
    ])
    func aMebibyteOfNonsenseIsRefusedSoon(piece: String) {
        let text = String(repeating: piece, count: Self.mebibyte / piece.utf8.count)
        #expect(read(text).descriptor == nil)
    }

    @Test func aLargeMatrixIsCountedNotMade() {
        let axes = (0..<32).map { "a\($0) = [1, 2, 3, 4, 5, 6, 7, 8, 9]" }.joined(separator: "\n")
        let reading = read("[matrix]\n\(axes)\n")
        #expect(reading.problems.contains { $0.code == "too_many_combinations" })
    }

    @Test func aStringInWhichManyAxesMeetIsLookedAtInPart() throws {
        let axes = (0..<12).map { "a\($0) = [1, 2]" }.joined(separator: "\n")
        let path = (0..<12).map { "${matrix.a\($0)}" }.joined(separator: "/")
        let reading = read("[[data.sources]]\nsrc = \"file:a\"\npath = \"\(path)\"\n[matrix]\n\(axes)\n")
        #expect(!reading.problems.contains { $0.code == "bad_path" })
    }

    @Test func manyAxesInManyStringsAreAnsweredSoon() {
        let values = (0..<9_000).map { "\"v\($0)\"" }.joined(separator: ",")
        let variables = (0..<900).map { "v\($0) = \"${matrix.a}${matrix.b}${matrix.a}\"" }.joined(
            separator: "\n")
        _ = read("[env.vars]\n\(variables)\n[matrix]\na = [\(values)]\nb = [1]\n")
        let axes = (0..<3_000).map { "b\($0) = [1]" }.joined(separator: "\n")
        let reading = read("[matrix]\na = [\(values)]\n\(axes)\n")
        #expect(reading.problems.contains { $0.code == "too_many_axes" })
    }

    @Test func manyAlarmsForUnknownMetricsAreAnsweredSoon() {
        let metrics = (0..<200).map { "[[output.metrics]]\nname = \"metric_number_\($0)\"" }.joined(
            separator: "\n")
        let alarms = (0..<900).map { "[[alarms]]\nmetric = \"metrik_number_\($0)\"\nabove = 1" }.joined(
            separator: "\n")
        #expect(read("\(metrics)\n\(alarms)\n").problems.count == ProblemList.limit + 1)
    }

    @Test func onlyTheBeginningOfALargeTextIsLookedAt() {
        let reading = DescriptorReader.read(
            repeatElement(UInt8(ascii: "\n"), count: 100 << 20), filename: "d.toml")
        #expect(reading.problems.map(\.code) == ["too_large"])
    }

    @Test func aReportOfAnythingIsHarmless() throws {
        for name in BrokenDescriptorTests.names {
            let report = try Repository.read("descriptors/broken/\(name)").problems.report
            let harmful = report.unicodeScalars.filter { scalar in
                scalar != "\n" && [.control, .format].contains(scalar.properties.generalCategory)
            }
            #expect(harmful.isEmpty, "\(name)")
        }
    }
}

@Suite struct DescriptorFuzzTests {
    /// Pieces that mistakes are made of.
    private static let pieces: [String] = [
        "[", "]", "{", "}", "=", ".", ",", "\"", "'", "\n", "#", "\\", "-1", "0", "9999999999", "true", "inf",
        "nan", "1.5",
        "\"x\"", "[]", "{}", "[[alarms]]", "[run]", "[matrix]", "[server]", "repeats", "${matrix.a}", "é",
        "\u{202E}",
        "\u{0}", "2024-01-01", "a.b.c", "include", "\"\"\"", "30m", "\"30m\"", "\"5%\"",
    ]

    private static func mutate(_ text: [UInt8], _ random: inout Generator) -> [UInt8] {
        var text = text
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let place = Int.random(in: 0...text.count, using: &random)
            let end = min(text.count, place + Int.random(in: 0...12, using: &random))
            let piece = Array((pieces.randomElement(using: &random) ?? "").utf8)
            switch Int.random(in: 0..<4, using: &random) {
            case 0: text.removeSubrange(place..<end)
            case 1: text.insert(contentsOf: piece, at: place)
            case 2: text.replaceSubrange(place..<end, with: piece)
            default: text.replaceSubrange(place..<end, with: [UInt8.random(in: 0...255, using: &random)])
            }
        }
        return text
    }

    @Test func mutatedDescriptorsNeverCrashAndAlwaysSayWhere() throws {
        var random = Generator(state: TestSeed.value)
        let seed = random.state
        var texts = [try Repository.bytes("descriptors/reference.toml")]
        for folder in ["examples", "benchmark-ai"] {
            texts += try Repository.names(in: "descriptors/\(folder)", suffix: ".toml").map {
                try Repository.bytes("descriptors/\(folder)/\($0)")
            }
        }
        for round in 0..<400 {
            let text = Self.mutate(texts.randomElement(using: &random) ?? [], &random)
            let reading = DescriptorReader.read(text, filename: "d.toml")
            let label = "seed \(seed), round \(round)"
            #expect((reading.descriptor == nil) == reading.problems.hasErrors, "\(label)")
            #expect(
                !reading.problems.contains { $0.code == "unreadable" }, "\(label)\n\(reading.problems.report)"
            )
            #expect(
                reading.problems.allSatisfy { $0.code == "more_problems" || ($0.line ?? 0) >= 1 }, "\(label)")
            _ = reading.problems.report
            guard let descriptor = reading.descriptor else { continue }
            #expect(
                try JSONCoding.decode(Descriptor.self, from: JSONCoding.encode(descriptor)) == descriptor,
                "\(label)")
            #expect(throws: Never.self, "\(label)") { try MatrixExpansion.expand(descriptor) }
        }
    }
}

/// Random numbers that are the same for the same seed (SplitMix64).
private struct Generator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
