import FoundationEssentials
import MessageLog
import SQLite
import TestSupport
import Testing

@testable import SQLiteLog

/// Damaged, foreign and newer files: refused by name, never skipped over, never made anew.
@Suite struct SQLiteLogDamageTests {
    let folder: TemporaryFolder
    var path: String { folder.file("log.db") }
    static let first = TopicPartition(topic: "runs", partition: 0)

    init() throws { folder = try TemporaryFolder() }

    /// A log with ten records in each of two topics, all in partition 0; closed.
    func make() async throws {
        let log = try await SQLiteLog.open(path)
        try await log.create(
            ["runs", "jobs"].map { TopicConfiguration(name: $0, partitions: 1, cleanup: .delete(after: nil)) }
        )
        for topic in ["runs", "jobs"] {
            _ = try await log.publish(
                (0..<10).map {
                    NewRecord(
                        topic: topic, key: "\(topic)-\($0)", value: Array("payload of \(topic) \($0)".utf8))
                })
        }
        await log.close()
    }

    func bytes(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(filePath: folder.file(name))))
    }

    func write(_ bytes: [UInt8], _ name: String) throws {
        try Data(bytes).write(to: URL(filePath: folder.file(name)))
    }

    /// Flips a bit of where `text` is in the file.
    func flip(_ text: String, in name: String) throws {
        var bytes = try bytes(name)
        let at = try #require(bytes.firstRange(of: Array(text.utf8))).lowerBound
        bytes[at] ^= 4
        try write(bytes, name)
    }

    func openingIsRefused() async -> MessageLogError? {
        await #expect(throws: MessageLogError.self) { try await SQLiteLog.open(path) }
    }

    @Test(arguments: ["payload of runs 6", "runs-6"])
    func aFlippedBitIsRefusedWithItsPosition(_ where: String) async throws {
        try await make()
        try flip(`where`, in: "log.db")
        let log = try await SQLiteLog.open(path)
        // What is before it can be read.
        #expect(try await log.read(Self.first, from: 0, limit: ReadLimit()).map(\.offset) == Array(0..<6))
        let error = await #expect(throws: MessageLogError.self) {
            try await log.read(Self.first, from: 6, limit: ReadLimit())
        }
        #expect(error?.code == .corrupt)
        #expect(error?.message.contains("runs/0@6 is not what was written") == true)
        #expect(error?.message.contains("baictl log check") == true)
        // Behind it, too, and so can other topics.
        #expect(try await log.read(Self.first, from: 7, limit: ReadLimit()).count == 3)
        let other = TopicPartition(topic: "jobs", partition: 0)
        #expect(try await log.read(other, from: 0, limit: ReadLimit()).count == 10)
        #expect(try await log.publish([NewRecord(topic: "jobs", key: "k", value: nil)]).count == 1)
        let report = try await log.checkIntegrity()
        #expect(report.records == 20)
        #expect(report.problems.count == 1)
        #expect(report.problems.first?.message.contains("runs/0@6") == true)
        #expect(report.problems.first?.partition == Self.first)
        #expect(report.problems.first?.offset == 6 && report.problems.first?.lost == 1)
    }

    @Test func aGroupIsNotLedPastADamagedRecord() async throws {
        try await make()
        try flip("payload of runs 6", in: "log.db")
        let log = try await SQLiteLog.open(path)
        let member = try await log.join(group: "g", topics: ["runs"], settings: GroupSettings(member: "m"))
        #expect(try await member.leases(1).count == 1)
        #expect(try await member.records(6).map(\.offset) == Array(0..<6))
        let event = try await member.next()
        guard case .damaged(let damage) = event else { throw Unexpected(event: event) }
        #expect(damage.map(\.position) == [RecordPosition(partition: Self.first, offset: 6)])
        #expect(damage.first?.message.contains("baictl log skip runs/0@6") == true)
        #expect(try await member.poll(limit: ReadLimit(), timeout: .milliseconds(50)) == .idle, "said once")
        let other = try await log.join(group: "h", topics: ["jobs"], settings: GroupSettings(member: "m"))
        #expect(try await other.records(10).count == 10)
    }

    private struct Unexpected: Error { let event: GroupEvent }

    @Test func missingRecordsAreNotPassedOver() async throws {
        try await make()
        let database = try Database(path)
        try database.run("DELETE FROM record WHERE key IN ('runs-4', 'runs-5')")
        let log = try await SQLiteLog.open(path)
        #expect(try await log.read(Self.first, from: 0, limit: ReadLimit()).count == 4)
        for offset in [4, 5] as [Int64] {
            let error = await #expect(throws: MessageLogError.self) {
                try await log.read(Self.first, from: offset, limit: ReadLimit())
            }
            #expect(error?.code == .corrupt)
            #expect(error?.message.contains("runs/0@\(offset) is missing") == true)
        }
        let report = try await log.checkIntegrity()
        #expect(report.records == 18)
        #expect(report.problems.count == 1)
    }

    @Test func recordsMissingAtTheEndAreFoundByWhatWasCommitted() async throws {
        try await make()
        let log = try await SQLiteLog.open(path)
        let member = try await log.join(group: "g", topics: ["runs"], settings: GroupSettings(member: "m"))
        let lease = try await member.leases(1)[0]
        try await member.commit([GroupTransaction(lease: lease, offsets: ["runs": 10])])
        await member.leave()
        try Database(path).run("DELETE FROM record WHERE key = 'runs-9'")
        let late = try await log.join(group: "g", topics: ["runs"], settings: GroupSettings(member: "m"))
        let error = await #expect(throws: MessageLogError.self) { _ = try await late.records(1) }
        #expect(error?.code == .offsetOutOfRange)
        #expect(
            try await log.checkIntegrity().problems.first?.message.contains("records at the end are missing")
                == true)
    }

    @Test func aRecordThatBelongsNowhereIsFound() async throws {
        try await make()
        try Database(path).run("UPDATE record SET position = ? WHERE key = 'jobs-9'", Int64.max)
        let report = try await LogInspection(path).report()
        #expect(report.problems.contains { $0.message.contains("belongs to no topic") })
    }

    @Test func aDamagedPageIsNamedAndOtherTopicsGoOn() async throws {
        let log = try await SQLiteLog.open(path)
        try await log.create(
            ["runs", "jobs"].map { TopicConfiguration(name: $0, partitions: 1, cleanup: .delete(after: nil)) }
        )
        for topic in ["runs", "jobs"] {
            let value = Array(topic.utf8) + Array(repeating: 7, count: 900)
            for _ in 0..<40 { _ = try await log.publish([NewRecord(topic: topic, key: "k", value: value)]) }
        }
        await log.close()
        var bytes = try bytes("log.db")
        // The page in which the last of the runs are.
        let at = try #require(bytes.lastRange(of: Array("runs".utf8) + [7, 7, 7])).lowerBound
        let page = at / 4096 * 4096
        for index in page..<page + 8 { bytes[index] = 0xff }
        try write(bytes, "log.db")
        let damaged = try await SQLiteLog.open(path)
        let error = await #expect(throws: MessageLogError.self) {
            var offset: Int64 = 0
            while offset < 40 {
                offset =
                    (try await damaged.read(Self.first, from: offset, limit: ReadLimit()).last?.offset ?? 40)
                    + 1
            }
        }
        #expect(error?.code == .corrupt)
        #expect(error?.message.contains("log.db") == true)
        #expect(error?.message.contains("runs/0 cannot be read from offset") == true)
        let jobs = TopicPartition(topic: "jobs", partition: 0)
        let range = try await damaged.range(of: jobs)
        #expect(try await damaged.read(jobs, from: range.upperBound - 5, limit: ReadLimit()).count == 5)
        #expect(try await !LogInspection(path).report().problems.isEmpty)
    }

    @Test(arguments: [
        "",
        "words and more words, enough of them to be longer than a header of SQLite's, which has 100 bytes",
    ])
    func aFileThatIsNoDatabaseIsRefusedAndLeftAlone(_ text: String) async throws {
        try folder.write("log.db", text)
        let error = await openingIsRefused()
        #expect(error?.code == .corrupt)
        #expect(error?.message.contains(path) == true)
        #expect(try String(decoding: bytes("log.db"), as: UTF8.self) == text)
    }

    @Test func anotherDatabaseIsRefused() async throws {
        try Database(path).execute("CREATE TABLE t (x)")
        let error = await openingIsRefused()
        #expect(error?.code == .corrupt)
        #expect(error?.message.contains("not a message log") == true)
    }

    @Test func aNewerLogIsRefused() async throws {
        try await make()
        try Database(path).execute("PRAGMA user_version = 3")
        let error = await openingIsRefused()
        #expect(error?.code == .unsupportedVersion)
        #expect(error?.message.contains("version 3 and this program knows 2") == true)
    }

    @Test func aFolderInItsPlaceIsUnavailable() async throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        #expect(await openingIsRefused()?.code == .unavailable)
        let nowhere = folder.file("nowhere/log.db")
        let error = await #expect(throws: MessageLogError.self) { try await SQLiteLog.open(nowhere) }
        #expect(error?.code == .unavailable)
        #expect(error?.message.contains(nowhere) == true)
    }

    @Test func aCutFileIsRefused() async throws {
        try await make()
        try write(Array(try bytes("log.db").dropLast(4096)), "log.db")
        let error = await openingIsRefused()
        #expect(error?.code == .corrupt)
    }

    @Test func aMissingFileIsNotMadeAnewBesideItsWAL() async throws {
        try await leaveWAL()
        try FileManager.default.removeItem(atPath: path)
        let error = await openingIsRefused()
        #expect(error?.code == .corrupt)
        #expect(error?.message.contains("log.db-wal") == true)
    }

    @Test func checkingAFileThatIsNotThereMakesNone() async throws {
        await #expect(throws: MessageLogError.self) { try await LogInspection(path).report() }
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    // MARK: - the write-ahead log of a killed process

    /// The files as a killed process leaves them: all records are in the WAL only.
    func leaveWAL() async throws {
        for name in ["original.db", "log.db", "log.db-wal"] {
            try? FileManager.default.removeItem(atPath: folder.file(name))
        }
        let original = folder.file("original.db")
        let log = try await SQLiteLog.open(original)
        try await log.create([TopicConfiguration(name: "runs", partitions: 1, cleanup: .delete(after: nil))])
        for number in 0..<10 {
            _ = try await log.publish([
                NewRecord(topic: "runs", key: "runs-\(number)", value: [UInt8(number)])
            ])
        }
        try write(try bytes("original.db"), "log.db")
        try write(usedPart(of: try bytes("original.db-wal")), "log.db-wal")
        await log.close()
    }

    /// The frames that were written: the file was made longer ahead of need.
    private func usedPart(of wal: [UInt8]) -> [UInt8] {
        let frame = 24 + 4096
        var end = 32
        while end + frame <= wal.count, wal[end + 8..<end + 16] == wal[16..<24] { end += frame }
        return Array(wal.prefix(end))
    }

    func readAll() async throws -> Int {
        let log = try await SQLiteLog.open(path)
        let count = try await log.read(Self.first, from: 0, limit: ReadLimit()).count
        await log.close()
        return count
    }

    @Test func theWALOfAKilledProcessIsTakenUp() async throws {
        try await leaveWAL()
        #expect(try await readAll() == 10)
    }

    @Test(
        arguments: [[], Array(repeating: 0, count: 10_000), Array(repeating: 0xa5, count: 10_000)]
            as [[UInt8]])
    func zerosOrGarbageAtItsEndAreACleanEnd(_ tail: [UInt8]) async throws {
        try await leaveWAL()
        try write(try bytes("log.db-wal") + tail, "log.db-wal")
        #expect(try await readAll() == 10)
    }

    @Test func aTornLastTransactionIsACleanEnd() async throws {
        try await leaveWAL()
        var wal = try bytes("log.db-wal")
        wal[wal.count - 5] ^= 1
        try write(wal, "log.db-wal")
        #expect(try await readAll() == 9)
        try await leaveWAL()
        try write(Array(try bytes("log.db-wal").dropLast(100)), "log.db-wal")
        #expect(try await readAll() == 9)
    }

    @Test(arguments: [3, 20, 40, 9000, 4096 + 32 + 24 + 8])
    func aFlippedBitInItsMiddleIsRefused(_ offset: Int) async throws {
        try await leaveWAL()
        var wal = try bytes("log.db-wal")
        // The first is in the magic number, the second in the salts, then page numbers, pages and frame salts.
        wal[offset] ^= 1
        try write(wal, "log.db-wal")
        let error = await openingIsRefused()
        #expect(error?.code == .corrupt)
        #expect(error?.message.contains("log.db-wal is damaged") == true)
        #expect(try bytes("log.db-wal") == wal)
        let report = try await LogInspection(path).report()
        #expect(report.problems.count == 1)
        #expect(report.problems.first?.message.contains("log.db-wal is damaged") == true)
        #expect(report.records == 10, "a single bit is put right in the copy that is read")
        #expect(try bytes("log.db-wal") == wal)
    }

    /// Whole sectors are gone: what is behind them is saved, and what they held and no later page holds is said to be lost.
    @Test(arguments: [0, 1, 2, 5, 9])
    func whatIsBehindALostPageIsSaved(_ frame: Int) async throws {
        try await leaveWAL()
        var wal = try bytes("log.db-wal")
        let start = 32 + frame * 4120 + 24
        for offset in start..<start + 4096 { wal[offset] = 0x5a }
        try write(wal, "log.db-wal")
        var (keys, problems) = ([String](), [LogProblem]())
        _ = try await LogInspection(path).walk { finding in
            switch finding {
            case .records(let records): keys += records.map(\.key)
            case .problem(let problem): problems.append(problem)
            }
        }
        #expect(problems.first?.message.contains("log.db-wal is damaged") == true)
        // All records are in one page, and its last version holds every one of them.
        #expect(keys == (0..<10).map { "runs-\($0)" } || problems.count > 1, "\(problems)")
        #expect(problems.allSatisfy { $0.message.contains(path) })
    }

    @Test func everyBitOfTheHeaderIsWatched() async throws {
        try await leaveWAL()
        let wal = try bytes("log.db-wal")
        for bit in 0..<32 * 8 {
            var flipped = wal
            flipped[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(flipped.withUnsafeBytes { WALCheck.damagedFrame($0) } == 0, "bit \(bit)")
        }
    }

    @Test func aBitOfAFrameIsPutRightOrLeftAsItIs() async throws {
        try await leaveWAL()
        let wal = try bytes("log.db-wal")
        var (right, left) = (0, 0)
        for offset in stride(from: 32, to: min(wal.count / 2, 8 * 4120), by: 61) {
            var flipped = wal
            flipped[offset] ^= 1 << UInt8(offset % 8)
            let mended = try #require(WALSalvage.mend(flipped), "byte \(offset)")
            try #require(mended.withUnsafeBytes { WALCheck.scan($0).whole } == (wal.count - 32) / 4120)
            let contents = [mended, wal, flipped].map(SQLiteLogDamageTests.contents)
            let isRight = contents[0] == contents[1]
            let isLeft = contents[0].map { $0.dropFirst(8) } == contents[2].map { $0.dropFirst(8) }
            #expect(isRight || isLeft, "byte \(offset)")
            if isRight { right += 1 } else { left += 1 }
        }
        #expect(right > left * 2, "\(right) put right, \(left) left")
    }

    /// The frames without salts and sums.
    private static func contents(_ wal: [UInt8]) -> [[UInt8]] {
        (0..<(wal.count - 32) / 4120).map { number in
            let start = 32 + number * 4120
            return Array(wal[start..<start + 8] + wal[start + 24..<start + 4120])
        }
    }

    @Test func everyBitOfAnOldTransactionIsWatched() async throws {
        try await leaveWAL()
        let wal = try bytes("log.db-wal")
        // Up to the end of the fifth record's transaction, in steps that meet every part of a frame sooner or later.
        for offset in stride(from: 32, to: min(wal.count / 2, 8 * 4120), by: 61) {
            var flipped = wal
            flipped[offset] ^= 1 << UInt8(offset % 8)
            #expect(flipped.withUnsafeBytes { WALCheck.damagedFrame($0) } != nil, "byte \(offset)")
        }
        #expect(wal.withUnsafeBytes { WALCheck.damagedFrame($0) } == nil)
    }

    /// A transaction that was undone after much of it was written leaves frames behind the end, which later ones overwrite little by little.
    @Test func whatAnUndoneTransactionHasLeftIsNotTakenForAcknowledged() async throws {
        let log = try await SQLiteLog.open(path)
        try await log.create([TopicConfiguration(name: "runs", partitions: 1, cleanup: .delete(after: nil))])
        let undone = try Database(path)
        try undone.execute("PRAGMA cache_size = 5; BEGIN IMMEDIATE; CREATE TABLE large (x)")
        for _ in 0..<100 {
            try undone.run("INSERT INTO large VALUES (?)", Array(repeating: 1 as UInt8, count: 4000))
        }
        try undone.execute("ROLLBACK")
        for key in ["first", "last"] {
            _ = try await log.publish([NewRecord(topic: "runs", key: key, value: [1])])
        }
        var wal = try bytes("log.db-wal")
        let whole = wal.withUnsafeBytes { WALCheck.scan($0).whole }
        #expect((wal.count - 32) / 4120 > whole + 50, "frames of the undone transaction are there")
        // The power goes while the last one is written.
        wal[32 + whole * 4120 - 10] ^= 1
        for name in ["log.db", "log.db-wal"] {
            try write(name == "log.db" ? try bytes(name) : wal, "torn-\(name)")
        }
        await log.close()
        let torn = try await SQLiteLog.open(folder.file("torn-log.db"))
        #expect(try await torn.read(Self.first, from: 0, limit: ReadLimit()).map(\.key) == ["first"])
    }
}
