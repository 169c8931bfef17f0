import FoundationEssentials
import MessageLog
import Runtime
import TestSupport
import Testing

@testable import SQLiteLog

/// A disk without room: publishes are refused and say so, reading goes on, and with room again so does everything.
@Suite struct FullDiskTests {
    /// What makes the disk full: a small file system in memory where one may be mounted, and a process whose writes fail.
    enum Kind: String, CaseIterable {
        case fileSystem, systemCalls

        static let possible = SmallDisk.isPossible ? allCases : [.systemCalls]
    }

    @Test(arguments: Kind.possible)
    func publishesAreRefusedReadingGoesOnAndRoomIsEnough(_ kind: Kind) async throws {
        let disk = try kind == .fileSystem ? SmallDisk(megabytes: 4) : nil
        let folder = try TemporaryFolder()
        let shim = try await FaultShim()
        let path = "\(disk?.path ?? folder.path)/log.db"
        let worker = try LogWorker(path, environment: disk == nil ? shim.environment : [:])
        try await worker.tell("create runs")
        for number in 0..<10 { try await worker.tell("publish runs 1 \(number)") }
        let before = try await worker.tell("read runs")
        try disk?.fill()
        if disk == nil { try shim.fail(.write, .ENOSPC, count: nil, on: "log.db-wal") }
        var codes: [String] = []
        for number in 0..<40 {
            if let code = try await worker.refusal(of: "publish runs 20 late-\(number)") {
                codes.append(code)
            }
        }
        #expect(codes.count >= 20, "what room the files have already may be used")
        #expect(Set(codes) == ["full"])
        #expect(try await worker.tell("read runs").hasPrefix(before))
        // A process that comes only now can read as well; it makes nothing worse.
        #expect(try await LogInspection(path, depth: .records).report().problems == [])
        disk?.empty()
        shim.heal()
        try await worker.tell("publish runs 1 after")
        try await worker.killNow()
        let log = try await SQLiteLog.open(path)
        let records = try await log.read(
            TopicPartition(topic: "runs", partition: 0), from: 0, limit: ReadLimit(records: .max, bytes: .max)
        )
        let keys = records.map(\.key)
        #expect(keys.first == "0" && keys.last == "after")
        #expect(keys.count == 11 + (40 - codes.count) * 20, "no refused record, and every other one")
        #expect(try await log.checkIntegrity().problems == [])
        await log.close()
    }

    @Test(.enabled(if: SmallDisk.isPossible, "mounting a small file system is not permitted here"))
    func aLogOnADiskThatCannotBeWrittenIsInspected() async throws {
        let disk = try SmallDisk(megabytes: 4)
        let path = "\(disk.path)/log with 100 % of ?#.db"
        let worker = try LogWorker(path)
        for command in ["create runs", "publish runs 1 k", "close"] { try await worker.tell(command) }
        _ = try await worker.child.wait()
        try disk.makeReadOnly()
        let error = await #expect(throws: MessageLogError.self) { try await SQLiteLog.open(path) }
        #expect(error?.code == .unavailable)
        #expect(error?.message.contains("Read-only file system") == true)
        #expect(try await LogInspection(path).report() == IntegrityReport(records: 1))
    }

    @Test(.enabled(if: SmallDisk.isPossible, "mounting a small file system is not permitted here"))
    func aLogOnAFullDiskCanBeOpenedAndRead() async throws {
        let disk = try SmallDisk(megabytes: 4)
        let path = "\(disk.path)/log.db"
        let worker = try LogWorker(path)
        try await worker.tell("create runs")
        try await worker.tell("publish runs 50 before")
        try await worker.killNow()
        // SQLite's shared memory stays, as with services that have not ended all at once.
        try disk.fill()
        let log = try await SQLiteLog.open(path)
        let runs = TopicPartition(topic: "runs", partition: 0)
        #expect(try await log.read(runs, from: 0, limit: ReadLimit()).count == 50)
        let large = NewRecord(topic: "runs", key: "large", value: Array(repeating: 1, count: 1 << 20))
        let error = await #expect(throws: MessageLogError.self) { try await log.publish([large]) }
        #expect(error?.code == .full)
        disk.empty()
        #expect(try await log.publish([large])[0].offset == 50)
        await log.close()
    }
}
