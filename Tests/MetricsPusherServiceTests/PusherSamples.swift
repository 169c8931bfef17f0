import Descriptors
import Events
import JSON
import MetricStore
import Runtime
import TestSupport

@testable import MetricsPusherService

/// Builders of runs as the pusher sees them.
enum Given {
    static let time = Timestamp(milliseconds: 1_700_000_000_000)

    static func attempt(
        _ number: Int, metrics: Int64? = 3, lines: Int64? = 2, isWarmup: Bool = false,
        status: RunStatus = .succeeded, disturbances: [String] = [],
        environment: [String: JSONValue] = ["cpu_model": "A"]
    ) -> AttemptFinished {
        var outcome = AttemptOutcome.sample(status)
        outcome.finished = time + .seconds(number)
        outcome.metricCount = metrics
        outcome.logCount = lines
        outcome.disturbances = disturbances
        outcome.environment = environment
        return AttemptFinished(
            attempt: Attempt(number: number, repetition: number - 1, isWarmup: isWarmup), outcome: outcome)
    }

    static func request(
        _ accepted: [AttemptFinished], problems: [String] = [], metrics: [Descriptor.Metric] = [],
        alarms: [Descriptor.Alarm] = [], labels: [String: String] = [:],
        parameters: [String: JSONValue] = [:], repeats: Int? = nil, contents: [FetchedContent] = []
    ) -> CollectionRequested {
        var run = RunSubmitted.sample(Descriptor.Measurement(repeats: repeats ?? accepted.count))
        run.descriptor.output = metrics.isEmpty ? nil : Descriptor.Output(metrics: metrics)
        run.descriptor.alarms = alarms
        run.descriptor.info.labels = labels
        run.parameters = parameters
        return CollectionRequested(run: run, accepted: accepted, problems: problems, contents: contents)
    }

    static func point(
        _ sequence: Int64, _ name: String, _ value: Double, unit: String? = nil,
        labels: [String: String] = [:]
    ) -> MetricPoint {
        MetricPoint(sequence: sequence, name: name, value: value, unit: unit, time: time, labels: labels)
    }

    static func points(_ attempt: Int, _ points: [MetricPoint]) -> MetricBatch {
        MetricBatch(attempt: attempt, host: "h", points: points)
    }

    static func lines(_ attempt: Int, _ texts: [String], from first: Int64 = 1) -> LogBatch {
        LogBatch(
            attempt: attempt,
            lines: texts.enumerated().map { index, text in
                LogLine(sequence: first + Int64(index), time: time, stream: .stdout, text: text)
            })
    }

    static func metricsEnd(_ attempt: Int, _ count: Int64, dropped: Int64 = 0) -> MetricsEnded {
        MetricsEnded(end: StreamEnded(attempt: attempt, count: count, dropped: dropped))
    }

    static func linesEnd(_ attempt: Int, _ count: Int64) -> LogsEnded {
        LogsEnded(end: StreamEnded(attempt: attempt, count: count))
    }

    /// What is in the store of attempts of which everything came.
    static func whole(_ attempts: [AttemptFinished]) -> [StreamStatistics] {
        attempts.flatMap { attempt -> [StreamStatistics] in
            let (metrics, lines) = (attempt.outcome.metricCount ?? 0, attempt.outcome.logCount ?? 0)
            let number = attempt.attempt.number
            return [
                StreamStatistics(
                    attempt: number, rank: 0, kind: .metrics, count: metrics, last: metrics,
                    announced: metrics),
                StreamStatistics(
                    attempt: number, rank: 0, kind: .lines, count: lines, last: lines, announced: lines),
            ]
        }
    }

    /// What is made of a request and points, by attempt, when everything came.
    static func report(
        _ request: CollectionRequested, _ points: [Int: [MetricPoint]],
        streams: [StreamStatistics]? = nil
    ) -> CollectionReport {
        var measurements = Measurements(request.run.descriptor)
        for (attempt, points) in points.sorted(by: { $0.key < $1.key }) {
            for point in points { measurements.add(point, attempt: attempt) }
        }
        return ResultBuilder(
            run: "run", request: request, streams: Streams(streams ?? whole(request.accepted)),
            measurements: measurements
        ).report
    }
}
