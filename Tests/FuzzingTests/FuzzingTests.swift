import Fuzzing
import TestSupport
import Testing

/// Every reader of what others write, against inputs that nobody would: those that are kept, and new ones for a moment. `make fuzz` takes its time.
@Suite struct FuzzingTests {
    @Test(arguments: FuzzTarget.allCases)
    func whatIsKeptHoldsWhatHasToHold(target: FuzzTarget) throws {
        let inputs = try Corpus.inputs(of: target)
        #expect(!inputs.isEmpty)
        for (name, bytes) in inputs {
            #expect(throws: Never.self, "\(name)") { try target.check(bytes) }
        }
    }

    @Test(arguments: FuzzTarget.allCases)
    func mutationsHoldWhatHasToHold(target: FuzzTarget) throws {
        let corpus = try Corpus.inputs(of: target).map(\.bytes)
        var run = FuzzRun(target, corpus: corpus, seed: TestSeed.value)
        let count = try run.run(for: .milliseconds(600))
        #expect(count > 0)
    }

    @Test(arguments: ["", "\u{0}", "\n", " ", "\u{FEFF}", "\u{202E}"])
    func theSmallestInputsHoldIt(text: String) throws {
        for target in FuzzTarget.allCases {
            #expect(throws: Never.self, "\(target)") { try target.check(Array(text.utf8)) }
        }
    }

    // MARK: - The engine itself

    private func faulty(seed: UInt64) -> FuzzRun {
        FuzzRun(name: "faulty", words: ["needle", "x"], corpus: [Array("hay hay hay".utf8)], seed: seed) {
            bytes throws(Violation) in
            if String(decoding: bytes, as: UTF8.self).contains("needle") { throw Violation("a needle") }
        }
    }

    @Test func aViolationIsFoundAndMadeSmall() {
        var run = faulty(seed: 1)
        let finding = #expect(throws: FuzzRun.Finding.self) { _ = try run.run(for: .seconds(20)) }
        #expect(finding?.input == Array("needle".utf8))
        #expect(finding?.violation == Violation("a needle"))
    }

    @Test func theSameSeedFindsTheSame() {
        var inputs: [[[UInt8]]] = [[], []]
        for index in inputs.indices {
            var run = faulty(seed: 42)
            _ = try? run.run(for: .seconds(20)) { inputs[index].append($0) }
        }
        #expect(inputs[0] == inputs[1] && inputs[0].count > 1)
    }
}
