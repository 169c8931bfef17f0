import API
import BFFClient
import Deployment
import Descriptors
import Events
import FoundationEssentials
import Glibc
import JSON
import MessageLog
import Runtime
import SQLiteLog

/// Ten thousand runs of the past, put straight onto a log of their own: how long the read model takes to build itself from them, and how long
/// `baictl` takes to list them.
enum ListBenchmarks {
    private static let runs = 10_000
    private static let rounds = 20

    static func run() async throws {
        let home = "\(Measuring.folder)/list"
        let environment = ProcessInfo.processInfo.environment.merging(["BAI_HOME": home]) { $1 }
        let stack = StackUnderTest(home: home, environment: environment)
        try await fill(Installation(home: home))
        // No other service: it would begin what these runs say they have done.
        let start = ContinuousClock.now
        let server = try ChildProcess.start(
            ChildProcess.Setup(program: ProgramFolder.program("bai-bff"), environment: environment))
        do {
            try await untilListed(stack)
            let took = (ContinuousClock.now - start).inSeconds
            Measuring.report(
                "list: read model built from 10 000 runs", "\(Measuring.number(took * 1000)) ms",
                "\(Measuring.number(Double(runs * 2) / took)) records/s, with the start of its service")
            try await measure(stack)
        } catch {
            kill(server.processID, SIGTERM)
            throw error
        }
        kill(server.processID, SIGTERM)
        _ = try await server.wait()
        try? FileManager.default.removeItem(atPath: home)
    }

    private static func measure(_ stack: StackUnderTest) async throws {
        var (list, filtered, all): ([Double], [Double], [Double]) = ([], [], [])
        for _ in 0..<rounds {
            list.append(try await stack.time(stack.program, "list"))
            filtered.append(try await stack.time(stack.program, "list", "--status=FAILED", "--since=7d"))
            all.append(try await stack.time(stack.program, "list", "--all"))
        }
        report("baictl list, of 10 000 runs", list, "target <= 200 ms; the newest 50")
        report("baictl list --status --since", filtered, "target <= 200 ms")
        report("baictl list --all, 10 000 rows", all, "in pages of 1 000")
    }

    private static func report(_ name: String, _ values: [Double], _ note: String) {
        Measuring.report(name, Measuring.spread(values), note)
    }

    /// Publishes the submission and the end of each run.
    private static func fill(_ installation: Installation) async throws {
        try installation.prepare()
        let log = try await ServiceProgram.openLog(installation)
        let ids = RandomIDs()
        let now = SystemTime().now
        for batch in 0..<runs / 500 {
            var records: [NewRecord] = []
            for index in 0..<500 {
                let age = Duration.seconds(runs - batch * 500 - index)
                records += try past(run: ids.next(), submitted: now + age * -1, isGood: index % 10 != 0)
            }
            _ = try await log.publish(records)
        }
        await log.close()
    }

    private static func past(run: String, submitted: Timestamp, isGood: Bool) throws -> [NewRecord] {
        let descriptor = Descriptor(
            info: .init(description: "one of many"), hardware: .init(instanceType: "local"),
            env: .init(dockerImage: "none"), ml: .init(benchmarkCode: "true"))
        let submission = RunSubmitted(
            name: "many", descriptor: descriptor,
            source: .init(filename: "many.toml", document: "", sha256: ""), requestDigest: "",
            submitted: submitted)
        let end = StatusChanged(
            status: isGood ? .succeeded : .failed, reason: isGood ? .completed : .exitCode,
            message: isGood ? "the benchmark succeeded" : "the benchmark: exit code 3", attempt: 1,
            name: "many")
        return [
            try record(submission, run: run, time: submitted),
            try record(end, run: run, time: submitted + .seconds(1)),
        ]
    }

    private static func record(_ payload: some EventPayload, run: String, time: Timestamp) throws -> NewRecord
    {
        let type = Swift.type(of: payload)
        let event = Event(
            messageID: "\(run)/\(type.type)", actionID: run, clientID: "bench",
            clientVersion: Version.current,
            clientUsername: "bench", tstamp: time, type: type.type, payload: try JSONCoding.tree(payload))
        return NewRecord(
            topic: type.topic.rawValue, key: run, headers: ["type": type.type],
            value: try JSONCoding.encode(event))
    }

    /// Waits until the oldest run is listed with its end: the model has all of them.
    private static func untilListed(_ stack: StackUnderTest) async throws {
        while true {
            let health = try? await stack.client.health()
            if let lag = health?.lag["bff"], lag == 0 { break }
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}
