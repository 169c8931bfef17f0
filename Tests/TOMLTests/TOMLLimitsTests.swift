import Diagnostics
import TestSupport
import Testing

@testable import TOML

@Suite struct TOMLLimitsTests {
    private static let mebibyte = 1 << 20

    /// What the parser says about `bytes`, and that it says it soon: optimised it takes a tenth of what it takes here.
    private func error(_ bytes: [UInt8], sourceLocation: SourceLocation = #_sourceLocation) -> TOMLError? {
        let source = SourceText(name: "t.toml", bytes: bytes)
        var errors: [TOMLError] = []
        let time = cpuTime { errors = TOMLParser().parseRecovering(source).errors }
        #expect(time < .seconds(3), sourceLocation: sourceLocation)
        return errors.first
    }

    private func error(_ text: String) -> TOMLError? { error(Array(text.utf8)) }

    /// `piece` again and again until the text has `length` bytes.
    private func filled(_ piece: String, start: String = "", length: Int = mebibyte) -> String {
        start + String(repeating: piece, count: (length - start.utf8.count) / piece.utf8.count)
    }

    @Test func moreThanAMebibyteIsRefused() {
        #expect(error([UInt8](repeating: UInt8(ascii: "#"), count: Self.mebibyte + 1))?.code == .tooLarge)
        #expect(error([UInt8](repeating: UInt8(ascii: "#"), count: Self.mebibyte)) == nil)
    }

    @Test(arguments: [
        "[", "a = [", "a = {b = ", "a=[{", "{", "x = [[{a.b.c.d=[",
    ])
    func bracketsWithoutEndAreRefused(start: String) {
        for piece in ["[", "{a=", "[{a=", "[1,[", "{a.b="] {
            let code = error(filled(piece, start: start))?.code
            #expect(code == .tooDeep || code == .syntax, "\(start) \(piece)")
        }
        #expect(error(filled("[", start: "a = "))?.code == .tooDeep)
        #expect(error(filled("{a=", start: "a = "))?.code == .tooDeep)
    }

    @Test func dottedKeysWithoutEndAreRefused() {
        #expect(error(filled("a.", start: "a."))?.code == .tooDeep)
        #expect(error(filled("\"a\" . ", start: "[x."))?.code == .tooDeep)
        #expect(error(filled("a.", start: "x = {"))?.code == .tooDeep)
        #expect(error(filled("a.", start: "x = [{b = 1, "))?.code == .tooDeep)
        #expect(error(filled("a.", start: "\u{FEFF}[x."))?.code == .tooDeep)
    }

    @Test func depthCountsHeadersDotsAndBracketsTogether() throws {
        let header = "[" + Array(repeating: "h", count: 10).joined(separator: ".") + "]\n"
        let key = Array(repeating: "k", count: 10).joined(separator: ".")
        func text(brackets: Int) -> String {
            header + key + " = " + String(repeating: "[", count: brackets)
                + String(repeating: "]", count: brackets)
        }
        #expect(throws: Never.self) { try parse(text(brackets: 12)) }
        let refused = #expect(throws: TOMLError.self) { try parse(text(brackets: 13)) }
        #expect(refused?.code == .tooDeep)
        #expect(refused?.position.line == 2)
    }

    @Test func tooManyKeysAreRefused() throws {
        let keys = (0..<10_000).map { "k\($0) = 1" }
        #expect(throws: Never.self) { try parse(keys.joined(separator: "\n")) }
        let refused = error((keys + ["one_more = 1"]).joined(separator: "\n"))
        #expect(refused?.code == .tooManyKeys)
        #expect(refused?.position.line == 10_001)
        #expect(error((0..<5_001).map { "a.k\($0) = 1" }.joined(separator: "\n"))?.code == .tooManyKeys)
        #expect(error(filled("[a]\n"))?.code == .tooManyKeys)
        #expect(error(filled("a=1,", start: "x = {"))?.code == .tooManyKeys)
        #expect(error(filled("{a=1},", start: "x = ["))?.code == .tooManyKeys)
    }

    @Test func tooManyValuesAreRefused() {
        #expect(error(filled("1,", start: "x = ["))?.code == .tooManyValues)
        #expect(error(filled("[],", start: "x = ["))?.code == .tooManyValues)
    }

    @Test func bracketsAndDotsInStringsAndCommentsDoNotCount() throws {
        let many = String(repeating: "[{a.,", count: 100)
        let text = """
            a = "\(many) \\" \(many)" # \(many)
            b = '\(many)'
            "c\(many)" = 1
            d = \"\"\"
            \(many) " "" \\\""" \(many)\"\"\"\"\"
            e = '''\(many)
            \(many)'' '''
            f = [1.5, 2020-01-01T00:00:00.5Z]
            """
        #expect(try parse(text).entries.count == 6)
    }

    @Test func aZeroByteIsRefusedWithItsPlace() {
        let refused = error("a = 1\nb = \"x\0\"")
        #expect(refused?.code == .nulCharacter)
        #expect(refused?.position == SourcePosition(line: 2, column: 7))
    }

    @Test func bytesThatAreNoUTF8AreRefusedWithTheirPlace() {
        let refused = error(Array("a = 1\nb = \"é".utf8) + [0xFF, 0x22])
        #expect(refused?.code == .invalidUTF8)
        #expect(refused?.position == SourcePosition(line: 2, column: 7))
        #expect(error([0xEF, 0xBB])?.code == .invalidUTF8)
        #expect(error([0xFF, 0xFE, 0x61, 0x00])?.message.contains("UTF-16") == true)
    }

    @Test(arguments: ["=", "\"", "'", "a=", "\n", "é", "\"\"\"", "]", "a = 1\n", "[a]\nb = x\n"])
    func aMebibyteOfAnythingIsAnsweredSoon(piece: String) {
        _ = error(filled(piece))
    }

    @Test func aWideLineOfManyKeysIsReadSoon() throws {
        let pairs = (0..<9_000).map { "k\($0) = \"ééé \($0)\"" }.joined(separator: ", ")
        let text = "x = { \(pairs) }"
        let time = try cpuTime {
            guard case .table(let table)? = try parse(text)["x"]?.node.value else {
                Issue.record("no table")
                return
            }
            #expect(table.entries.count == 9_000)
        }
        #expect(time < .seconds(3))
    }

    @Test func randomTextsNeverCrash() {
        let seed = TestSeed.value
        var generator = Generator(state: seed)
        let pieces = [
            "[", "]", "{", "}", "=", ".", ",", "\"", "'", "\"\"\"", "'''", "\n", "a", "b", "1", " ", "#",
            "\\", "é", "\r\n",
            "[[", "]]", "a = ", "true", "1.5", "-", "\u{0}", "\u{FEFF}", "2020-01-01",
        ]
        for _ in 0..<3_000 {
            let count = Int.random(in: 0..<60, using: &generator)
            let text = (0..<count).map { _ in pieces.randomElement(using: &generator) ?? "" }.joined()
            let source = SourceText(name: "t", bytes: Array(text.utf8))
            let (_, errors) = TOMLParser().parseRecovering(source)
            for error in errors {
                #expect(error.position.line >= 1 && error.position.column >= 1, "seed \(seed): \(text)")
                _ = error.problem(in: source).description
            }
        }
    }
}

/// Random numbers that are the same for the same seed (SplitMix64).
struct Generator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
