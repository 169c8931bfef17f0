import MessageLog
import Runtime
import TestSupport
import Testing

/// What every log does for consumer groups.
@Suite struct GroupConformanceTests {
    @Test(arguments: LogKind.allCases)
    func theOnlyMemberGetsEveryPartitionThenTheRecords(_ kind: LogKind) async throws {
        let fixture = try await LogFixture(kind)
        try await fixture.publish("runs", key(in: 3))
        let member = try await fixture.join("a")
        guard case .assigned(let leases) = try await member.next() else {
            Issue.record("the assignment comes first")
            return
        }
        #expect(leases.map(\.partition) == [0, 1, 2, 3])
        #expect(try await member.records(1).map(\.position.description) == ["runs/3@0"])
        #expect(try await member.poll(limit: ReadLimit(), timeout: .zero) == .idle)
    }

    @Test(arguments: LogKind.allCases)
    func aWaitingMemberWakesWhenAnotherPublishes(_ kind: LogKind) async throws {
        let fixture = try await LogFixture(kind)
        let member = try await fixture.join("a", on: try await fixture.another())
        _ = try await member.leases(4)
        async let event = member.next()
        let position = try await fixture.publish("runs", "k")
        guard case .records(let records) = try await event else {
            Issue.record("no records")
            return
        }
        #expect(records.map(\.position) == [position])
    }

    @Test(arguments: LogKind.allCases)
    func recordsOfSeveralTopicsComeByTime(_ kind: LogKind) async throws {
        let fixture = try await LogFixture(kind)
        for (index, topic) in ["runs", "metrics", "runs", "metrics", "runs"].enumerated() {
            try await fixture.publish(topic, key(in: index % 3), "\(index)")
            fixture.time.advance(by: .milliseconds(1))
        }
        let member = try await fixture.join("a", ["runs", "metrics"])
        _ = try await member.leases(4)
        let records = try await member.records(5, limit: ReadLimit(records: 2))
        #expect(
            records.map { $0.value.map { String(decoding: $0, as: UTF8.self) } } == ["0", "1", "2", "3", "4"])
    }

    @Test(arguments: LogKind.allCases)
    func whatWasCommittedDoesNotComeAgain(_ kind: LogKind) async throws {
        let fixture = try await LogFixture(kind)
        for _ in 0..<3 { try await fixture.publish("runs", key(in: 1)) }
        let first = try await fixture.join("a")
        let leases = try await first.leases(4)
        #expect(try await first.records(3).map(\.offset) == [0, 1, 2])
        try await first.commit([GroupTransaction(lease: leases[1], offsets: ["runs": 2])])
        await first.leave()
        let second = try await fixture.join("b", on: try await fixture.another())
        #expect(try await second.leases(4).allSatisfy { $0.epoch > leases[0].epoch })
        #expect(try await second.records(1).map(\.offset) == [2])
        let partition = TopicPartition(topic: "runs", partition: 1)
        #expect(try await fixture.log.committedOffsets(of: "workers") == [partition: 2])
        #expect(try await fixture.log.committedOffsets(of: "others") == [:])
    }

    @Test(arguments: LogKind.allCases)
    func committedOffsetsNeverGoBackwards(_ kind: LogKind) async throws {
        let fixture = try await LogFixture(kind)
        for _ in 0..<3 { try await fixture.publish("runs", key(in: 1)) }
        let member = try await fixture.join("a")
        let lease = try await member.leases(4)[1]
        for offset in [2, 1, 0] as [Int64] {
            // The records of such a transaction are published all the same.
            try await member.commit([
                GroupTransaction(
                    lease: lease, offsets: ["runs": offset],
                    records: [NewRecord(topic: "state", key: "k", value: [1])])
            ])
        }
        let partition = TopicPartition(topic: "runs", partition: 1)
        #expect(try await fixture.log.committedOffsets(of: "workers") == [partition: 2])
        #expect(try await fixture.all("state").count == 3)
    }

    @Test(arguments: LogKind.allCases, [3600, -3600, 86_400, -86_400])
    func aClockThatJumpsEndsNoLeaseAndLosesNoRecord(_ kind: LogKind, _ seconds: Int) async throws {
        let fixture = try await LogFixture(kind)
        let holder = try await fixture.join("holder", lease: .milliseconds(300))
        let lease = try await holder.leases(4)[1]
        let other = try await fixture.join("other", on: try await fixture.another())
        await other.leave()
        try await fixture.publish("runs", key(in: 1))
        fixture.time.advance(by: .seconds(seconds))
        try await fixture.publish("runs", key(in: 1))
        fixture.time.advance(by: .seconds(-seconds))
        try await fixture.publish("runs", key(in: 1))
        #expect(try await holder.records(3).map(\.offset) == [0, 1, 2])
        try await holder.commit([GroupTransaction(lease: lease, offsets: ["runs": 3])])
    }

    @Test(arguments: LogKind.allCases)
    func aTransactionPublishesAndCommitsTogether(_ kind: LogKind) async throws {
        let fixture = try await LogFixture(kind)
        let member = try await fixture.join("a")
        let leases = try await member.leases(4)
        try await member.commit([
            GroupTransaction(
                lease: leases[0], offsets: ["runs": 0],
                records: [NewRecord(topic: "state", key: "k", value: [1])]),
            GroupTransaction(lease: leases[1], records: [NewRecord(topic: "metrics", key: "k", value: [2])]),
        ])
        #expect(try await fixture.all("state").map(\.value) == [[1]])
        #expect(try await fixture.all("metrics").map(\.value) == [[2]])
        #expect(try await fixture.log.committedOffsets(of: "workers").count == 1)
    }

    @Test(arguments: LogKind.allCases)
    func aRefusedTransactionLeavesNothingOfTheOthers(_ kind: LogKind) async throws {
        let fixture = try await LogFixture(kind)
        let member = try await fixture.join("a")
        let leases = try await member.leases(4)
        var stale = leases[1]
        stale.epoch -= 1
        let good = GroupTransaction(
            lease: leases[0], offsets: ["runs": 0], records: [NewRecord(topic: "state", key: "k", value: [1])]
        )
        let refused: [(GroupTransaction, MessageLogError.Code)] = [
            (GroupTransaction(lease: stale), .fenced),
            (GroupTransaction(lease: leases[1], offsets: ["nowhere": 0]), .unknownTopic),
            (
                GroupTransaction(
                    lease: leases[1], records: [NewRecord(topic: "nowhere", key: "k", value: [])]),
                .unknownTopic
            ),
            (GroupTransaction(lease: PartitionLease(partition: 99, epoch: 1)), .fenced),
        ]
        for (bad, code) in refused {
            let error = await #expect(throws: MessageLogError.self) { try await member.commit([good, bad]) }
            #expect(error?.code == code)
        }
        #expect(try await fixture.all("state") == [])
        #expect(try await fixture.log.committedOffsets(of: "workers") == [:])
    }

    @Test(arguments: LogKind.allCases)
    func seekingGivesTheRecordsAgain(_ kind: LogKind) async throws {
        let fixture = try await LogFixture(kind)
        for _ in 0..<4 { try await fixture.publish("runs", key(in: 1)) }
        let member = try await fixture.join("a")
        let leases = try await member.leases(4)
        #expect(try await member.records(2, limit: ReadLimit(records: 2)).map(\.offset) == [0, 1])
        try await member.seek(leases[1], topic: "runs", to: 1)
        #expect(try await member.records(3).map(\.offset) == [1, 2, 3])
        try await member.seek(leases[1], topic: "runs", to: 3)
        #expect(try await member.records(1).map(\.offset) == [3])
    }

    @Test(arguments: LogKind.allCases)
    func seekingWhatIsNotHeldIsRefused(_ kind: LogKind) async throws {
        let fixture = try await LogFixture(kind)
        let member = try await fixture.join("a")
        let lease = try await member.leases(4)[0]
        let stale = PartitionLease(partition: 0, epoch: lease.epoch - 1)
        let fenced = await #expect(throws: MessageLogError.self) {
            try await member.seek(stale, topic: "runs", to: 0)
        }
        #expect(fenced?.code == .fenced)
        let unknown = await #expect(throws: MessageLogError.self) {
            try await member.seek(lease, topic: "metrics", to: 0)
        }
        #expect(unknown?.code == .unknownTopic)
    }

    @Test(arguments: LogKind.allCases)
    func membersShareThePartitionsEvenly(_ kind: LogKind) async throws {
        let fixture = try await LogFixture(kind)
        let first = try await fixture.join("a")
        #expect(try await first.leases(4).count == 4)
        let second = try await fixture.join("b", on: try await fixture.another())
        guard case .revoked(let given) = try await first.next() else {
            Issue.record("the first member gives nothing back")
            return
        }
        let taken = try await second.leases(2)
        #expect(taken.map(\.partition) == given.map(\.partition))
        for (old, new) in zip(given, taken) { #expect(new.epoch > old.epoch) }
    }

    @Test(arguments: LogKind.allCases)
    func whoLeavesHandsOverAtOnce(_ kind: LogKind) async throws {
        let fixture = try await LogFixture(kind)
        let first = try await fixture.join("a", lease: .seconds(3600))
        _ = try await first.leases(4)
        let second = try await fixture.join("b", on: try await fixture.another())
        await first.leave()
        #expect(try await second.leases(4).count == 4)
        let error = await #expect(throws: MessageLogError.self) { try await first.next() }
        #expect(error?.code == .closed)
    }

    @Test(arguments: LogKind.allCases)
    func aMemberThatStandsStillIsFencedOnceItsLeaseIsOver(_ kind: LogKind) async throws {
        let fixture = try await LogFixture(kind)
        let stopped = try await fixture.join("stopped", lease: .milliseconds(200))
        let old = try await stopped.leases(4)
        await fixture.stopRenewing(memberNamed: "stopped")
        let successor = try await fixture.join("successor", on: try await fixture.another())
        let new = try await successor.leases(4)
        #expect(zip(old, new).allSatisfy { $0.epoch < $1.epoch })
        let late = GroupTransaction(
            lease: old[0], offsets: ["runs": 7], records: [NewRecord(topic: "state", key: "k", value: [])])
        let error = await #expect(throws: MessageLogError.self) { try await stopped.commit([late]) }
        #expect(error?.code == .fenced)
        #expect(try await fixture.all("state") == [])
        #expect(try await fixture.log.committedOffsets(of: "workers") == [:])
        #expect(try await stopped.next() == .revoked(old))
    }

    @Test(arguments: LogKind.allCases)
    func aMemberKeepsItsLeaseForLongerThanItLasts(_ kind: LogKind) async throws {
        let fixture = try await LogFixture(kind)
        let busy = try await fixture.join("busy", lease: .milliseconds(100))
        let leases = try await busy.leases(4)
        let other = try await fixture.join("other", on: try await fixture.another())
        // The busy one does not poll meanwhile: its lease is renewed behind its back.
        for _ in 0..<4 {
            #expect(try await other.poll(limit: ReadLimit(), timeout: .milliseconds(100)) == .idle)
        }
        try await busy.commit([GroupTransaction(lease: leases[0], offsets: ["runs": 0])])
    }

    @Test(arguments: LogKind.allCases)
    func aMemberWithOtherTopicsHasToWait(_ kind: LogKind) async throws {
        let fixture = try await LogFixture(kind)
        let old = try await fixture.join("old", ["runs"])
        let error = await #expect(throws: MessageLogError.self) {
            try await fixture.join("new", ["runs", "metrics"])
        }
        #expect(error?.code == .unavailable)
        #expect(error?.message.contains("old consumes other topics") == true)
        await old.leave()
        #expect(try await fixture.join("new", ["metrics", "runs"]).leases(4).count == 4)
    }

    @Test(arguments: LogKind.allCases)
    func groupsDoNotDisturbEachOther(_ kind: LogKind) async throws {
        let fixture = try await LogFixture(kind)
        try await fixture.publish("runs", "k")
        let first = try await fixture.join("a")
        let other = try await fixture.log.join(
            group: "others", topics: ["runs"], settings: GroupSettings(member: "o"))
        #expect(try await first.leases(4).count == 4)
        #expect(try await other.leases(4).count == 4)
        #expect(try await first.records(1) == other.records(1))
    }

    @Test(arguments: LogKind.allCases)
    func joiningForAnUnknownTopicIsRefused(_ kind: LogKind) async throws {
        let fixture = try await LogFixture(kind)
        let error = await #expect(throws: MessageLogError.self) { try await fixture.join("a", ["nowhere"]) }
        #expect(error?.code == .unknownTopic)
    }

    @Test(arguments: LogKind.allCases)
    func aCancelledTaskPollsNoLonger(_ kind: LogKind) async throws {
        let fixture = try await LogFixture(kind)
        let member = try await fixture.join("a")
        _ = try await member.leases(4)
        let polling = Task { try await member.poll(limit: ReadLimit(), timeout: .seconds(60)) }
        polling.cancel()
        #expect(try await polling.value == .idle)
    }
}
