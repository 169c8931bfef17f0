import AgentService
import JSON
import Testing

@Suite struct LineSplitterTests {
    private func lines(_ pieces: [[UInt8]], limit: Int = 16) -> [LineSplitter.Line] {
        var splitter = LineSplitter(limit: limit)
        var lines: [LineSplitter.Line] = []
        for piece in pieces { splitter.add(piece) { lines.append($0) } }
        splitter.finish { lines.append($0) }
        return lines
    }

    private func texts(_ pieces: String..., limit: Int = 16) -> [String] {
        lines(pieces.map { Array($0.utf8) }, limit: limit).map(\.text)
    }

    @Test func linesAreCutAtTheirEnds() {
        #expect(texts("a\nb\n") == ["a", "b"])
        #expect(texts("\n\na\n") == ["", "", "a"])
        #expect(texts("") == [])
    }

    @Test func aLastLineNeedsNoEnd() {
        #expect(texts("a\nb") == ["a", "b"])
    }

    @Test func aLineMayArriveInPieces() {
        #expect(texts("lo", "ss", "=", "0.5", "\n", "x") == ["loss=0.5", "x"])
        // Between any two bytes, within a character too.
        let bytes = Array("größe=1\nüber\n".utf8)
        for cut in 0...bytes.count {
            #expect(lines([Array(bytes[..<cut]), Array(bytes[cut...])]).map(\.text) == ["größe=1", "über"])
        }
        #expect(lines(bytes.map { [$0] }).map(\.text) == ["größe=1", "über"])
    }

    @Test func theLineEndsOfAnotherSystemAreLineEnds() {
        #expect(texts("a\r\nb\r", "\nc\rd\n") == ["a", "b", "c\rd"])
    }

    @Test func aLineThatIsTooLongIsSplitWithAMark() {
        let long = lines([Array(String(repeating: "x", count: 40).utf8), Array("yz\nnext\n".utf8)])
        #expect(long.map(\.text.count) == [16, 16, 10, 4])
        #expect(long.map(\.continues) == [true, true, false, false])
        #expect(long.map(\.text).prefix(3).joined().hasSuffix("xyz"))
    }

    @Test func aLineAsLongAsTheLimitIsWhole() {
        #expect(
            lines([Array("0123456789abcdef\n".utf8)]) == [.init(text: "0123456789abcdef")])
    }

    @Test func aLineIsNotSplitWithinACharacter() {
        let text = "0123456789abcd🙂🙂🙂 and more of it"
        let pieces = lines([Array(text.utf8)])
        #expect(pieces.map(\.text).joined() == text)
        #expect(pieces.allSatisfy { !$0.text.contains("\u{fffd}") && $0.text.utf8.count <= 16 })
    }

    @Test func bytesThatAreNoTextAreReplaced() {
        #expect(lines([[0x61, 0xff, 0x62, 0x0a, 0xc3, 0x0a]]).map(\.text) == ["a\u{fffd}b", "\u{fffd}"])
        #expect(lines([[UInt8](repeating: 0x80, count: 40)]).map(\.text).joined().unicodeScalars.count == 40)
    }

    @Test func zeroBytesArePartOfTheirLine() {
        #expect(texts("a\0b\n") == ["a\0b"])
    }

    @Test func partOfALineSurvivesTheProgramThatReadIt() throws {
        var splitter = LineSplitter()
        let bytes = Array("whole\nGrüße".utf8)
        var lines: [String] = []
        splitter.add(Array(bytes.dropLast(2))) { lines.append($0.text) }
        var next = try JSONCoding.decode(LineSplitter.self, from: try JSONCoding.encode(splitter))
        next.add(Array(bytes.suffix(2)) + [UInt8(ascii: "\n")]) { lines.append($0.text) }
        #expect(lines == ["whole", "Grüße"])
    }
}
