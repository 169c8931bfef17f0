import CommandLineArguments
import FoundationEssentials
import JSON
import MessageLog
import SQLite
import SQLiteLog
import TestSupport
import Testing

@testable import Commands

/// `baictl log check` and `baictl log export`, on logs of their own.
@Suite struct LogCommandTests {
    let folder: TemporaryFolder
    var path: String { folder.file("log.db") }

    init() throws { folder = try TemporaryFolder() }

    func run(_ words: String...) async -> (code: Int32, data: String, words: String) {
        let screen = Screen()
        let code = await CommandLineTool.run(
            words, environment: ["BAI_HOME": folder.path], terminal: screen.terminal())
        return (code.rawValue, screen.data, screen.words)
    }

    /// Records of every kind of value; with one that was changed where asked.
    func make(isDamaged: Bool = false) async throws {
        let log = try await SQLiteLog.open(path)
        try await log.create(
            ["jobs", "runs"].map { TopicConfiguration(name: $0, partitions: 1, cleanup: .delete(after: nil)) }
        )
        let values: [[UInt8]?] = [
            Array(#"{"b":1e2, "a":"é"}"#.utf8), Array("null".utf8), nil, [], [0xff, 0x00], Array("{\n}".utf8),
            Array("not json".utf8),
        ]
        _ = try await log.publish(
            values.map { NewRecord(topic: "runs", key: "k\"", headers: ["type": "t"], value: $0) })
        _ = try await log.publish([NewRecord(topic: "jobs", key: "j", value: Array("[1]".utf8))])
        await log.close()
        if isDamaged {
            try Database(path).run("UPDATE record SET value = x'00' WHERE value = CAST('null' AS BLOB)")
        }
    }

    @Test func aSoundLogIsSaidToBeSound() async throws {
        try await make()
        let result = await run("log", "check")
        #expect(result.code == 0 && result.data == "")
        #expect(result.words.contains("Nothing is damaged."))
        #expect(result.words.contains("8 records are sound."))
    }

    @Test func whatIsDamagedIsNamedByTopicPartitionAndOffset() async throws {
        try await make(isDamaged: true)
        let table = await run("log", "check")
        #expect(table.code == 10)
        #expect(
            table.data.contains("runs           0       1     1  \(path): runs/0@1 is not what was written"))
        #expect(table.words.contains("7 records are sound, 1 are lost."))
        let json = await run("log", "check", "-o", "json")
        let problem = try JSONCoding.decode(JSONValue.self, from: Array(json.data.utf8)).array?.first
        #expect(problem?["topic"] == "runs" && problem?["partition"] == 0 && problem?["offset"] == 1)
        #expect(problem?["lost"] == 1)
    }

    @Test func everySoundRecordIsExportedAsItWasPublished() async throws {
        try await make(isDamaged: true)
        let result = await run("log", "export", "--topic", "runs")
        #expect(result.code == 10)
        #expect(result.words.contains("lost: ") && result.words.contains("runs/0@1"))
        #expect(result.words.contains("6 records were written, 1 are lost."))
        let lines = result.data.split(separator: "\n")
        let ends = lines.map { $0.drop { $0 != "k" }.drop { $0 != "}" }.dropFirst() }
        #expect(
            ends == [
                #","value":{"b":1e2, "a":"é"}}"#, "}", #","value_base64":""}"#, #","value_base64":"/wA="}"#,
                #","value_base64":"ewp9"}"#, #","value_base64":"bm90IGpzb24="}"#,
            ])
        let first = try JSONCoding.decode(JSONValue.self, from: Array(lines[0].utf8))
        #expect(first["key"] == "k\"" && first["headers"] == ["type": "t"] && first["offset"] == 0)
    }

    @Test func aTopicThatDoesNotExistIsAMistakeOfTheCommandLine() async throws {
        try await make()
        let result = await run("log", "export", "--topic", "run")
        #expect(result.code == 2 && result.data == "")
        #expect(result.words.contains("no topic run; it has jobs, runs"))
    }

    @Test func aLogThatIsNotThereIsSaidNotToBe() async {
        let result = await run("log", "check")
        #expect(result.code == 9)
        #expect(result.words.contains("there is no such file"))
    }

    @Test func aWrongTimeoutIsRefused() async {
        #expect(await run("log", "check", "--timeout", "soon").code == 2)
    }

    @Test func aTimeoutThatIsTooShortIsSaid() async throws {
        try await make()
        #expect(await run("log", "check", "--timeout", "0s").code == 8)
    }
}
