import FoundationEssentials
import Glibc
import MessageLog
import Runtime
import SQLiteLog

/// What becomes slower as a log grows or works for long, if anything does.
enum LogSizeBenchmarks {
    private static let gigabyte: Int64 = 1 << 30
    private static let checkpointRounds = 8

    /// What checkpoints do to those who publish meanwhile.
    static func checkpoints() async throws {
        try await LogBenchmarks.withLog("checkpoints") { log, folder in
            let probe = DurableWriteProbe(path: "\(folder)/probe", bytes: LogBenchmarks.valueSize)
            var times: [Double] = []
            for _ in 0..<checkpointRounds {
                _ = try await probe.rate(for: LogBenchmarks.round)
                times += try await LogBenchmarks.publish(log, publishers: 1, batch: 1).milliseconds
            }
            Measuring.report(
                "log: publish across \(log.statistics.checkpoints) checkpoints",
                Measuring.spread(times),
                "worst \(Measuring.number(times.max() ?? .nan)) ms; write+fdatasync: "
                    + "\(Measuring.spread(probe.latencies)), "
                    + "worst \(Measuring.number(probe.latencies.max() ?? .nan)) ms")
        }
    }

    /// How long one publisher waits while compaction removes what newer records have replaced.
    static func compacting() async throws {
        let states = TopicConfiguration(
            name: "states", partitions: LogBenchmarks.topic.partitions, cleanup: .compact)
        let count = 50_000
        try await LogBenchmarks.withLog("compact") { log, _ in
            try await log.create([states])
            for start in stride(from: 0, to: count, by: 2000) {
                // A thousand keys, again and again.
                _ = try await log.publish(
                    LogBenchmarks.records(2000, from: start % 1000).map {
                        NewRecord(topic: states.name, key: $0.key, value: $0.value)
                    })
            }
            try await LogBenchmarks.reportWorst("log: publish while compaction removes", log) {
                $0.compacted
            }
        }
    }

    /// How long it takes to open a large log: one that was closed, and one whose process was killed.
    static func opening() async throws {
        let folder = "\(Measuring.folder)/open"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = "\(folder)/log.db"
        let began = ContinuousClock.now
        try await fill(path)
        let filling = began.duration(to: .now)
        try await reportOpening("log: open \(size(path))", path, "closed; made in \(seconds(filling))")
        let child = try LogProcessBenchmarks.startPublisher(folder)
        try await Task.sleep(for: .milliseconds(800))
        kill(child.processID, SIGKILL)
        _ = try await child.wait()
        try await reportOpening(
            "log: open it after kill -9", path, "with a write-ahead log of \(size("\(path)-wal"))")
    }

    private static func fill(_ path: String) async throws {
        let log = try await SQLiteLog.open(path)
        try await log.create([LogBenchmarks.topic])
        let value = [UInt8](repeating: 120, count: 4096)
        var bytes: Int64 = 0
        while bytes < gigabyte {
            let records = (0..<2000).map {
                NewRecord(topic: LogBenchmarks.topic.name, key: "run-\($0)", value: value)
            }
            _ = try await log.publish(records)
            bytes += Int64(records.count * value.count)
        }
        await log.close()
    }

    private static func reportOpening(_ name: String, _ path: String, _ note: String) async throws {
        let start = ContinuousClock.now
        let log = try await SQLiteLog.open(path)
        let opened = start.duration(to: .now)
        _ = try await log.publish(LogBenchmarks.records(1))
        let published = start.duration(to: .now)
        await log.close()
        Measuring.report(
            name, seconds(opened), "target < 1 s; \(note); first record published after \(seconds(published))"
        )
    }

    private static func seconds(_ duration: Duration) -> String {
        duration < .seconds(1)
            ? "\(Measuring.number(duration.inSeconds * 1000)) ms"
            : "\(Measuring.number(duration.inSeconds)) s"
    }

    private static func size(_ path: String) -> String {
        var status = stat()
        stat(path, &status)
        return status.st_size < 1 << 28
            ? "\(Measuring.number(Double(status.st_size) / 1e6)) MB"
            : "\(Measuring.number(Double(status.st_size) / 1e9)) GB"
    }
}
