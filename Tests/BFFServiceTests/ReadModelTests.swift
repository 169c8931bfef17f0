import API
import BFFClient
import Events
import FoundationEssentials
import JSON
import MessageLog
import Runtime
import SQLite
import TestSupport
import Testing

@testable import BFFService

@Suite struct ReadModelTests {
    /// A log with runs in many states, from all services.
    private func history(_ fixture: Fixture) async throws {
        let statuses: [RunStatus] = [
            .fetching, .fetched, .queued, .starting, .running, .collecting, .succeeded,
        ]
        for count in 0..<statuses.count {
            let id = try await fixture.submit(Samples.descriptor(name: "b\(count)"), key: "k\(count)")[0]
            for status in statuses.prefix(count + 1) {
                try await fixture.move(id, to: status, attempt: status.order > 2 ? 1 : 0)
            }
            let series = Samples.series("series-\(count % 2)")
            try await fixture.publish(Samples.finished(1), about: id)
            try await fixture.publish(
                Samples.result(id, series: series, finished: Int64(count)), about: id, key: series.id)
            try await fixture.publish(
                AlarmChanged(alarm: Samples.alarm(id, id: "alarm-\(count)", series: series)), about: id,
                key: series.id)
            try await fixture.publish(
                RunCollected(metricCount: 1, logCount: 1, resultCount: 1, problems: ["noisy"]), about: id)
        }
        let gone = try await fixture.submit()[0]
        try await fixture.move(gone, to: .canceled)
        try await fixture.publish(Command(kind: .delete), about: gone)
        let letter = try await fixture.publish(Samples.letter(key: gone), about: gone)
        try await fixture.publish(
            DeadLetterReplayed(partition: letter.partition.partition, offset: letter.offset), about: gone)
        try await fixture.settle()
    }

    /// Every table as text, without the numbers that each building gives anew.
    private func dump(_ folder: TemporaryFolder) throws -> [String: [String]] {
        let database = try Database(folder.file("read-model.db"), access: .readOnly)
        let tables: [String] = try database.query(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name <> 'incarnation'"
        ) { $0[0] }
        var dump: [String: [String]] = [:]
        for table in tables {
            let columns: [String] = try database.query("SELECT name FROM pragma_table_info('\(table)')") {
                $0[0]
            }
            let shown = columns.filter { $0 != "seq" }.map { "quote(\($0))" }.joined(separator: " || '|' || ")
            dump[table] = try database.query("SELECT \(shown) FROM \(table) ORDER BY 1") { $0.text(0) }
        }
        return dump
    }

    @Test func aModelThatIsBuiltAnewEqualsTheOneThatGrew() async throws {
        let log = InMemoryLog()
        let (grown, built) = (try TemporaryFolder(), try TemporaryFolder())
        try await Fixture.run(log: log, folder: grown) { try await history($0) }
        try await Fixture.run(log: log, folder: built) { try await $0.settle() }
        let (left, right) = (try dump(grown), try dump(built))
        #expect(left.keys.sorted() == right.keys.sorted())
        for (table, rows) in left { #expect(rows == right[table], "\(table)") }
        #expect(left["runs"]?.count == 7)
    }

    @Test func aModelReadTopicByTopicIsTheSameToo() async throws {
        let log = InMemoryLog()
        let (grown, shuffled) = (try TemporaryFolder(), try TemporaryFolder())
        try await Fixture.run(log: log, folder: grown) { try await history($0) }
        // Effects first: as when topics are read one after the other, in the least fitting order.
        let database = try ReadModelFile(path: shuffled.file("read-model.db")).openForWriting(
            StructuredLog(service: "test") { _ in })
        var projection = Projection(database: database)
        for topic in Projection.topics.reversed() {
            for partition in 0..<Fixture.partitions {
                let place = TopicPartition(topic: topic.rawValue, partition: partition)
                for record in try await log.read(place, from: 0, limit: ReadLimit(records: 10_000)) {
                    #expect(try projection.apply(record) == nil)
                }
            }
        }
        try projection.finish()
        let (left, right) = (try dump(grown), try dump(shuffled))
        for (table, rows) in left where table != "positions" && table != "runs" && table != "events" {
            #expect(rows == right[table], "\(table)")
        }
        let ids = try database.query("SELECT id FROM runs WHERE submitted IS NOT NULL") { $0.text(0) }
        #expect(ids.count == 7)
    }

    @Test func eventsOfAModelBuiltAnewComeInTheOrderOfTheLog() async throws {
        let log = InMemoryLog()
        let before = try await Fixture.run(log: log) { fixture in
            try await history(fixture)
            return try await fixture.client.eventPage(limit: 1000).items
        }
        let after = try await Fixture.run(log: log) { fixture in
            try await fixture.settle()
            return try await fixture.client.eventPage(limit: 1000).items
        }
        #expect(before.count > 40)
        #expect(Set(after.map(\.id)) == Set(before.map(\.id)))
        for run in Set(before.map(\.run)) {
            let statuses = after.filter { $0.run == run && $0.kind == .status }.map(\.id)
            #expect(statuses == before.filter { $0.run == run && $0.kind == .status }.map(\.id))
        }
    }

    @Test func aStreamGoesOnAcrossABuildingWithoutAGap() async throws {
        let log = InMemoryLog()
        let (id, all) = try await Fixture.run(log: log) { fixture in
            let id = try await fixture.submit()[0]
            for status in [RunStatus.fetching, .fetched, .queued, .running, .failed] {
                try await fixture.move(id, to: status)
            }
            try await fixture.settle()
            return (id, try await fixture.client.eventPage(of: id).items)
        }
        try await Fixture.run(log: log) { fixture in
            for (index, event) in all.enumerated() {
                var rest: [RunEvent] = []
                for try await event in fixture.client.events(of: id, after: event.cursor) {
                    rest.append(event)
                }
                // A stranger's cursor may make it go back a little, never forward.
                #expect(Set(rest.map(\.id)).isSuperset(of: all.dropFirst(index + 1).map(\.id)))
                #expect(Set(rest.map(\.id)).count == rest.count)
            }
        }
    }

    @Test func aModelOfAnotherVersionIsBuiltAnew() async throws {
        let log = InMemoryLog()
        let folder = try TemporaryFolder()
        try await Fixture.run(log: log, folder: folder) { try await history($0) }
        try Database(folder.file("read-model.db")).execute("PRAGMA user_version = 99")
        try await Fixture.run(log: log, folder: folder) { fixture in
            try await fixture.settle()
            #expect(try await fixture.client.runs().items.count == 7)
            #expect(fixture.lines.withLock { $0.contains { $0.contains("building the read model anew") } })
        }
    }

    @Test(arguments: ["garbage", "truncated"])
    func aDamagedModelIsBuiltAnew(_ damage: String) async throws {
        let log = InMemoryLog()
        let folder = try TemporaryFolder()
        try await Fixture.run(log: log, folder: folder) { try await history($0) }
        let path = folder.file("read-model.db")
        try Database(path).checkpoint(.truncate)
        var bytes = Array(try Data(contentsOf: URL(filePath: path)))
        if damage == "garbage" {
            for index in bytes.indices.dropFirst(4096) { bytes[index] = 0x5a }
        } else {
            bytes = Array(bytes.prefix(bytes.count / 2))
        }
        try Data(bytes).write(to: URL(filePath: path))
        try await Fixture.run(log: log, folder: folder) { fixture in
            try await fixture.settle()
            #expect(try await fixture.client.runs().items.count == 7)
        }
    }

    @Test func aFileThatIsNoDatabaseIsBuiltAnew() async throws {
        let folder = try TemporaryFolder()
        try folder.write("read-model.db", String(repeating: "no database ", count: 1000))
        try await Fixture.run(folder: folder) { fixture in
            let id = try await fixture.submit()[0]
            #expect(try await fixture.client.run(id).summary.id == id)
        }
    }

    @Test func aModelOfAnotherLogIsBuiltAnew() async throws {
        let folder = try TemporaryFolder()
        try await Fixture.run(folder: folder) { try await history($0) }
        try await Fixture.run(folder: folder) { fixture in
            let id = try await fixture.submit()[0]
            #expect(try await fixture.client.runs().items.map(\.id) == [id])
        }
    }

    @Test func aModelThatIsRemovedWhileItIsUsedIsNoticedAtTheNextStart() async throws {
        let log = InMemoryLog()
        let folder = try TemporaryFolder()
        try await Fixture.run(log: log, folder: folder) { try await history($0) }
        ReadModelFile(path: folder.file("read-model.db")).remove()
        let count = try await Fixture.run(log: log, folder: folder) { try await $0.client.runs().items.count }
        #expect(count == 7)
    }

    @Test func aModelThatIsFoundDamagedWhileItIsUsedIsBuiltAnewAtOnce() async throws {
        try await Fixture.run { fixture in
            try await history(fixture)
            let before = try await fixture.client.eventPage(limit: 1).items
            fixture.service.progress.distrust(because: "a page is not what was written")
            #expect(await eventually { fixture.service.progress.buildings == 1 })
            try await fixture.settle()
            #expect(try await fixture.client.runs().items.count == 7)
            let after = try await fixture.client.eventPage(limit: 1).items
            #expect(before.map(\.id) == after.map(\.id))
            #expect(before.map(\.cursor) != after.map(\.cursor))
        }
    }

    @Test func twoProcessesThatWriteOneModelTellEverythingOnce() async throws {
        let log = InMemoryLog()
        let folder = try TemporaryFolder()
        try await Fixture.run(log: log, folder: folder) { one in
            try await Fixture.run(log: log, folder: folder) { other in
                for number in 0..<20 {
                    let id = try await (number % 2 == 0 ? one : other).submit()[0]
                    try await one.move(id, to: .running, attempt: 1)
                }
                try await one.settle()
                try await other.settle()
                let told = try await other.client.eventPage(limit: 1000).items
                #expect(told.count == 40)
                #expect(Set(told.map(\.id)).count == 40)
                #expect(try await one.client.runs().items.count == 20)
            }
        }
    }

    @Test func theFileIsForItsOwnerAlone() async throws {
        let fixture = try await Fixture()
        for suffix in ["", "-wal"] {
            let attributes = try FileManager.default.attributesOfItem(
                atPath: fixture.folder.file("read-model.db\(suffix)"))
            #expect(attributes[.posixPermissions] as? Int == 0o600)
        }
    }

    @Test func aRecordThatCannotBeReadIsPassedOverAndSaid() async throws {
        try await Fixture.run { fixture in
            let good = try await fixture.submit()[0]
            _ = try await fixture.log.publish([
                NewRecord(
                    topic: "status", key: good, headers: ["type": "status_changed"], value: Array("{".utf8)),
                NewRecord(
                    topic: "status", key: good, headers: ["type": "of_the_future"], value: Array("{}".utf8)),
                NewRecord(topic: "status", key: good, value: nil),
            ])
            try await fixture.move(good, to: .running)
            try await fixture.settle()
            #expect(try await fixture.client.run(good).summary.status == .running)
            let health = try await fixture.client.health()
            #expect(health.status == "degraded")
            #expect(health.problems.count == 1)
            #expect(health.problems[0].contains("1 records could not be read"))
        }
    }

    @Test func positionsInTheQueueAreThoseOfNow() async throws {
        try await Fixture.run { fixture in
            var ids: [String] = []
            for second in 0..<3 {
                let id = try await fixture.submit()[0]
                // What the executor said when they came is not asked for.
                try await fixture.move(
                    id, to: .queued, attempt: 1, position: 9, at: SystemTime().now + .seconds(second))
                ids.append(id)
            }
            try await fixture.settle()
            #expect(try await fixture.client.runs().items.map(\.position) == [2, 1, 0])
            try await fixture.move(ids[0], to: .running, attempt: 1)
            try await fixture.settle()
            #expect(try await fixture.client.runs().items.map(\.position) == [1, 0, nil])
            #expect(try await fixture.client.run(ids[2]).summary.position == 1)
        }
    }

    @Test func aRunTellsAllThatIsKnownOfIt() async throws {
        try await Fixture.run { fixture in
            let id = try await fixture.submit()[0]
            let content = FetchedContent(
                role: .dataset, id: "d", source: "file:d", path: "/data", kind: .file, sha256: "00", size: 3)
            let submitted = try await fixture.submission(of: id)
            let attempt = Attempt(number: 1, repetition: 0, isWarmup: false)
            try await fixture.publish(RunFetched(run: submitted, contents: [content]), about: id)
            try await fixture.publish(
                JobCreated(run: submitted, attempt: attempt, runner: "local", reference: "attempts/1"),
                about: id)
            try await fixture.publish(Samples.finished(1), about: id)
            try await fixture.publish(
                CollectionRequested(run: submitted, accepted: [], problems: ["disturbed", "noisy"]), about: id
            )
            try await fixture.publish(
                RunCollected(
                    metricCount: 2, logCount: 3, resultCount: 1, problems: ["noisy", "lost"],
                    warnings: ["busy"]),
                about: id)
            try await fixture.publish(Samples.result(id), about: id, key: Samples.series().id)
            try await fixture.publish(
                AlarmChanged(alarm: Samples.alarm(id)), about: id, key: Samples.series().id)
            try await fixture.settle()
            let run = try await fixture.client.run(id)
            #expect(run.contents == [content])
            #expect(run.jobs.map(\.reference) == ["attempts/1"])
            #expect(run.attempts == [Samples.finished(1)])
            #expect(run.problems == ["disturbed", "noisy", "lost"])
            #expect(run.warnings == ["busy"])
            #expect(run.results == [Samples.result(id)])
            #expect(run.alarms == [Samples.alarm(id)])
            #expect(run.source == submitted.source)
            #expect(run.descriptor["info"]?["task_name"] == "hello")
            let metrics = try await fixture.client.metrics(of: id)
            #expect((metrics.results, metrics.problems) == (run.results, run.problems))
            #expect(try await fixture.client.descriptor(of: id).source.document == Samples.descriptor())
        }
    }

    @Test func aRunIsAnalyzedWhenTheAnalyzerHasTakenItsResults() async throws {
        try await Fixture.run { fixture in
            let id = try await fixture.submit()[0]
            try await fixture.publish(Samples.result(id), about: id, key: Samples.series().id)
            try await fixture.settle()
            #expect(try await !fixture.client.run(id).isAnalyzed)
            try await fixture.move(id, to: .succeeded)
            try await fixture.settle()
            let unseen = try await fixture.client.analyzedRun(id, within: .milliseconds(1))
            #expect(!unseen.isAnalyzed)
            let analyzer = try await fixture.log.join(
                group: "analyzer", topics: ["results"], settings: GroupSettings(member: "test"))
            guard
                case .assigned(let leases) = try await analyzer.poll(limit: ReadLimit(), timeout: .seconds(5))
            else {
                Issue.record("no lease")
                return
            }
            let partition = Partitioner.partition(of: Samples.series().id, among: Fixture.partitions)
            let lease = try #require(leases.first { $0.partition == partition })
            try await analyzer.commit([GroupTransaction(lease: lease, offsets: ["results": 1])])
            let run = try await fixture.client.analyzedRun(id)
            #expect(run.isAnalyzed)
        }
    }
}

extension Fixture {
    /// A run as it stands on the log.
    func submission(of id: String) async throws -> RunSubmitted {
        let place = TopicPartition(
            topic: "runs", partition: Partitioner.partition(of: id, among: Fixture.partitions))
        let records = try await log.read(place, from: 0, limit: ReadLimit())
        let record = try #require(records.first { $0.key == id })
        return try JSONCoding.decode(Event.self, from: record.value ?? []).payload(as: RunSubmitted.self)
    }
}
