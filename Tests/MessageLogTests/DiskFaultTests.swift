import FoundationEssentials
import MessageLog
import Runtime
import TestSupport
import Testing

@testable import SQLiteLog

/// A disk that refuses: what was acknowledged is there afterwards, what was refused is there whole or not at all, and nothing is acknowledged
/// before the disk has been found to work again. The log is in a process of its own, whose system calls fail as told.
@Suite struct DiskFaultTests {
    let folder: TemporaryFolder
    var path: String { folder.file("log.db") }

    init() throws { folder = try TemporaryFolder() }

    /// The keys that are in the log, as a process finds them that comes after the worker was killed.
    func keys() async throws -> [String] {
        let log = try await SQLiteLog.open(path)
        let all = TopicPartition(topic: "runs", partition: 0)
        let records = try await log.read(all, from: 0, limit: ReadLimit(records: .max, bytes: .max))
        #expect(try await log.checkIntegrity().problems == [])
        await log.close()
        return records.map(\.key)
    }

    func worker(_ shim: FaultShim) async throws -> LogWorker {
        let worker = try LogWorker(path, environment: shim.environment)
        try await worker.tell("create runs")
        try await worker.tell("publish runs 1 before")
        return worker
    }

    @Test func afterAFailedSyncNothingIsAcknowledgedUntilTheDiskWorksAgain() async throws {
        let shim = try await FaultShim()
        let worker = try await worker(shim)
        try shim.fail(.sync, .EIO, count: nil, on: "log.db-wal")
        for number in 0..<3 {
            #expect(try await worker.refusal(of: "publish runs 3 refused-\(number)") == "unavailable")
        }
        shim.heal()
        try await worker.tell("publish runs 1 after")
        try await worker.killNow()
        #expect(try await keys() == ["before", "after"])
    }

    @Test func afterAFailedSyncTheLogSyncsATransactionOfItsOwnFirst() async throws {
        let shim = try await FaultShim()
        let worker = try await worker(shim)
        try shim.fail(.sync, .EIO, on: "log.db-wal")
        #expect(try await worker.refusal(of: "publish runs 2 refused") == "unavailable")
        // The next sync goes well and the one after it fails: the publish's own is the second.
        try shim.fail(.sync, .EIO, skip: 1, on: "log.db-wal")
        #expect(try await worker.refusal(of: "publish runs 2 refused") == "unavailable")
        try await worker.tell("publish runs 1 after")
        try await worker.killNow()
        #expect(try await keys() == ["before", "after"])
    }

    @Test func theSyncThatFindsOutWhetherTheDiskWorksIsNotTakenForAnothers() async throws {
        let shim = try await FaultShim()
        let worker = try await worker(shim)
        // The publish's own sync fails, and so does the next one, with which the log looks whether the disk works again.
        try shim.fail(.sync, .EIO, count: 2, on: "log.db-wal")
        #expect(try await worker.refusal(of: "publish runs 2 refused") == "unavailable")
        #expect(try await worker.refusal(of: "publish runs 2 refused") == "unavailable")
        try await worker.tell("publish runs 1 after")
        try await worker.killNow()
        #expect(try await keys() == ["before", "after"])
    }

    @Test(arguments: FaultShim.Fault.allCases, [0, 1, 2, 3, 5])
    func aFailedWriteLeavesAllOrNothing(_ fault: FaultShim.Fault, _ skip: Int) async throws {
        let shim = try await FaultShim()
        let worker = try await worker(shim)
        // Two: a write that would also have made the file longer is tried once more without that.
        try shim.fail(.write, fault, skip: skip, count: 2, on: "log.db-wal")
        var (taken, refusals) = (["before"], 0)
        for number in 0..<8 {
            if let code = try await worker.refusal(of: "publish runs 5 \(number)") {
                #expect(code == (fault == .EIO ? "unavailable" : "full"))
                refusals += 1
            } else {
                taken += Array(repeating: "\(number)", count: 5)
            }
        }
        #expect((refusals > 0) == (fault != .SHORT))
        try await worker.tell("publish runs 1 after")
        try await worker.killNow()
        #expect(try await keys() == taken + ["after"])
    }

    @Test func aWorkerThatIsKilledAfterAFailedSyncLeavesItsTransactionWholeOrNotAtAll() async throws {
        let shim = try await FaultShim()
        let worker = try await worker(shim)
        try shim.fail(.sync, .EIO, count: nil, on: "log.db-wal")
        #expect(try await worker.refusal(of: "publish runs 7 unsure") == "unavailable")
        try await worker.killNow()
        let found = try await keys()
        #expect(found == ["before"] || found == ["before"] + Array(repeating: "unsure", count: 7))
    }

    @Test func publishersThatShareATransactionAreAllRefusedOrAllTaken() async throws {
        let shim = try await FaultShim()
        let worker = try await worker(shim)
        var taken: [Substring] = []
        var text = ""
        for round in 0..<6 {
            try shim.fail(.any, round % 2 == 0 ? .EIO : .ENOSPC, skip: round * 2, count: 3, on: "log.db-wal")
            text = try await worker.tell("together runs 8 \(round)")
            taken += text.split(separator: " ")
        }
        shim.heal()
        try await worker.tell("publish runs 1 after")
        try await worker.killNow()
        let found = try await keys()
        #expect(Set(found) == Set(["before", "after"] + taken.map(String.init)))
        #expect(found.count == Set(found).count)
    }

    @Test(arguments: [FaultShim.Call.sync, .write, .truncate])
    func aCheckpointThatFailsLosesNothing(_ call: FaultShim.Call) async throws {
        let shim = try await FaultShim()
        let worker = try await worker(shim)
        try shim.fail(call, .EIO, count: nil, on: "log.db")
        for number in 0..<30 { try await worker.tell("publish runs 50 \(number)") }
        // Closing checkpoints too.
        try await worker.tell("close")
        _ = try await worker.child.wait()
        #expect(try await keys().count == 1 + 30 * 50)
    }

    @Test func aLogThatCannotBeMadeIsNotHalfMade() async throws {
        let shim = try await FaultShim()
        for call in [FaultShim.Call.sync, .write] {
            try shim.fail(call, .EIO, count: nil, on: "log.db-new")
            let worker = try LogWorker(path, environment: shim.environment)
            #expect(try await worker.refusal(of: "create runs") == "unavailable")
            #expect(!FileManager.default.fileExists(atPath: path))
        }
        shim.heal()
        let worker = try LogWorker(path)
        try await worker.tell("create runs")
    }
}
