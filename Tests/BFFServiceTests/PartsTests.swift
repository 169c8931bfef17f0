import API
import Events
import MessageLog
import Runtime
import TestSupport
import Testing

@testable import BFFService

@Suite struct LogFeedTests {
    private func log(_ records: [(topic: Topic, key: String)], at time: ManualTime) async throws
        -> InMemoryLog
    {
        let log = InMemoryLog(time: time)
        try await log.create(Fixture.topics)
        for record in records {
            _ = try await log.publish([
                NewRecord(topic: record.topic.rawValue, key: record.key, value: Array(record.key.utf8))
            ])
            time.advance(by: .milliseconds(1))
        }
        return log
    }

    private func feed() -> LogFeed {
        var positions: [TopicPartition: Int64] = [:]
        for topic in Projection.topics {
            for number in 0..<Fixture.partitions {
                positions[TopicPartition(topic: topic.rawValue, partition: number)] = 0
            }
        }
        return LogFeed(topics: Projection.topics, positions: positions)
    }

    @Test func recordsOfAllTopicsComeInTheOrderOfTheirTimes() async throws {
        let topics: [Topic] = [.runs, .status, .results, .commands]
        // More than one piece of each partition.
        let published = (0..<5000).map { (topics[$0 * 7 % 4], "key-\($0)") }
        let log = try await log(published, at: ManualTime())
        var feed = feed()
        var seen: [String] = []
        while true {
            let records = try await feed.next(700, from: log)
            if records.isEmpty { break }
            #expect(records.count <= 700)
            seen += records.map(\.key)
        }
        #expect(seen == published.map(\.1))
    }

    @Test func causesComeBeforeEffectsOfTheSameMoment() async throws {
        let log = InMemoryLog(time: ManualTime())
        try await log.create(Fixture.topics)
        for topic in Projection.topics.reversed() {
            _ = try await log.publish([NewRecord(topic: topic.rawValue, key: "run", value: [])])
        }
        var feed = feed()
        #expect(try await feed.next(100, from: log).map(\.topic) == Projection.topics.map(\.rawValue))
    }

    @Test func whatComesLaterIsFound() async throws {
        let time = ManualTime()
        let log = try await log([(.runs, "a")], at: time)
        var feed = feed()
        #expect(try await feed.next(10, from: log).map(\.key) == ["a"])
        #expect(try await feed.next(10, from: log).isEmpty)
        _ = try await log.publish([NewRecord(topic: "status", key: "b", value: [])])
        #expect(try await feed.next(10, from: log).map(\.key) == ["b"])
    }
}

@Suite struct ChangesTests {
    @Test func aSignalThatCameBeforeTheWaitIsNotLost() async {
        let changes = Changes()
        let subscription = changes.subscribe(to: "run")
        changes.tell(["run"])
        changes.tell(["run"])
        await subscription.wait()
    }

    @Test func onlyThoseConcernedAreTold() async {
        let changes = Changes()
        let (one, all) = (changes.subscribe(to: "one"), changes.subscribe(to: nil))
        let woken = Locked<[String]>([])
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await one.wait()
                woken.withLock { $0.append("one") }
            }
            group.addTask {
                await all.wait()
                woken.withLock { $0.append("all") }
            }
            changes.tell(["two"])
            #expect(await eventually { woken.withLock { $0 } == ["all"] })
            changes.tellAll()
            await group.waitForAll()
        }
        #expect(woken.withLock { $0 } == ["all", "one"])
    }

    @Test func aSubscriptionThatIsLetGoOfIsForgotten() {
        let changes = Changes()
        var subscription: Subscription? = changes.subscribe(to: "run")
        #expect(changes.count == 1)
        withExtendedLifetime(subscription) {}
        subscription = nil
        #expect(changes.count == 0)
    }

    @Test func aWaitEndsWhenItsTaskIsCancelled() async {
        let subscription = Changes().subscribe(to: nil)
        let task = Task { await subscription.wait() }
        task.cancel()
        await task.value
    }
}

@Suite struct ProjectionProgressTests {
    private let place = TopicPartition(topic: "runs", partition: 0)

    @Test func aTargetThatIsReachedIsNotWaitedFor() async {
        let progress = ProjectionProgress()
        progress.advance(to: [place: 5])
        #expect(await progress.wait(for: [place: 5], within: .zero))
        #expect(await progress.wait(for: [:], within: .zero))
    }

    @Test func aTargetIsWaitedForUntilItIsReached() async {
        let progress = ProjectionProgress()
        async let isReached = progress.wait(for: [place: 5], within: .seconds(20))
        progress.advance(to: [place: 4])
        progress.advance(to: [place: 5])
        #expect(await isReached)
    }

    @Test func aTargetThatIsNotReachedIsGivenUp() async {
        #expect(await !ProjectionProgress().wait(for: [place: 1], within: .milliseconds(1)))
    }
}

@Suite struct KeyedTurnsTests {
    @Test func theSameKeyIsTakenOneAfterTheOther() async {
        let turns = KeyedTurns()
        let inside = Locked((now: 0, most: 0, total: 0))
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    await turns.take("key") {
                        inside.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1), $0.total + 1) }
                        await Task.yield()
                        inside.withLock { $0.now -= 1 }
                    }
                }
            }
        }
        #expect(inside.withLock { $0.most } == 1)
        #expect(inside.withLock { $0.total } == 50)
    }

    @Test func differentKeysDoNotWaitForEachOther() async {
        let turns = KeyedTurns()
        await turns.take("one") { await turns.take("two") {} }
    }

    @Test func aTurnThatThrowsIsOver() async {
        let turns = KeyedTurns()
        await #expect(throws: CancellationError.self) {
            try await turns.take("key") { throw CancellationError() }
        }
        await turns.take("key") {}
    }
}

@Suite struct CursorTests {
    @Test func anEventsCursorIsReadAsItWasWritten() throws {
        let cursor = EventCursor(incarnation: "abcd1234", sequence: 42, logged: Timestamp(milliseconds: 7))
        #expect(try EventCursor(cursor.text) == cursor)
    }

    @Test func theLastPartMayHoldPoints() throws {
        #expect(try Cursor("1.a.b.c", count: 2).parts == ["1", "a.b.c"])
    }
}
