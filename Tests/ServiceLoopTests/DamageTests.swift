import Events
import HTTPMessages
import HTTPServer
import MessageLog
import Runtime
import SQLite
import SQLiteLog
import ServiceLoop
import TestSupport
import Testing

/// A log that is damaged where a service has yet to read: that partition waits, the others go on, and health says what to do.
@Suite struct DamageTests {
    private let folder: TemporaryFolder
    private var path: String { folder.file("log.db") }

    init() throws { folder = try TemporaryFolder() }

    /// Runs in different partitions of two.
    private static let (bad, good) = ("run", "r")

    @Test func theRunsOfThisSuiteAreInDifferentPartitions() {
        #expect(
            Partitioner.partition(of: DamageTests.bad, among: 2)
                != Partitioner.partition(of: DamageTests.good, among: 2))
    }

    private func expect(
        sourceLocation: SourceLocation = #_sourceLocation, _ condition: () async throws -> Bool
    ) async throws {
        let holds = try await eventually(condition)
        #expect(holds, sourceLocation: sourceLocation)
    }

    private func damage(_ topic: String, _ key: String) throws {
        let count = try Database(path).run(
            """
            UPDATE record SET value = x'00' WHERE position = (SELECT max(position) FROM record JOIN topic
            ON topic.id = record.position >> 52 WHERE topic.name = ? AND key = ?)
            """, topic, key)
        #expect(count == 1)
    }

    private func health(of loop: ServiceLoop<ToySubject>) async throws -> (status: Int, text: String) {
        let request = try #require(ServerRequest(.get, "/health"))
        let endpoint = HealthEndpoint(of: loop.health, at: .unixSocket("/unused"), time: SystemTime())
        let answer = await endpoint.router.answer(request)
        guard case .bytes(let bytes) = answer.body else { return (answer.status, "") }
        return (answer.status, String(decoding: bytes, as: UTF8.self))
    }

    @Test func aDamagedRecordStopsItsPartitionAndNoOther() async throws {
        let log = try await SQLiteLog.open(path)
        let stage = try await ToyStage(log: log)
        try await stage.send("one", "two", "three", to: DamageTests.bad)
        // Whose value was the second: the last one is sound.
        try await stage.send("one", to: DamageTests.good)
        try Database(path).run("UPDATE record SET time = time + 1 WHERE CAST(value AS TEXT) LIKE '%\"two\"%'")
        let loop = stage.loop()
        try await stage.running(loop) {
            try await expect { try await stage.published(DamageTests.bad) == ["one"] }
            try await expect { try await stage.published(DamageTests.good) == ["one"] }
            try await expect { loop.health.snapshot.damage.count == 1 }
            let (status, text) = try await health(of: loop)
            #expect(status == 503 && text.contains("\"status\":\"damaged\""))
            let partition = Partitioner.partition(of: DamageTests.bad, among: 2)
            #expect(text.contains("baictl log skip commands/\(partition)@1`"))
            // What comes later for others is taken as ever.
            try await stage.send("two", to: DamageTests.good)
            try await expect { try await stage.published(DamageTests.good) == ["one", "two"] }
            let position = RecordPosition(
                partition: TopicPartition(topic: "commands", partition: partition), offset: 1)
            #expect(try await log.passOver(position) { _ in [] }?.count == 1)
            try await expect { try await stage.published(DamageTests.bad) == ["one", "three"] }
            try await expect { loop.health.snapshot.damage.isEmpty }
            #expect(try await health(of: loop).status == 200)
        }
    }

    @Test func damagedStatesStopTheirPartitionUntilTheyAreMended() async throws {
        let log = try await SQLiteLog.open(path)
        let stage = try await ToyStage(log: log)
        try await stage.running(stage.loop()) {
            try await stage.send("one", to: DamageTests.bad)
            try await stage.send("one", to: DamageTests.good)
            try await expect { try await stage.published(DamageTests.bad) == ["one"] }
            try await expect { try await stage.published(DamageTests.good) == ["one"] }
        }
        try damage("state.toy", DamageTests.bad)
        let loop = stage.loop()
        try await stage.running(loop) {
            try await stage.send("two", to: DamageTests.bad)
            try await stage.send("two", to: DamageTests.good)
            try await expect { try await stage.published(DamageTests.good) == ["one", "two"] }
            let partition = Partitioner.partition(of: DamageTests.bad, among: 2)
            #expect(
                loop.health.snapshot.damage.contains {
                    $0.contains("baictl log skip state.toy/\(partition)@0`")
                })
            #expect(try await stage.published(DamageTests.bad) == ["one"], "nothing is decided on nothing")
            let position = RecordPosition(
                partition: TopicPartition(topic: "state.toy", partition: partition), offset: 0)
            #expect(try await log.passOver(position) { _ in [] }?.first?.isMissed == true)
            // What came in the meantime was not lost: it is decided without the state that is gone.
            try await expect { try await stage.published(DamageTests.bad) == ["one", "two"] }
            try await expect { loop.health.snapshot.damage.isEmpty }
        }
    }
}
