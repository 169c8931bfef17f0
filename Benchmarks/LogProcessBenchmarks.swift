import FoundationEssentials
import Glibc
import MessageLog
import Runtime
import SQLiteLog

/// The log between processes: this program starts itself again in a role.
enum LogProcessBenchmarks {
    /// The argument that makes this program play a role instead: what follows is the role, the log's file and a number.
    private static let roleArgument = "--log-benchmark-role"
    private static let deliveries = 300
    private static let publishingTime = Duration.seconds(1)

    /// Plays the role that the arguments name; false when they name none.
    static func play(_ arguments: [String]) async throws -> Bool {
        guard arguments.count == 5, arguments[1] == roleArgument, let number = Int(arguments[4]) else {
            return false
        }
        let log = try await SQLiteLog.open(arguments[3])
        switch arguments[2] {
        case "consumer": try await consume(log, number)
        case "idler": try await idle(log)
        default: try await publish(log, until: Int64(number))
        }
        await log.close()
        return true
    }

    /// Starts a publisher that goes on for a second, for whoever wants to kill it before.
    static func startPublisher(_ folder: String) throws -> ChildProcess {
        let end = Measuring.nanoseconds + Int64(publishingTime.inSeconds * 1e9)
        return try start("publisher", folder, Int(end), output: "\(folder)/out")
    }

    // MARK: - publish to deliver

    static func delivering() async throws {
        try await LogBenchmarks.withLog("deliver") { log, folder in
            let child = try start("consumer", folder, deliveries, output: "\(folder)/out")
            // The consumer has joined when the file has its first line.
            while try text("\(folder)/out").isEmpty { usleep(1000) }
            var returned: [Int64] = []
            for number in 0..<deliveries {
                _ = try await log.publish(LogBenchmarks.records(1, from: number))
                returned.append(Measuring.nanoseconds)
                usleep(3000)
            }
            _ = try await child.wait()
            let received = try text("\(folder)/out").split(separator: "\n").dropFirst().compactMap {
                Int64($0)
            }
            // A consumer may have the record before its publisher knows that it is durable.
            let waits = zip(received, returned).map { max(Double($0 - $1) / 1e6, 0) }
            Measuring.report(
                "log: publish to deliver, over the commit",
                "p50 \(Measuring.number(Measuring.median(waits))) ms",
                "p99 \(Measuring.number(Measuring.percentile(waits, 0.99))) ms; target p50 <= 1 ms")
        }
    }

    private static func consume(_ log: SQLiteLog, _ count: Int) async throws {
        let member = try await log.join(
            group: "consumers", topics: [LogBenchmarks.topic.name],
            settings: GroupSettings(member: "consumer"))
        var times: [Int64] = []
        while times.count < count {
            switch try await member.poll(limit: ReadLimit(), timeout: .seconds(10)) {
            case .assigned: writeLine("ready")
            case .records(let records): times += Array(repeating: Measuring.nanoseconds, count: records.count)
            case .revoked, .damaged, .idle: break
            }
        }
        writeLine(times.map(String.init).joined(separator: "\n"))
    }

    // MARK: - several publishing processes

    static func publishingTogether() async throws {
        try await LogBenchmarks.withLog("processes") { _, folder in
            let alone = try await counts(processes: 1, folder)
            let together = try await counts(processes: 8, folder)
            let total = together.reduce(0, +)
            let seconds = publishingTime.inSeconds
            Measuring.report(
                "log: 8 publishing processes", "\(Measuring.number(Double(total) / seconds)) records/s",
                "\(Measuring.number(Double(total) / Double(max(alone[0], 1)))) of one process (>= 1), "
                    + "shares \(Measuring.number(Double(together.min() ?? 0) / Double(total))) to "
                    + "\(Measuring.number(Double(together.max() ?? 0) / Double(total)))")
        }
    }

    private static func counts(processes: Int, _ folder: String) async throws -> [Int] {
        // All stop at the same moment, whenever they began.
        let end = Measuring.nanoseconds + 300_000_000 + Int64(publishingTime.inSeconds * 1e9)
        let children = try (0..<processes).map {
            try start("publisher", folder, Int(end), output: "\(folder)/out\($0)")
        }
        for child in children { _ = try await child.wait() }
        return try (0..<processes).map { Int(try text("\(folder)/out\($0)").trimmed) ?? 0 }
    }

    private static func publish(_ log: SQLiteLog, until end: Int64) async throws {
        let start = end - Int64(publishingTime.inSeconds * 1e9)
        usleep(UInt32(max(start - Measuring.nanoseconds, 0) / 1000))
        var count = 0
        while Measuring.nanoseconds < end {
            _ = try await log.publish(LogBenchmarks.records(1, from: count))
            count += 1
        }
        writeLine("\(count)")
    }

    // MARK: - idle

    static func idling() async throws {
        try await LogBenchmarks.withLog("idle") { _, folder in
            _ = try await start("idler", folder, 0, output: "\(folder)/out").wait()
            Measuring.report("log: an idle member", try String(text("\(folder)/out").prefix { $0 != "\n" }))
        }
    }

    /// Waits as a service does that has nothing to do, and says what that costs once it has begun.
    private static func idle(_ log: SQLiteLog) async throws {
        let member = try await log.join(
            group: "idlers", topics: [LogBenchmarks.topic.name], settings: GroupSettings(member: "idler"))
        _ = try await member.poll(limit: ReadLimit(), timeout: .seconds(1))
        let (start, began) = (processorSeconds, Measuring.nanoseconds)
        for _ in 0..<2 { _ = try await member.poll(limit: ReadLimit(), timeout: .seconds(1)) }
        let share = (processorSeconds - start) / (Double(Measuring.nanoseconds - began) / 1e9)
        writeLine("\(Measuring.number(share * 100)) % of a core")
    }

    private static var processorSeconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    // MARK: - processes

    private static func start(
        _ role: String, _ folder: String, _ number: Int, output: String
    ) throws -> ChildProcess {
        let descriptor = open(output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        defer { close(descriptor) }
        return try ChildProcess.start(
            ChildProcess.Setup(
                program: "/proc/self/exe", arguments: [roleArgument, role, "\(folder)/log.db", "\(number)"],
                environment: ProcessInfo.processInfo.environment, standardOutput: descriptor,
                standardError: STDERR_FILENO))
    }

    private static func text(_ path: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
    }

    private static func writeLine(_ text: String) {
        let bytes = Array((text + "\n").utf8)
        write(STDOUT_FILENO, bytes, bytes.count)
    }
}

extension String {
    fileprivate var trimmed: Substring { prefix { $0.isNumber } }
}
