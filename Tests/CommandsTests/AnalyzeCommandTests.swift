import CommandLineArguments
import FoundationEssentials
import JSON
import TestSupport
import Testing

@testable import Commands

/// `baictl analyze` on files: no service is up.
@Suite struct AnalyzeCommandTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func run(_ words: String...) async -> (code: Int32, data: String, words: String) {
        let screen = Screen()
        let code = await CommandLineTool.run(
            ["analyze"] + words, environment: ["BAI_HOME": folder.file("home"), "HOME": folder.file("")],
            terminal: screen.terminal())
        return (code.rawValue, screen.data, screen.words)
    }

    /// 60 runs at 100 and 40 at 110, with a ripple.
    private let step = (0..<100).map { run -> Double in
        let level: Double = run < 60 ? 100 : 110
        return level + Double(run * 7 % 5) / 5
    }

    private func lines(_ values: [Double]) -> String { values.map { "\($0)\n" }.joined() }

    @Test func aNumberALineIsAHistory() async throws {
        let path = try folder.write("values.txt", lines(step))
        let result = await run(path, "-o", "json")
        #expect(result.code == ExitCode.alarmFired.rawValue)
        let found = try JSONCoding.decode([JSONValue].self, from: Array(result.data.utf8))
        #expect(found.map { $0["index"] } == [60])
        #expect(found.first?["series"] == "values.txt" && found.first?["run"] == "#60")
    }

    @Test func aColumnNamesTheRunsAndTheOthersAreSeries() async throws {
        let rows = step.enumerated().map { "c\($0),\(200 - $1),steady,\(5 + $0 % 3)" }
        let path = try folder.write(
            "table.csv", (["commit,throughput,note,other"] + rows).joined(separator: "\r\n"))
        let result = await run(path, "--direction=higher", "-o", "json")
        let found = try JSONCoding.decode([JSONValue].self, from: Array(result.data.utf8))
        #expect(found.count == 1)
        #expect(found.first?["series"] == "throughput" && found.first?["run"] == "c60")
        #expect(found.first?["verdict"] == "worse")
    }

    @Test func whatGotBetterIsNoAlarm() async throws {
        let path = try folder.write("values.txt", lines(step))
        #expect(await run(path, "--direction=higher").code == 0)
        #expect(await run(path, "--direction=lower").code == 3)
    }

    @Test func runsAsJSONObjectsAreSeriesToo() async throws {
        let runs = step.map { "{\"latency\": \($0), \"version\": \"v\", \"name\": \"x\"}" }
        let path = try folder.write("runs.json", "[\(runs.joined(separator: ","))]")
        let result = await run(path, "-o", "name")
        #expect(result.data == "v\n" && result.code == 3)
    }

    @Test func tooFewValuesAreSaid() async throws {
        let result = await run(try folder.write("few.json", "[1, 2, null]"))
        #expect(result.code == 0 && result.words.contains("too few"))
    }

    @Test(arguments: [
        ("", "empty"), ("[1, 2", "not JSON"), ("a,b\n1,2\n3\n", "row 2 has 1 values"),
        ("a,b\n\"1,2\n", "never closed"), ("a,b\nx,y\n", "no column of numbers"),
    ])
    func whatIsNoHistoryIsRefusedWithWhatIsWrong(text: String, message: String) async throws {
        let result = await run(try folder.write("bad", text))
        #expect(result.code != 0 && result.data.isEmpty)
        #expect(result.words.contains(message), "\(result.words)")
    }

    @Test func aMisspeltColumnIsSuggested() async throws {
        let path = try folder.write("table.csv", "latency,loss\n1,2\n")
        let result = await run(path, "--column=latencyy")
        #expect(result.code == ExitCode.notFound.rawValue && result.words.contains("latency?"))
    }

    @Test func aBatchIsAnsweredLineByLine() async throws {
        let values = step.map { "\($0)" }.joined(separator: ",")
        let path = try folder.write(
            "batch.jsonl",
            """
            {"id":"b","values":[\(values)]}
            {"id":"a","values":[1,null,1],"group":"g"}

            {"id":"c","values":[]}

            """)
        let result = await run("--batch=\(path)")
        #expect(result.code == 0)
        #expect(
            result.data
                == "{\"cps\":[60],\"id\":\"b\"}\n{\"cps\":[],\"id\":\"a\"}\n{\"cps\":[],\"id\":\"c\"}\n")
    }

    @Test func aReplaySaysWhenAChangeWasSure() async throws {
        let values = step.map { "\($0)" }.joined(separator: ",")
        let path = try folder.write("batch.jsonl", "{\"id\":\"a\",\"values\":[\(values)]}")
        let result = await run("--batch=\(path)", "--replay")
        #expect(result.data == "{\"alarms\":[{\"index\":60,\"t\":62}],\"cps\":[60],\"id\":\"a\"}\n")
    }

    @Test func whatMovesTogetherIsOnePlace() async throws {
        let lines = (0..<4).map { member in
            let values = step.enumerated().map { run, value in
                // One of them shows it a run later than the others.
                "\(member == 3 && run == 60 ? step[59] : value)"
            }
            return "{\"id\":\"\(member)\",\"group\":\"g\",\"values\":[\(values.joined(separator: ","))]}"
        }
        let result = await run("--batch=\(try folder.write("group.jsonl", lines.joined(separator: "\n")))")
        #expect(result.data.split(separator: "\n").allSatisfy { $0.contains("\"cps\":[60]") })
    }

    @Test func aBadLineIsNamedAndTheOthersAreAnswered() async throws {
        let path = try folder.write(
            "batch.jsonl", "{\"id\":\"a\",\"values\":[1]}\nnonsense\n{\"id\":\"b\"}\n")
        let result = await run("--batch=\(path)")
        #expect(result.code == ExitCode.usage.rawValue)
        #expect(result.data == "{\"cps\":[],\"id\":\"a\"}\n")
        #expect(result.words.contains("line 2") && result.words.contains("line 3"))
    }

    @Test func theRateIsAFractionOrANumber() async throws {
        let path = try folder.write("values.txt", lines(step))
        #expect(await run(path, "--false-alarm-rate=1/1000").code == 3)
        #expect(await run(path, "--false-alarm-rate=0.0001").code == 3)
        for bad in ["0", "1", "-1", "x", "1/0", "1/2/3"] {
            #expect(await run(path, "--false-alarm-rate=\(bad)").code == 2, "\(bad)")
        }
    }
}
