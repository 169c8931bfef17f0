import CommandLineArguments
import Events
import JSON
import Runtime
import Testing

@testable import Commands

/// A terminal that keeps what is written to it.
final class Screen: Sendable {
    private let written = Locked<[Int32: String]>([:])
    var data: String { written.withLock { $0[1] ?? "" } }
    var words: String { written.withLock { $0[2] ?? "" } }

    func terminal(isTerminal: Bool = false, usesColor: Bool = false, width: Int = 100) -> Terminal {
        Terminal(width: width, isTerminal: isTerminal, usesColor: usesColor) { [written] descriptor, text in
            written.withLock { $0[descriptor, default: ""] += text }
        }
    }
}

private func table(_ rows: [[String]]) -> Table {
    Table(header: ["NAME", "N"], rows: rows.map { $0.map { Table.Cell($0) } }, numbers: [1])
}

@Suite struct OutputTests {
    @Test func columnsAreAlignedAndNumbersStandToTheRight() {
        let text = table([["a", "1"], ["longer", "100"]]).text(for: Screen().terminal())
        #expect(text == "NAME      N\na         1\nlonger  100\n")
    }

    @Test func theLastColumnIsCutToANarrowTerminalAndNowhereElse() {
        let long = Table(header: ["A", "B"], rows: [["x", Table.Cell(String(repeating: "y", count: 50))]])
        let onTerminal = long.text(for: Screen().terminal(isTerminal: true, width: 20)).split(separator: "\n")
        #expect(onTerminal[1].count <= 20 && onTerminal[1].hasSuffix("…"))
        #expect(long.text(for: Screen().terminal(width: 20)).contains(String(repeating: "y", count: 50)))
    }

    @Test(arguments: [
        ("a\u{1B}[31mred", "a\\u{1b}[31mred"), ("a\nb", "a\\u{a}b"), ("\u{202E}gpj.exe", "\\u{202e}gpj.exe"),
        ("Größe 測試", "Größe 測試"), ("\u{7F}", "\\u{7f}"), ("\u{200F}a", "\\u{200f}a"),
        ("\u{9B}2J", "\\u{9b}2J"),
    ])
    func textFromUsersCannotMoveTheCursor(text: String, shown: String) {
        #expect(Table.harmless(text) == shown)
    }

    @Test func aDocumentCannotChangeTheTerminalAndIsTheSameJSON() throws {
        let items: [JSONValue] = [["name": "a\u{9B}2J\u{202E}\u{1B}[31m\n\"", "Größe": "測試"]]
        let text = try JSONCoding.text(items)
        let screen = Screen()
        screen.terminal(isTerminal: true).print(document: text)
        #expect(screen.data.contains("\\u009b2J\\u202e") && screen.data.contains("測試"))
        #expect(try JSONCoding.decode([JSONValue].self, from: Array(screen.data.utf8)) == items)
        let program = Screen()
        program.terminal().print(document: text)
        #expect(program.data == text, "a program gets it as it is")
    }

    @Test func anEmptyListIsAnEmptyListInEveryFormat() throws {
        let listing = Listing(items: [], names: [], table: table([]), emptyNote: "nothing")
        let texts = try OutputFormat.allCases.map { try listing.text(as: $0, for: Screen().terminal()) }
        #expect(texts == ["", "[]\n", "[]\n", "", "", ""])
    }

    @Test func valuesWithCommasQuotesAndLineEndsSurviveCSV() {
        let items: [JSONValue] = [
            ["a": "x,y", "b": ["c": 1.5, "d": .null]], ["a": "say \"hi\"\nthere", "list": [1, 2]],
        ]
        let expected = "a,b.c,b.d,list\r\n\"x,y\",1.5,,\r\n\"say \"\"hi\"\"\nthere\",,,\"[1,2]\"\r\n"
        #expect(CSV.text(items) == expected)
    }

    @Test(arguments: [
        (0.0, "0"), (1, "1"), (-3, "-3"), (12.345, "12.35"), (0.01234567, "0.01235"), (1234.56, "1234.6"),
        (1.5, "1.500"), (1.5e12, "1.500e12"), (2.5e-7, "2.500e-7"), (.infinity, "inf"),
    ])
    func aNumberHasTheDigitsThatMatter(value: Double, text: String) {
        #expect(Words.number(value) == text)
    }

    @Test(arguments: [(0, "0s"), (59, "59s"), (61, "1m 01s"), (3_660, "1h 01m"), (90_000, "1d 1h")])
    func aDurationReadsLikeOne(seconds: Int, text: String) {
        #expect(Words.duration(.seconds(seconds)) == text)
    }

    @Test func timesAreInUTCAndSaySo() {
        let time = Timestamp(milliseconds: 1_763_703_062_000)
        #expect(Words.time(time) == "2025-11-21 05:31:02Z")
        #expect(Words.clock(time) == "05:31:02")
    }

    @Test func progressIsForTerminalsAlone() {
        let screen = Screen()
        screen.terminal().progress("50 %")
        screen.terminal().endProgress()
        #expect(screen.words.isEmpty)
        screen.terminal(isTerminal: true).progress("50 %")
        #expect(screen.words.contains("50 %"))
    }
}

@Suite struct CommandLineToolTests {
    private func run(_ words: String...) async -> (code: Int32, data: String, words: String) {
        let screen = Screen()
        let code = await CommandLineTool.run(
            words, environment: ["BAI_HOME": "/nonexistent/bai", "HOME": "/nonexistent"],
            terminal: screen.terminal())
        return (code.rawValue, screen.data, screen.words)
    }

    @Test func theVersionAsksNobody() async {
        let result = await run("version")
        #expect(result.code == 0 && result.data == "baictl \(Version.current)\n")
        #expect(await run("version", "-o", "json").data.contains(Version.current))
    }

    @Test func aWrongCommandLineIsSaidOnStandardErrorWithExitCode2() async {
        let result = await run("rum")
        #expect(result.code == 2 && result.data.isEmpty)
        #expect(result.words.contains("Did you mean run?"))
    }

    @Test func inJSONAnErrorIsJSONToo() async throws {
        let result = await run("get", "benchmark", "-o", "json")
        let error = try JSONCoding.decode(JSONValue.self, from: Array(result.words.utf8))
        #expect(error["error"]?["code"] == "usage")
    }

    @Test func withoutServicesACommandSaysHowToStartThem() async {
        let result = await run("list")
        #expect(result.code == 9)
        #expect(result.words.contains("baictl up"))
    }

    @Test func everyCommandHasItsHelp() async {
        for command in CommandLineTool.parser.commands {
            let screen = Screen()
            let code = await CommandLineTool.run(
                ["help"] + command.path, environment: [:], terminal: screen.terminal())
            #expect(code == .ok && screen.data.contains("Usage: baictl \(command.name)"), "\(command.path)")
        }
    }

    @Test(arguments: ["bash", "zsh", "fish"])
    func aCompletionScriptNamesEveryCommand(shell: String) async {
        let script = await run("completion", shell).data
        for command in CommandLineTool.parser.commands {
            #expect(script.contains(command.path[0]), "\(command.path)")
        }
    }

    @Test func theWorstEndOfSeveralRunsIsTheExitCode() {
        #expect(RunFollower.worse(.ok, .alarmFired) == .alarmFired)
        #expect(RunFollower.worse(.runFailed, .alarmFired) == .runFailed)
        #expect(RunFollower.worse(.measurementInvalid, .timedOut) == .timedOut)
    }
}
