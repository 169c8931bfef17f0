import MessageLog
import Runtime
import TestSupport
import Testing

/// What every log does with topics and records.
@Suite struct RecordConformanceTests {
    @Test(arguments: LogKind.allCases)
    func aTopicIsMadeOnceAndKeepsItsCleanup(_ kind: LogKind) async throws {
        let fixture = try await LogFixture(kind)
        try await fixture.log.create([TopicConfiguration(name: "runs", partitions: 4, cleanup: .compact)])
        let topics = try await fixture.another().topics()
        #expect(topics.map(\.name) == ["metrics", "runs", "state"])
        #expect(topics.map(\.cleanup) == [.delete(after: .seconds(3600)), .delete(after: nil), .compact])
    }

    @Test(arguments: LogKind.allCases)
    func allTopicsHaveTheSameNumberOfPartitions(_ kind: LogKind) async throws {
        let fixture = try await LogFixture(kind)
        let wrong = TopicConfiguration(name: "other", partitions: 5, cleanup: .compact)
        let right = TopicConfiguration(name: "right", partitions: 4, cleanup: .compact)
        let error = await #expect(throws: MessageLogError.self) {
            try await fixture.log.create([right, wrong])
        }
        #expect(error?.code == .invalidTopic)
        #expect(error?.message.contains("4 partitions and 5 were asked for") == true)
        #expect(try await fixture.log.topics().count == 3)
    }

    @Test(arguments: LogKind.allCases)
    func aTopicWithoutANameOrPartitionsIsRefused(_ kind: LogKind) async throws {
        let fixture = try await LogFixture(kind)
        for (name, partitions) in [("", 4), ("none", 0), (String(repeating: "n", count: 201), 4)] {
            let error = await #expect(throws: MessageLogError.self) {
                try await fixture.log.create([
                    TopicConfiguration(name: name, partitions: partitions, cleanup: .compact)
                ])
            }
            #expect(error?.code == .invalidTopic)
        }
    }

    @Test(arguments: LogKind.allCases)
    func everythingOfARecordComesBack(_ kind: LogKind) async throws {
        let fixture = try await LogFixture(kind)
        let new = [
            NewRecord(topic: "runs", key: "k", headers: ["a": "1", "ü": ""], value: [0, 1, 255]),
            NewRecord(topic: "runs", key: "k", value: []),
            NewRecord(topic: "runs", key: "k", value: nil),
            NewRecord(topic: "runs", key: "", value: Array(repeating: 7, count: 100_000)),
        ]
        let positions = try await fixture.log.publish(new)
        let another = try await fixture.another()
        for (new, position) in zip(new, positions) {
            let read = try await another.read(
                position.partition, from: position.offset, limit: ReadLimit(records: 1))
            let expected = LogRecord(
                position: position, key: new.key, headers: new.headers, value: new.value,
                time: fixture.time.now)
            #expect(read == [expected])
        }
    }

    @Test(arguments: LogKind.allCases)
    func offsetsOfAPartitionCountFromZero(_ kind: LogKind) async throws {
        let fixture = try await LogFixture(kind)
        let (first, second) = (key(in: 1), key(in: 2))
        let positions = try await fixture.log.publish(
            [first, second, first, first].map { NewRecord(topic: "runs", key: $0, value: []) })
        #expect(positions.map(\.description) == ["runs/1@0", "runs/2@0", "runs/1@1", "runs/1@2"])
        #expect(try await fixture.publish("runs", first).offset == 3)
        #expect(try await fixture.publish("metrics", first).description == "metrics/1@0")
        #expect(try await fixture.log.range(of: TopicPartition(topic: "runs", partition: 1)) == 0..<4)
        #expect(try await fixture.log.range(of: TopicPartition(topic: "runs", partition: 3)) == 0..<0)
    }

    @Test(arguments: LogKind.allCases)
    func publishingIsAllOrNothing(_ kind: LogKind) async throws {
        let fixture = try await LogFixture(kind)
        let good = NewRecord(topic: "runs", key: "k", value: [])
        let refused: [(NewRecord, MessageLogError.Code)] = [
            (NewRecord(topic: "nowhere", key: "k", value: []), .unknownTopic),
            (
                NewRecord(
                    topic: "runs", key: "k", value: Array(repeating: 0, count: NewRecord.largestValue + 1)),
                .recordTooLarge
            ),
            (NewRecord(topic: "runs", key: String(repeating: "k", count: 5000), value: []), .recordTooLarge),
            (
                NewRecord(
                    topic: "runs", key: "k", headers: ["h": String(repeating: "v", count: 70_000)], value: []),
                .recordTooLarge
            ),
        ]
        for (bad, code) in refused {
            let error = await #expect(throws: MessageLogError.self) {
                try await fixture.log.publish([good, bad])
            }
            #expect(error?.code == code)
        }
        #expect(try await fixture.all("runs") == [])
    }

    @Test(arguments: LogKind.allCases)
    func theLargestRecordIsTaken(_ kind: LogKind) async throws {
        let fixture = try await LogFixture(kind)
        let value = [UInt8](repeating: 9, count: NewRecord.largestValue)
        let position = try await fixture.log.publish([NewRecord(topic: "runs", key: "k", value: value)])[0]
        let read = try await fixture.log.read(position.partition, from: 0, limit: ReadLimit(bytes: 1))
        #expect(read.first?.value == value)
    }

    @Test(arguments: LogKind.allCases)
    func readingStopsAtItsLimitsButGivesOneRecord(_ kind: LogKind) async throws {
        let fixture = try await LogFixture(kind)
        for _ in 0..<5 { try await fixture.publish("runs", key(in: 0), String(repeating: "v", count: 100)) }
        let partition = TopicPartition(topic: "runs", partition: 0)
        func offsets(from: Int64, _ limit: ReadLimit) async throws -> [Int64] {
            try await fixture.log.read(partition, from: from, limit: limit).map(\.offset)
        }
        #expect(try await offsets(from: 1, ReadLimit(records: 2)) == [1, 2])
        #expect(try await offsets(from: 0, ReadLimit(bytes: 150)) == [0, 1])
        #expect(try await offsets(from: 3, ReadLimit(bytes: 1)) == [3])
        #expect(try await offsets(from: 3, ReadLimit()) == [3, 4])
        #expect(try await offsets(from: 5, ReadLimit()) == [])
    }

    @Test(arguments: LogKind.allCases)
    func readingBeyondTheEndIsAnError(_ kind: LogKind) async throws {
        let fixture = try await LogFixture(kind)
        let error = await #expect(throws: MessageLogError.self) {
            try await fixture.log.read(
                TopicPartition(topic: "runs", partition: 0), from: 1, limit: ReadLimit())
        }
        #expect(error?.code == .offsetOutOfRange)
    }

    @Test(arguments: LogKind.allCases)
    func aPartitionThatDoesNotExistIsAnError(_ kind: LogKind) async throws {
        let fixture = try await LogFixture(kind)
        for partition in [
            TopicPartition(topic: "runs", partition: 4), TopicPartition(topic: "runs", partition: -1),
            TopicPartition(topic: "nowhere", partition: 0),
        ] {
            let error = await #expect(throws: MessageLogError.self) {
                try await fixture.log.range(of: partition)
            }
            #expect(error?.code == .unknownTopic)
        }
    }

    @Test(arguments: LogKind.allCases)
    func waitingEndsAtOnceWhereARecordIs(_ kind: LogKind) async throws {
        let fixture = try await LogFixture(kind)
        let partition = try await fixture.publish("runs", "k").partition
        let empty = TopicPartition(topic: "metrics", partition: 0)
        #expect(try await fixture.log.wait(for: [partition: 0, empty: 0], timeout: .seconds(20)))
        #expect(try await !fixture.log.wait(for: [partition: 1, empty: 0], timeout: .milliseconds(20)))
    }

    @Test(arguments: LogKind.allCases)
    func waitingEndsWhenAnotherPublishes(_ kind: LogKind) async throws {
        let fixture = try await LogFixture(kind)
        let another = try await fixture.another()
        let partition = TopicPartition(topic: "runs", partition: 2)
        for round in 0..<20 {
            async let woken = another.wait(for: [partition: Int64(round)], timeout: .seconds(20))
            // Publishes before, while and after the other begins to wait.
            if round % 2 == 0 { await Task.yield() }
            try await fixture.publish("runs", key(in: 2))
            #expect(try await woken)
        }
    }

    @Test(arguments: LogKind.allCases)
    func aCancelledTaskWaitsNoLonger(_ kind: LogKind) async throws {
        let fixture = try await LogFixture(kind)
        let waiting = Task {
            try await fixture.log.wait(
                for: [TopicPartition(topic: "runs", partition: 0): 0], timeout: .seconds(60))
        }
        waiting.cancel()
        #expect(try await waiting.value == false)
    }

    @Test(arguments: LogKind.allCases)
    func concurrentPublishersGetDistinctOffsets(_ kind: LogKind) async throws {
        let fixture = try await LogFixture(kind)
        let another = try await fixture.another()
        let positions = try await withThrowingTaskGroup(of: [RecordPosition].self) { group in
            for publisher in 0..<8 {
                let log = publisher % 2 == 0 ? fixture.log : another
                group.addTask {
                    var positions: [RecordPosition] = []
                    for number in 0..<25 {
                        let record = NewRecord(topic: "runs", key: "\(publisher)", value: [UInt8(number)])
                        positions += try await log.publish([record])
                    }
                    return positions
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(Set(positions).count == 200)
        let records = try await fixture.all("runs")
        #expect(records.count == 200)
        for publisher in 0..<8 {
            let own = records.filter { $0.key == "\(publisher)" }
            #expect(own.map { $0.value?.first } == (0..<25).map { UInt8($0) })
        }
    }

    @Test(arguments: LogKind.allCases)
    func aClosedLogSaysSo(_ kind: LogKind) async throws {
        let fixture = try await LogFixture(kind)
        let member = try await fixture.join("a")
        await fixture.log.close()
        let error = await #expect(throws: MessageLogError.self) { try await fixture.publish("runs", "k") }
        #expect(error?.code == .closed)
        let polled = await #expect(throws: MessageLogError.self) { try await member.next() }
        #expect(polled?.code == .closed)
        await member.leave()
        await fixture.log.close()
    }
}
