import Descriptors
import Events
import JSON
import MetricStore
import Runtime

/// Builders of what the tests write.
enum Sample {
    static let time = Timestamp(milliseconds: 1_700_000_000_000)

    static func point(
        _ sequence: Int64, _ name: String = "latency", _ value: Double = 1.5, unit: String? = "ms",
        step: Int64? = nil, labels: [String: String] = [:]
    ) -> MetricPoint {
        MetricPoint(
            sequence: sequence, name: name, value: value, unit: unit, step: step,
            time: Timestamp(milliseconds: time.milliseconds + sequence), labels: labels)
    }

    static func line(
        _ sequence: Int64, _ text: String, stream: LogLine.Stream = .stdout, after: Int64 = 0
    ) -> LogLine {
        LogLine(
            sequence: sequence, time: Timestamp(milliseconds: time.milliseconds + after), stream: stream,
            text: text)
    }

    static func attempt(_ number: Int, isWarmup: Bool = false) -> AttemptFinished {
        AttemptFinished(
            attempt: Attempt(number: number, repetition: number - 1, isWarmup: isWarmup),
            outcome: AttemptOutcome(
                status: .succeeded, reason: .completed, message: "exit code 0", exitCode: 0, finished: time,
                metricCount: 2, environment: ["cpu_model": "x", "cores": 4]))
    }

    static func result(
        _ run: String, benchmark: String = "bench", metric: String = "latency", median: Double = 2,
        after: Int64 = 0
    ) -> ResultComputed {
        ResultComputed(
            run: run,
            series: SeriesKey(
                id: "\(benchmark)-\(metric)", benchmark: benchmark, metric: metric, unit: "ms",
                fingerprint: "f", labels: ["team": "a"]),
            direction: .lower, samples: [1, 2, 3], median: median, mean: 2,
            interval: ConfidenceInterval(low: 1, high: 3), minimum: 1, maximum: 3, pointCount: 12,
            isValid: true, problems: [], warnings: ["busy"],
            finished: Timestamp(milliseconds: time.milliseconds + after), rules: [], labels: [:])
    }
}

extension StoreChanges {
    static func points(_ run: String, attempt: Int = 1, rank: Int = 0, _ points: [MetricPoint]) -> Self {
        var changes = StoreChanges()
        changes.points = [
            Points(run: run, batch: MetricBatch(attempt: attempt, rank: rank, host: "h", points: points))
        ]
        return changes
    }

    static func lines(_ run: String, attempt: Int = 1, rank: Int = 0, _ lines: [LogLine]) -> Self {
        var changes = StoreChanges()
        changes.lines = [Lines(run: run, batch: LogBatch(attempt: attempt, rank: rank, lines: lines))]
        return changes
    }

    static func results(_ results: [ResultComputed]) -> Self {
        var changes = StoreChanges()
        changes.results = results
        return changes
    }
}
