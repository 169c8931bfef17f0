import TestSupport
import Testing

@testable import Diagnostics

@Suite struct ProblemTests {
    private func described(_ line: String, column: Int) -> String {
        Problem(code: "c", message: "m")
            .at(SourcePosition(line: 1, column: column), in: SourceText(name: "f", bytes: Array(line.utf8)))
            .description
    }

    @Test func aProblemShowsPlaceLineCaretAndHelp() {
        let text = SourceText(name: "d.toml", bytes: Array("a = 1\r\n  repaets = 3\r\n".utf8))
        let problem = Problem(
            code: "unknown_key", message: "unknown key repaets", key: "run.repaets",
            expected: "a key of [run]",
            suggestion: "repeats", note: "see docs"
        ).at(SourcePosition(line: 2, column: 3), in: text)
        #expect(
            problem.description == """
                d.toml:2:3: error[unknown_key]: unknown key repaets
                    2 |   repaets = 3
                      |   ^
                  expected: a key of [run]
                  did you mean: repeats
                  note: see docs
                """)
    }

    @Test func anArgumentHasNoLineNumbers() {
        let problem = Problem(code: "c", severity: .warning, message: "m")
            .at(
                SourcePosition(line: 1, column: 5),
                in: SourceText(name: "--set", kind: .argument, bytes: Array("run.x=3".utf8)))
        #expect(
            problem.description == """
                --set: warning[c]: m
                      | run.x=3
                      |     ^
                """)
        #expect(problem.line == nil)
    }

    @Test func whatCouldMoveTheCursorIsMadeHarmless() {
        #expect(
            described("a\u{1B}[2J\u{202E}b\tc\u{7}", column: 8)
                == "f:1:8: error[c]: m\n    1 | a\u{FFFD}[2J\u{FFFD}b c\u{FFFD}\n      |        ^")
        #expect(Problem(code: "c", message: "x\u{1B}\u{2066}y").description == "error[c]: x\u{FFFD}\u{FFFD}y")
    }

    @Test func theCaretStandsUnderItsCharacter() {
        #expect(described("日本 = x", column: 6).hasSuffix("\n      |        ^"))
        #expect(described("e\u{301}é = x", column: 6).hasSuffix("\n      |      ^"))
        #expect(described("\u{FEFF}a = x", column: 5).hasSuffix("\n      |     ^"))
        #expect(described("ab", column: 99).hasSuffix("\n      |   ^"))
    }

    @Test(arguments: ["x", "é"])
    func aLongLineIsCutAroundThePlace(filling: String) {
        let line = String(repeating: filling, count: 5000) + "HERE" + String(repeating: filling, count: 5000)
        let lines = described(line, column: 5001).split(separator: "\n")
        #expect(lines.allSatisfy { $0.count < 120 })
        let caret = lines[2].distance(
            from: lines[2].startIndex, to: lines[2].firstIndex(of: "^") ?? lines[2].startIndex)
        #expect(lines[1].dropFirst(caret).hasPrefix("HERE"))
    }

    @Test func aLineOfAMegabyteCostsLittle() {
        let text = SourceText(name: "f", bytes: Array(repeating: UInt8(ascii: "x"), count: 1 << 20))
        let position = SourcePosition(line: 1, column: 1 << 19)
        let time = cpuTime { for _ in 0..<10 { #expect(Excerpt(of: text, at: position) != nil) } }
        #expect(time < .seconds(2))
    }

    @Test func reportsCountErrorsAndWarnings() {
        let problems = [
            Problem(code: "a", message: "one"), Problem(code: "b", severity: .warning, message: "two"),
            Problem(code: "c", message: "three"),
        ]
        #expect(
            problems.report
                == "error[a]: one\n\nwarning[b]: two\n\nerror[c]: three\n\n2 errors, 1 warning")
        #expect(problems.hasErrors)
        #expect([Problem]().report == "")
    }
}
