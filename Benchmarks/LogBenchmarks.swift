import FoundationEssentials
import MessageLog
import Runtime
import SQLiteLog

/// The message log beside the disk that it is on. The probe writes what the records hold, without any of the log's own bytes.
enum LogBenchmarks {
    private static let rounds = 5
    static let round = Duration.milliseconds(250)
    static let valueSize = 256
    static let topic = TopicConfiguration(name: "bench", partitions: 8, cleanup: .delete(after: nil))

    static func publishing() async throws {
        let alone = try await publishing("log: publish one by one", publishers: 1, batch: 1, target: ">= 0.8")
        let together = try await publishing(
            "log: 8 publishers, one process", publishers: 8, batch: 1, target: "<= 0.3 syncs")
        Measuring.report(
            "log: 8 publishers beside one", "\(Measuring.number(together / alone)) times", "target >= 3")
        _ = try await publishing("log: batches of 100", publishers: 1, batch: 100, target: ">= 0.5")
    }

    static func records(_ count: Int, from number: Int = 0) -> [NewRecord] {
        let value = [UInt8](repeating: 120, count: valueSize)
        return (0..<count).map { NewRecord(topic: topic.name, key: "run-\(number + $0)", value: value) }
    }

    static func withLog<Result>(_ name: String, _ body: (SQLiteLog, String) async throws -> Result)
        async throws
        -> Result
    {
        let folder = "\(Measuring.folder)/\(name)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let log = try await SQLiteLog.open("\(folder)/log.db")
        try await log.create([topic])
        let result = try await body(log, folder)
        await log.close()
        return result
    }

    /// Rounds of the probe, the log, and the probe again; the median rate, in records a second.
    private static func publishing(
        _ name: String, publishers: Int, batch: Int, target: String
    ) async throws -> Double {
        try await withLog("publish") { log, folder in
            let probe = DurableWriteProbe(path: "\(folder)/probe", bytes: valueSize * batch)
            var (rates, ratios): ([Double], [Double]) = ([], [])
            var latencies: [Double] = []
            var before = try await probe.rate(for: round)
            let transactions = log.statistics.transactions
            for _ in 0..<rounds {
                let (records, times) = try await publish(log, publishers: publishers, batch: batch)
                let after = try await probe.rate(for: round)
                rates.append(records)
                ratios.append(records / Double(batch) / ((before + after) / 2))
                latencies += times
                before = after
            }
            let syncs = Double(log.statistics.transactions - transactions) / Double(latencies.count * batch)
            Measuring.report(
                name, "\(Measuring.number(Measuring.median(rates))) records/s",
                "\(Measuring.number(Measuring.median(ratios))) of write+fdatasync (\(target)), "
                    + "\(Measuring.number(syncs)) syncs a record")
            Measuring.report(
                "", "\(Measuring.spread(latencies))", "write+fdatasync: \(Measuring.spread(probe.latencies))")
            return Measuring.median(rates)
        }
    }

    /// Publishes for a while; records a second, and how long each batch took in milliseconds.
    static func publish(
        _ log: SQLiteLog, publishers: Int, batch: Int, for duration: Duration = round
    ) async throws -> (records: Double, milliseconds: [Double]) {
        let start = ContinuousClock.now
        let times = try await withThrowingTaskGroup(of: [Double].self) { group in
            for publisher in 0..<publishers {
                group.addTask {
                    var times: [Double] = []
                    while start.duration(to: .now) < duration {
                        let records = records(batch, from: publisher + times.count)
                        let began = ContinuousClock.now
                        _ = try await log.publish(records)
                        times.append(began.duration(to: .now).inSeconds * 1000)
                    }
                    return times
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        return (Double(times.count * batch) / start.duration(to: .now).inSeconds, times)
    }

    /// How long one publisher waits while retention removes what is old.
    static func cleaning() async throws {
        let old = TopicConfiguration(
            name: "old", partitions: topic.partitions, cleanup: .delete(after: .zero))
        try await withLog("clean") { log, _ in
            try await log.create([old])
            for start in stride(from: 0, to: 50_000, by: 2000) {
                _ = try await log.publish(
                    records(2000, from: start).map {
                        NewRecord(topic: old.name, key: $0.key, value: $0.value)
                    })
            }
            try await reportWorst("log: publish while retention removes", log) { $0.expired }
        }
    }

    /// Publishes while the log is maintained, and reports the longest wait.
    static func reportWorst(
        _ name: String, _ log: SQLiteLog, _ removed: (MaintenanceReport) -> Int
    ) async throws {
        let start = ContinuousClock.now
        async let maintained = log.maintain(now: SystemTime().now + .seconds(1))
        let times = try await publish(log, publishers: 1, batch: 1).milliseconds
        let count = removed(try await maintained)
        let seconds = Measuring.number(start.duration(to: .now).inSeconds)
        Measuring.report(
            name, "worst \(Measuring.number(times.max() ?? .nan)) ms",
            "target <= 50 ms; \(count) records removed in \(seconds) s")
    }

    static func consuming() async throws {
        let count = 200_000
        try await withLog("consume") { log, _ in
            for start in stride(from: 0, to: count, by: 2000) {
                _ = try await log.publish(records(2000, from: start))
            }
            var (polled, read): ([Double], [Double]) = ([], [])
            for number in 0..<rounds {
                polled.append(try await poll(log, group: "g\(number)", count))
                read.append(try await readAll(log, count))
            }
            Measuring.report(
                "log: consume as a group", "\(Measuring.number(Measuring.median(polled))) records/s",
                "target >= 1 000 000")
            Measuring.report("log: read partitions", "\(Measuring.number(Measuring.median(read))) records/s")
        }
    }

    private static func poll(_ log: SQLiteLog, group: String, _ count: Int) async throws -> Double {
        let member = try await log.join(
            group: group, topics: [topic.name], settings: GroupSettings(member: "bench"))
        let start = ContinuousClock.now
        var seen = 0
        while seen < count {
            if case .records(let records) = try await member.poll(limit: ReadLimit(), timeout: .seconds(1)) {
                seen += records.count
            }
        }
        let rate = Double(seen) / start.duration(to: .now).inSeconds
        await member.leave()
        return rate
    }

    private static func readAll(_ log: SQLiteLog, _ count: Int) async throws -> Double {
        let start = ContinuousClock.now
        for number in 0..<topic.partitions {
            let partition = TopicPartition(topic: topic.name, partition: number)
            var offset: Int64 = 0
            while let last = try await log.read(partition, from: offset, limit: ReadLimit()).last {
                offset = last.offset + 1
            }
        }
        return Double(count) / start.duration(to: .now).inSeconds
    }
}
