import MessageLog
import Runtime
import TestSupport
import Testing

/// What every log removes in time, and what it keeps.
@Suite struct MaintenanceConformanceTests {
    @Test(arguments: LogKind.allCases)
    func whatIsOlderThanItsTopicKeepsGoes(_ kind: LogKind) async throws {
        let fixture = try await LogFixture(kind)
        for _ in 0..<3 { try await fixture.publish("metrics", key(in: 1)) }
        try await fixture.publish("runs", key(in: 1))
        fixture.time.advance(by: .seconds(1800))
        for _ in 0..<2 { try await fixture.publish("metrics", key(in: 1)) }
        fixture.time.advance(by: .seconds(1801))
        let report = try await fixture.log.maintain(now: fixture.time.now)
        #expect(report == MaintenanceReport(expired: 3, compacted: 0))
        #expect(try await fixture.all("metrics").map(\.offset) == [3, 4])
        #expect(try await fixture.all("runs").count == 1)
        let partition = TopicPartition(topic: "metrics", partition: 1)
        #expect(try await fixture.another().range(of: partition) == 3..<5)
        #expect(try await fixture.log.checkIntegrity().problems == [])
    }

    @Test(arguments: LogKind.allCases)
    func offsetsNeverGoBackwardsWhenEverythingIsOld(_ kind: LogKind) async throws {
        let fixture = try await LogFixture(kind)
        for _ in 0..<3 { try await fixture.publish("metrics", key(in: 1)) }
        fixture.time.advance(by: .seconds(7200))
        _ = try await fixture.log.maintain(now: fixture.time.now)
        #expect(try await fixture.all("metrics").map(\.offset) == [2])
        #expect(try await fixture.publish("metrics", key(in: 1)).offset == 3)
    }

    @Test(arguments: LogKind.allCases)
    func ofEachKeyTheNewestRecordStays(_ kind: LogKind) async throws {
        let fixture = try await LogFixture(kind)
        let (one, two) = (key(in: 0, 0), key(in: 0, 1))
        for (key, value) in [(one, "1"), (two, "2"), (one, "3"), (two, "4"), (one, "5")] {
            try await fixture.publish("state", key, value)
        }
        let report = try await fixture.log.maintain(now: fixture.time.now)
        #expect(report == MaintenanceReport(expired: 0, compacted: 3))
        let left = try await fixture.all("state")
        #expect(left.map(\.offset) == [3, 4])
        #expect(left.map(\.key) == [two, one])
        #expect(try await fixture.log.maintain(now: fixture.time.now) == MaintenanceReport())
        #expect(try await fixture.log.checkIntegrity().problems == [])
    }

    @Test(arguments: LogKind.allCases)
    func aTombstoneGoesAfterAMinute(_ kind: LogKind) async throws {
        let fixture = try await LogFixture(kind)
        let (gone, kept) = (key(in: 0, 0), key(in: 0, 1))
        try await fixture.publish("state", gone, "1")
        try await fixture.publish("state", gone, nil)
        try await fixture.publish("state", kept, "2")
        fixture.time.advance(by: .seconds(59))
        _ = try await fixture.log.maintain(now: fixture.time.now)
        #expect(try await fixture.all("state").map(\.offset) == [1, 2])
        fixture.time.advance(by: .seconds(1))
        _ = try await fixture.log.maintain(now: fixture.time.now)
        #expect(try await fixture.all("state").map(\.offset) == [2])
    }

    @Test(arguments: LogKind.allCases)
    func readingPassesOverWhatWasRemoved(_ kind: LogKind) async throws {
        let fixture = try await LogFixture(kind)
        for number in 0..<4 { try await fixture.publish("state", key(in: 0), "\(number)") }
        let member = try await fixture.join("a", ["state"])
        _ = try await member.leases(4)
        #expect(try await member.records(1, limit: ReadLimit(records: 1)).map(\.offset) == [0])
        _ = try await fixture.log.maintain(now: fixture.time.now)
        let late = try await fixture.join("late", ["state"], on: try await fixture.another())
        await member.leave()
        _ = try await late.leases(4)
        #expect(try await late.records(1).map(\.offset) == [3])
        let partition = TopicPartition(topic: "state", partition: 0)
        #expect(try await fixture.log.read(partition, from: 1, limit: ReadLimit()).map(\.offset) == [3])
        #expect(try await fixture.log.range(of: partition) == 3..<4)
    }

    @Test(arguments: LogKind.allCases)
    func maintainingAnEmptyLogDoesNothing(_ kind: LogKind) async throws {
        let fixture = try await LogFixture(kind)
        #expect(try await fixture.log.maintain(now: fixture.time.now) == MaintenanceReport())
        #expect(try await fixture.log.checkIntegrity() == IntegrityReport(records: 0, problems: []))
    }

    @Test(arguments: LogKind.allCases)
    func retentionWaitsForAConsumerThatHasStopped(_ kind: LogKind) async throws {
        let fixture = try await LogFixture(kind)
        let slow = try await fixture.join("slow", ["metrics", "runs"])
        let leases = try await slow.leases(4)
        for _ in 0..<5 { try await fixture.publish("metrics", key(in: 1)) }
        try await slow.commit([GroupTransaction(lease: leases[1], offsets: ["metrics": 2])])
        // It stops, and the producer runs on for much longer than anything is kept.
        await slow.leave()
        fixture.time.advance(by: .seconds(10 * 3600))
        for _ in 0..<5 { try await fixture.publish("metrics", key(in: 1)) }
        fixture.time.advance(by: .seconds(10 * 3600))
        let report = try await fixture.log.maintain(now: fixture.time.now)
        #expect(report.expired == 2, "what it has taken may go, and nothing else")
        let again = try await fixture.join("again", ["metrics", "runs"], on: try await fixture.another())
        _ = try await again.leases(4)
        #expect(try await again.records(8).map(\.offset) == Array(2..<10))
        #expect(try await fixture.log.checkIntegrity().problems == [])
    }

    @Test(arguments: LogKind.allCases)
    func retentionWaitsForAGroupThatHasNotCommittedAnything(_ kind: LogKind) async throws {
        let fixture = try await LogFixture(kind)
        let member = try await fixture.join("new", ["metrics"])
        await member.leave()
        #expect(try await fixture.log.committedOffsets(of: "workers") == [:])
        for _ in 0..<3 { try await fixture.publish("metrics", key(in: 1)) }
        fixture.time.advance(by: .seconds(10 * 3600))
        #expect(try await fixture.log.maintain(now: fixture.time.now).expired == 0)
    }

    @Test(arguments: LogKind.allCases)
    func retentionDoesNotWaitForAGroupThatConsumesTheTopicNoMore(_ kind: LogKind) async throws {
        let fixture = try await LogFixture(kind)
        await (try await fixture.join("old", ["metrics", "runs"])).leave()
        for _ in 0..<3 { try await fixture.publish("metrics", key(in: 1)) }
        await (try await fixture.join("new", ["runs"])).leave()
        fixture.time.advance(by: .seconds(10 * 3600))
        #expect(try await fixture.log.maintain(now: fixture.time.now).expired == 2)
    }
}
