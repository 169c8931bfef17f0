import MessageLog
import Runtime
import SQLiteLog
import TestSupport
import Testing

/// Group members in processes of their own, which are stopped and whose clocks are changed.
@Suite struct PausedMemberTests {
    let folder: TemporaryFolder
    var path: String { folder.file("log.db") }
    static let runs = TopicPartition(topic: "runs", partition: 0)

    init() throws { folder = try TemporaryFolder() }

    @Test func aProcessThatWakesAfterItsLeaseWasTakenCommitsNothing() async throws {
        let stopped = try LogWorker(path)
        try await stopped.tell("create runs")
        let oldEpoch = try #require(Int(try await stopped.tell("join g runs 500")))
        await stopped.stop()
        // What it was about to do when it was stopped, and does first of all when it wakes.
        stopped.send("commit runs 0 stale")
        let successor = try LogWorker(path)
        #expect(try await successor.tell("join g runs 500") == "\(oldEpoch + 1)")
        try await successor.tell("publish runs 1 first")
        try await successor.tell("commit runs 1 rightful")
        stopped.goOn()
        let refused = await #expect(throws: LogWorker.Refused.self) { try await stopped.answer() }
        #expect(refused?.code == "fenced")
        #expect(try await stopped.refusal(of: "commit runs 0 stale") == "fenced")
        #expect(try await successor.tell("read runs") == "first rightful")
        let log = try await SQLiteLog.open(path)
        #expect(try await log.committedOffsets(of: "g") == [Self.runs: 1])
    }

    @Test func aProcessThatIsStoppedForLessThanItsLeaseKeepsIt() async throws {
        let holder = try LogWorker(path)
        try await holder.tell("create runs")
        try await holder.tell("join g runs 60000")
        let other = try await SQLiteLog.open(path)
        let member = try await other.join(
            group: "g", topics: ["runs"], settings: GroupSettings(member: "other", lease: .seconds(60)))
        await holder.stop()
        #expect(try await member.poll(limit: ReadLimit(), timeout: .milliseconds(300)) == .idle)
        holder.goOn()
        try await holder.tell("commit runs 0 mine")
    }

    @Test(arguments: [3600, -3600, 86_400, -86_400])
    func aChangedClockEndsNoLeaseAndPutsNoneOff(_ seconds: Int) async throws {
        let shim = try await FaultShim()
        let holder = try LogWorker(path, environment: shim.environment)
        try await holder.tell("create runs")
        try await holder.tell("join g runs 900")
        let other = try await SQLiteLog.open(path)
        let member = try await other.join(
            group: "g", topics: ["runs"], settings: GroupSettings(member: "other", lease: .seconds(60)))
        try shim.setClockAhead(by: seconds)
        // Longer than a lease, of which a heartbeat under the changed clock is a part.
        #expect(try await member.poll(limit: ReadLimit(), timeout: .milliseconds(1200)) == .idle)
        try await holder.tell("commit runs 0 mine")
        try await holder.tell("publish runs 1 later")
        await holder.stop()
        #expect(try await member.leases(1).count == 1, "a stopped member is given up in spite of its clock")
        #expect(try await member.records(2).map(\.key) == ["mine", "later"])
    }
}
