internal import API
internal import Events
internal import HTTPServer
internal import MessageLog
internal import Runtime

/// A service as its consumer group shows it.
private struct ConsumerGroup {
    var name: String
    /// What it lives on: looked at even before it has committed anything.
    var input: Topic

    /// The services of an installation. The BFF itself keeps its offsets in its read model.
    static let all = [
        ConsumerGroup(name: "fetcher", input: .runs), ConsumerGroup(name: "executor", input: .fetched),
        ConsumerGroup(name: "watcher", input: .jobs), ConsumerGroup(name: "metrics-pusher", input: .metrics),
        ConsumerGroup(name: "analyzer", input: .results),
    ]
}

extension BFF {
    func getHealth(_ call: Call) async throws -> ServerResponse {
        let report = try await health()
        return try .json(report)
    }

    /// How far everybody is behind, and what is wrong.
    func health() async throws -> HealthReport {
        var report = HealthReport(status: "ok", version: Version.current)
        let positions = progress.positions
        let count = positions.keys.map(\.partition).max().map { $0 + 1 } ?? 1
        report.lag["bff"] = try await lag(behind: positions)
        for group in ConsumerGroup.all {
            var next = try await log.committedOffsets(of: group.name)
            for number in 0..<count {
                let partition = TopicPartition(topic: group.input.rawValue, partition: number)
                if next[partition] == nil { next[partition] = try await range(of: partition)?.lowerBound }
            }
            report.lag[group.name] = try await lag(behind: next)
        }
        let bad = progress.badRecords
        if bad.count > 0 {
            report.problems.append(
                "\(bad.count) records could not be read and are not shown; the last was \(bad.last ?? "")")
        }
        report.problems += progress.damage.values.map(\.message).sorted()
        if let obstacle = progress.obstacle {
            report.problems.append("the read model waits: \(obstacle.message)")
        }
        if !report.problems.isEmpty { report.status = "degraded" }
        return report
    }

    /// How many records are at or behind the given offsets.
    private func lag(behind next: [TopicPartition: Int64]) async throws(MessageLogError) -> Int64 {
        var lag: Int64 = 0
        for (partition, offset) in next {
            lag += max(0, (try await range(of: partition)?.upperBound ?? offset) - offset)
        }
        return lag
    }

    /// The offsets that are there; nil where damage hides them, which whoever reads that partition says.
    private func range(of partition: TopicPartition) async throws(MessageLogError) -> Range<Int64>? {
        do throws(MessageLogError) { return try await log.range(of: partition) } catch {
            guard error.position != nil else { throw error }
            return nil
        }
    }

    func getMetrics(_ call: Call) async throws -> ServerResponse {
        let report = try await health()
        let counts = try await model.read { try $0.countsByStatus() }
        var text = """
            # HELP bai_bff_runs Runs by status.
            # TYPE bai_bff_runs gauge

            """
        for (status, count) in counts { text += "bai_bff_runs{status=\"\(status.rawValue)\"} \(count)\n" }
        text +=
            "# HELP bai_lag_records Records that a service has yet to take.\n# TYPE bai_lag_records gauge\n"
        for (service, lag) in report.lag.sorted(by: { $0.key < $1.key }) {
            text += "bai_lag_records{service=\"\(service)\"} \(lag)\n"
        }
        text += """
            # HELP bai_bff_subscriptions Streams of events that are open.
            # TYPE bai_bff_subscriptions gauge
            bai_bff_subscriptions \(changes.count)
            # HELP bai_bff_unreadable_records_total Records that could not be read and are not shown.
            # TYPE bai_bff_unreadable_records_total counter
            bai_bff_unreadable_records_total \(progress.badRecords.count)

            """
        text += accessRefusals.text
        text += Traffic.process.text
        return .text(text, type: "text/plain; version=0.0.4; charset=utf-8")
    }
}
