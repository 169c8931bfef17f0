import FoundationEssentials
import MessageLog
import Runtime
import TestSupport
import Testing

@testable import SQLiteLog

/// A bit flipped anywhere in a log's file - records, the tree that holds them, the header, the tables of topics and groups: what is served is what
/// was written, nothing acknowledged is missing without a word, and nothing crashes.
///
/// `BAI_SEED` repeats a run, `BAI_FLIPS` makes it longer.
@Suite struct FlippedBitTests {
    static let topics = [
        TopicConfiguration(name: "runs", partitions: 2, cleanup: .delete(after: nil)),
        TopicConfiguration(name: "jobs", partitions: 2, cleanup: .delete(after: nil)),
        TopicConfiguration(name: "metrics", partitions: 2, cleanup: .delete(after: .seconds(3600))),
        TopicConfiguration(name: "state", partitions: 2, cleanup: .compact),
    ]
    static let partitions = topics.flatMap { topic in
        (0..<2).map { TopicPartition(topic: topic.name, partition: $0) }
    }

    let folder: TemporaryFolder
    let time = ManualTime()
    var path: String { folder.file("log.db") }

    init() throws {
        // In memory where that is possible: hundreds of logs are made, and none has to outlive a power cut.
        folder = try TemporaryFolder(under: "/dev/shm")
    }

    /// What a log holds, as its users see it.
    struct Contents: Equatable {
        var records: [TopicPartition: [LogRecord]] = [:]
        var committed: [TopicPartition: Int64] = [:]
    }

    /// A log of about a hundred pages, with removed and compacted records, committed offsets, and one value of several pages.
    func make() async throws -> Contents {
        let log = try await SQLiteLog.open(path, time: time)
        try await log.create(Self.topics)
        for round in 0..<30 {
            for topic in Self.topics {
                _ = try await log.publish(
                    (0..<20).map { number in
                        let value = Array("\(topic.name) \(round) \(number) ".utf8)
                        return NewRecord(
                            topic: topic.name,
                            // Of a keyed topic half of the records are newer ones of known keys.
                            key: topic.cleanup == .compact && number % 2 == 0
                                ? "key-\(number)-\(round)" : "key-\(number)", headers: ["type": "t"],
                            value: value + Array(repeating: 120, count: (round * 7 + number * 13) % 300))
                    })
            }
            if round == 4 { time.advance(by: .seconds(4000)) }
        }
        _ = try await log.publish([
            NewRecord(topic: "runs", key: "large", value: Array(repeating: 7, count: 20_000)),
            NewRecord(topic: "runs", key: "key-1", value: [1]),
        ])
        let member = try await log.join(group: "g", topics: ["runs"], settings: GroupSettings(member: "m"))
        let leases = try await member.leases(2)
        try await member.commit(leases.map { GroupTransaction(lease: $0, offsets: ["runs": 77]) })
        await member.leave()
        _ = try await log.maintain(now: time.now)
        var contents = Contents()
        for partition in Self.partitions {
            contents.records[partition] = try await log.read(
                partition, from: 0, limit: ReadLimit(records: .max, bytes: .max))
        }
        contents.committed = try await log.committedOffsets(of: "g")
        await log.close()
        return contents
    }

    /// What was wrong with how a flipped log was served; empty when nothing was.
    func faults(_ contents: Contents, refusals: inout Int) async -> [String] {
        var faults: [String] = []
        func refused(_ error: MessageLogError, _ what: String) {
            refusals += 1
            let known: [MessageLogError.Code] = [.corrupt, .unsupportedVersion, .offsetOutOfRange]
            if !known.contains(error.code) { faults.append("\(what): \(error.code): \(error.message)") }
        }
        do throws(MessageLogError) {
            let log = try await SQLiteLog.open(path, time: time)
            do throws(MessageLogError) {
                try await log.create(Self.topics)
                _ = try await log.maintain(now: time.now)
            } catch { refused(error, "create and maintain") }
            for partition in Self.partitions {
                do throws(MessageLogError) {
                    try await faults += read(partition, contents, log)
                } catch { refused(error, "read \(partition)") }
            }
            do throws(MessageLogError) {
                let committed = try await log.committedOffsets(of: "g")
                if committed != contents.committed { faults.append("committed offsets are \(committed)") }
            } catch { refused(error, "committed offsets") }
            for partition in Self.partitions {
                do throws(MessageLogError) {
                    try await faults += publish(partition, contents, log)
                } catch { refused(error, "publish to \(partition)") }
            }
            await log.close()
        } catch { refused(error, "open") }
        return faults
    }

    private func read(
        _ partition: TopicPartition, _ contents: Contents, _ log: SQLiteLog
    ) async throws(MessageLogError) -> [String] {
        var next: Int64 = 0
        var index = 0
        let expected = contents.records[partition] ?? []
        while true {
            let records = try await log.read(partition, from: next, limit: ReadLimit(records: 100))
            guard let last = records.last else { break }
            for record in records {
                guard index < expected.count, expected[index] == record else {
                    return [
                        "\(record.position) is served for \(expected.dropFirst(index).first?.offset ?? -1)"
                    ]
                }
                index += 1
            }
            next = last.offset + 1
        }
        return index == expected.count
            ? [] : ["\(partition): \(index) of \(expected.count) records are served, without a word"]
    }

    private func publish(
        _ partition: TopicPartition, _ contents: Contents, _ log: SQLiteLog
    ) async throws(MessageLogError) -> [String] {
        guard let last = contents.records[partition]?.last else { return [] }
        let position = try await log.publish([NewRecord(topic: partition.topic, key: last.key, value: [1])])[
            0]
        if position.partition == partition, position.offset == last.offset + 1 { return [] }
        return ["\(position) was given out, behind \(last.position)"]
    }

    @Test func whatIsServedIsWhatWasWritten() async throws {
        let contents = try await make()
        let pristine = Array(try Data(contentsOf: URL(filePath: path)))
        let environment = ProcessInfo.processInfo.environment
        let seed = TestSeed.value
        var random = Seeded(seed)
        var refusals = 0
        for _ in 0..<(environment["BAI_FLIPS"].flatMap { Int($0) } ?? 100) {
            var flipped = pristine
            let bit = Self.bit(in: pristine, &random)
            flipped[bit / 8] ^= 1 << UInt8(bit % 8)
            for suffix in ["-wal", "-shm", "-members", "-bell"] {
                try? FileManager.default.removeItem(atPath: path + suffix)
            }
            try Data(flipped).write(to: URL(filePath: path))
            let faults = await faults(contents, refusals: &refusals)
            if faults.isEmpty { continue }
            Issue.record("seed \(seed), byte \(bit / 8), bit \(bit % 8): \(faults.joined(separator: "; "))")
        }
        #expect(refusals > 0, "seed \(seed)")
    }

    /// Half of the flips are anywhere, half where the trees are held together: the beginning of a page.
    private static func bit(in file: [UInt8], _ random: inout Seeded) -> Int {
        if Bool.random(using: &random) { return Int.random(in: 0..<file.count * 8, using: &random) }
        let page = Int.random(in: 0..<file.count / 4096, using: &random)
        return page * 4096 * 8 + Int.random(in: 0..<120 * 8, using: &random)
    }
}

/// SplitMix64: the same numbers for the same seed.
struct Seeded: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = (state ^ (state >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
