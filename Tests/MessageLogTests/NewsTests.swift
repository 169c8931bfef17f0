import Glibc
import MessageLog
import Runtime
import TestSupport
import Testing

@testable import SQLiteLog

/// Who is woken by what.
@Suite(.timeLimit(.minutes(5))) struct NewsTests {
    let folder: TemporaryFolder
    var path: String { folder.file("log.db") }

    init() throws { folder = try TemporaryFolder() }

    func open() async throws -> SQLiteLog {
        let log = try await SQLiteLog.open(path)
        try await log.create(
            ["runs", "logs"].map {
                TopicConfiguration(name: $0, partitions: 4, cleanup: .delete(after: nil))
            })
        return log
    }

    func record(_ topic: String, _ key: String = "k") -> NewRecord {
        NewRecord(topic: topic, key: key, value: [1])
    }

    func partition(_ topic: String, of key: String = "k") -> TopicPartition {
        TopicPartition(topic: topic, partition: Partitioner.partition(of: key, among: 4))
    }

    @Test func aCountSaysWhatItWasToldAndNothingElse() throws {
        let members = try MembersFile(besides: path)
        let others = try MembersFile(besides: path).news
        let (here, there) = (News.place(topic: "runs", 0), News.place(topic: "runs", 1))
        #expect(here != there)
        let before = (members.news.mark(here), members.news.mark(there))
        others.tell([here])
        #expect(members.news.mark(here) != before.0)
        #expect(members.news.mark(there) == before.1)
        members.news.doubt()
        #expect(members.news.mark(there) != before.1)
        others.tellOfEverything()
        #expect(others.commitCount > 1)
    }

    @Test func anEarHearsWhatItListensFor() throws {
        let members = try MembersFile(besides: path)
        let ear = Ear(members.news, [3, 4])
        members.news.tell([5])
        ear.listen()
        #expect(ear.signal.count == 0)
        members.news.tell([4])
        ear.listen()
        ear.listen()
        #expect(ear.signal.count == 1)
    }

    @Test func whoWaitsForATopicIsNotWokenByAnother() async throws {
        let (log, other) = (try await open(), try await open())
        let member = try await log.join(group: "g", topics: ["runs"], settings: GroupSettings(member: "m"))
        _ = try await member.leases(4)
        #expect(try await member.poll(limit: ReadLimit(), timeout: .milliseconds(1)) == .idle)
        let before = log.statistics.reads
        let start = ContinuousClock.now
        async let idle = member.poll(limit: ReadLimit(), timeout: .milliseconds(500))
        for number in 0..<50 { _ = try await other.publish([record("logs", "\(number)")]) }
        #expect(try await idle == .idle)
        // Once a second it looks whatever it hears.
        #expect(log.statistics.reads - before <= 3 * (2 + Int(start.duration(to: .now).inSeconds)))
        _ = try await other.publish([record("runs")])
        #expect(try await member.records(1).map(\.key) == ["k"])
        await log.close()
        await other.close()
    }

    @Test func whatIsPublishedIsReadAtOnceWhereNothingWasFoundBefore() async throws {
        let (log, other) = (try await open(), try await open())
        for offset in 0..<50 {
            for reader in [log, other] {
                #expect(
                    try await reader.read(partition("runs"), from: Int64(offset), limit: ReadLimit()).isEmpty)
            }
            _ = try await log.publish([record("runs")])
            for reader in [log, other] {
                #expect(
                    try await reader.read(partition("runs"), from: Int64(offset), limit: ReadLimit()).count
                        == 1)
            }
        }
        await log.close()
        await other.close()
        await #expect(throws: MessageLogError.self) {
            try await log.read(partition("runs"), from: 50, limit: ReadLimit())
        }
    }

    @Test func wherePartitionsHaveNothingNewNobodyReadsThem() async throws {
        let log = try await open()
        let all = (0..<4).map { TopicPartition(topic: "runs", partition: $0) }
        for partition in all { #expect(try await log.read(partition, from: 0, limit: ReadLimit()).isEmpty) }
        let before = log.statistics.reads
        let start = ContinuousClock.now
        for _ in 0..<20 {
            for partition in all {
                #expect(try await log.read(partition, from: 0, limit: ReadLimit()).isEmpty)
            }
        }
        // Now and then each of them is looked at all the same.
        let looks = Int(start.duration(to: .now).inSeconds / Quiet.trust.inSeconds) + 1
        #expect(log.statistics.reads - before <= 4 * looks)
        // Where one asks for what cannot be there, it is told so.
        await #expect(throws: MessageLogError.self) {
            try await log.read(all[0], from: 1, limit: ReadLimit())
        }
        await log.close()
    }

    @Test func aPublisherThatFindsTheFileGoneIsHeardByThoseWhoHaveItStill() async throws {
        let log = try await open()
        let member = try await log.join(group: "g", topics: ["runs"], settings: GroupSettings(member: "m"))
        _ = try await member.leases(4)
        unlink("\(path)-members")
        let other = try await open()
        for number in 0..<5 {
            async let records = member.records(1)
            _ = try await other.publish([record("runs", "\(number)")])
            #expect(try await records.map(\.key) == ["\(number)"])
        }
        await log.close()
        await other.close()
    }

    @Test func countsThatAreLostHideNothing() async throws {
        let (log, other) = (try await open(), try await open())
        let file = try OpenFile("\(path)-members")
        let zeros = [UInt8](repeating: 0, count: News.size)
        for offset in 0..<3 {
            #expect(try await log.read(partition("runs"), from: Int64(offset), limit: ReadLimit()).isEmpty)
            #expect(
                pwrite(file.descriptor, zeros, zeros.count, MembersFile.seatsOffset - News.size)
                    == zeros.count)
            _ = try await other.publish([record("runs")])
            let isThere = try await log.wait(for: [partition("runs"): Int64(offset)], timeout: .seconds(30))
            #expect(isThere)
            _ = try await eventually {
                try await log.read(partition("runs"), from: Int64(offset), limit: ReadLimit()).count == 1
            }
        }
        await log.close()
        await other.close()
    }
}
