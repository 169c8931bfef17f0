import FoundationEssentials
import MessageLog
import Runtime
import SQLite
import TestSupport
import Testing

@testable import SQLiteLog

/// Walking past damage.
@Suite struct LogInspectionTests {
    let folder: TemporaryFolder
    var path: String { folder.file("log.db") }
    static let runs = TopicPartition(topic: "runs", partition: 0)

    init() throws { folder = try TemporaryFolder() }

    /// A closed log with 200 records in each of two topics, four or so a page.
    func make() async throws {
        let log = try await SQLiteLog.open(path)
        try await log.create([
            TopicConfiguration(name: "runs", partitions: 1, cleanup: .delete(after: nil)),
            TopicConfiguration(name: "state", partitions: 1, cleanup: .compact),
        ])
        for topic in ["runs", "state"] {
            for number in 0..<200 {
                let value = Array("\(topic)-\(number)-".utf8) + Array(repeating: 7, count: 900)
                _ = try await log.publish([NewRecord(topic: topic, key: "\(number % 150)", value: value)])
            }
        }
        _ = try await log.maintain(now: SystemTime().now)
        await log.close()
    }

    /// Overwrites the header of the page in which `text` is.
    func spoilPage(of text: String) throws {
        var bytes = Array(try Data(contentsOf: URL(filePath: path)))
        let page = try #require(bytes.firstRange(of: Array(text.utf8))).lowerBound / 4096 * 4096
        for index in page..<page + 8 { bytes[index] = 0xff }
        try Data(bytes).write(to: URL(filePath: path))
    }

    func walk(_ inspection: LogInspection) async throws -> (records: [LogRecord], problems: [LogProblem]) {
        var (records, problems) = ([LogRecord](), [LogProblem]())
        let isComplete = try await inspection.walk { finding in
            switch finding {
            case .records(let more): records += more
            case .problem(let problem): problems.append(problem)
            }
        }
        #expect(isComplete)
        return (records, problems)
    }

    @Test func whatIsBehindPagesThatCannotBeReadIsReached() async throws {
        try await make()
        try spoilPage(of: "runs-50-")
        try spoilPage(of: "runs-120-")
        let (records, problems) = try await walk(LogInspection(path, depth: .records))
        let offsets = records.filter { $0.topic == "runs" }.map(\.offset)
        #expect(offsets.first == 0 && offsets.last == 199 && offsets.count >= 190)
        #expect(problems.count == 2)
        #expect(problems.allSatisfy { $0.partition == Self.runs })
        #expect(problems.compactMap(\.lost).reduce(0, +) == Int64(200 - offsets.count))
        for problem in problems { #expect(!offsets.contains(problem.offset ?? 0)) }
        #expect(records.filter { $0.topic == "state" }.count == 150)
    }

    @Test func aMissingRecordOfACompactedTopicIsFoundAndTheOthersAreSaved() async throws {
        try await make()
        try Database(path).run("DELETE FROM record WHERE key = '149' AND position >> 52 = 2")
        let (records, problems) = try await walk(LogInspection(path, topics: ["state"]))
        #expect(records.count == 149)
        #expect(problems.map(\.partition) == [TopicPartition(topic: "state", partition: 0)])
        #expect(problems.first?.message.contains("149 records are there") == true)
        // Who restores a service's state from it is told, rather than given less.
        let log = try await SQLiteLog.open(path)
        let state = TopicPartition(topic: "state", partition: 0)
        let error = await #expect(throws: MessageLogError.self) {
            try await log.read(state, from: log.range(of: state).lowerBound, limit: ReadLimit())
        }
        #expect(error?.code == .corrupt)
    }

    @Test func recordsMissingAtTheEndAreNotPublishedOver() async throws {
        try await make()
        try Database(path).run(
            "DELETE FROM record WHERE position >> 52 = 1 AND position & 1099511627775 >= 197")
        let log = try await SQLiteLog.open(path)
        let error = await #expect(throws: MessageLogError.self) {
            try await log.publish([NewRecord(topic: "runs", key: "k", value: nil)])
        }
        #expect(error?.code == .corrupt)
        #expect(error?.message.contains("runs/0@197 is missing") == true)
        #expect(try await log.publish([NewRecord(topic: "state", key: "k", value: nil)])[0].offset == 200)
    }

    @Test func aWalkBesideAPublisherIsSound() async throws {
        try await make()
        let log = try await SQLiteLog.open(path)
        let publisher = Task {
            for number in 0..<300 {
                _ = try await log.publish([NewRecord(topic: "runs", key: "\(number)", value: [1])])
                if number % 100 == 0 { _ = try await log.maintain(now: SystemTime().now) }
            }
        }
        for _ in 0..<5 { #expect(try await LogInspection(path).report().problems == []) }
        try await publisher.value
        #expect(try await LogInspection(path).report().records == 200 + 150 + 300)
    }

    @Test func aDeadlineEndsIt() async throws {
        try await make()
        let report = try await LogInspection(path, deadline: .now - .seconds(1)).report()
        #expect(!report.isComplete)
        #expect(report.problems == [])
    }

    @Test func aTopicThatDoesNotExistIsNamedWithThoseThatDo() async throws {
        try await make()
        let error = await #expect(throws: MessageLogError.self) {
            _ = try await LogInspection(path, topics: ["runs", "rusn"]).report()
        }
        #expect(error?.code == .unknownTopic)
        #expect(error?.message == "the log has no topic rusn; it has runs, state")
    }

    @Test func lookingAtACopyLeavesNothingBesideIt() async throws {
        try await make()
        try FileManager.default.copyItem(atPath: path, toPath: folder.file("copy.db"))
        #expect(try await LogInspection(folder.file("copy.db")).report().problems == [])
        #expect(!FileManager.default.fileExists(atPath: folder.file("copy.db-members")))
    }
}
