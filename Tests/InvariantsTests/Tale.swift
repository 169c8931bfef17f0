import Descriptors
import Events
import Invariants
import JSON
import MessageLog
import MetricStore
import Runs
import Runtime
import TestSupport

/// The evidence of a run that went well, told step by step, so that a test can leave a step out, tell it twice or tell it wrong.
///
/// Run `run` measures a latency with a warm-up and two repeats, and raises an alarm.
struct Tale {
    static let measurement = Descriptor.Measurement(repeats: 2, warmup: 1)
    static let series = SeriesKey(
        id: "series", benchmark: "hello", metric: "latency", unit: "ms", fingerprint: "f", labels: [:])
    static let rule = Descriptor.Alarm(metric: "latency", above: 250)

    var evidence = Evidence()
    private var next: [TopicPartition: Int64] = [:]

    /// What the attempts come to: number 1 is the warm-up.
    static var attempts: [AttemptFinished] {
        var finished: [AttemptFinished] = []
        while case .start(let attempt) = AttemptPlan(measurement, finished: finished).next {
            var outcome = AttemptOutcome.sample()
            (outcome.metricCount, outcome.logCount) = (1, 1)
            finished.append(AttemptFinished(attempt: attempt, outcome: outcome))
        }
        return finished
    }

    /// The whole tale.
    static func sound() throws -> Tale {
        var tale = Tale()
        try tale.submit()
        for attempt in attempts { try tale.attempt(attempt) }
        try tale.collect()
        try tale.end(.succeeded)
        try tale.state("executor", ["ended": ["_0": ["forget": 1, "isDeleting": false]]])
        try tale.state("watcher", ["ended": ["forget": 1]])
        tale.evidence.promises = [Promise(run: "run", key: "key", expected: .succeeded)]
        tale.evidence.listed = ["run"]
        tale.evidence.sightings = [StatusSighting(run: "run", status: .succeeded)]
        let runs = TopicPartition(topic: "runs", partition: 0)
        tale.evidence.offsets = [0, 1].map { OffsetSighting(group: "fetcher", offsets: [runs: $0]) }
        return tale
    }

    /// Tells an event.
    mutating func tell(
        _ payload: some EventPayload, _ id: String, run: String = "run", key: String? = nil
    ) throws {
        let event = try Event.sample(payload, run: run, messageID: "\(run)/\(id)")
        try put(JSONCoding.encode(event), on: type(of: payload).topic.rawValue, key: key ?? run)
    }

    /// Puts a record on the log, whatever it is.
    mutating func put(_ value: [UInt8]?, on topic: String, key: String = "run") {
        let partition = TopicPartition(topic: topic, partition: 0)
        let offset = next[partition] ?? 0
        next[partition] = offset + 1
        evidence.records.append(
            LogRecord(
                position: RecordPosition(partition: partition, offset: offset), key: key, value: value,
                time: Timestamp(milliseconds: 0)))
    }

    mutating func submit(run: String = "run") throws {
        var submitted = RunSubmitted.sample(Tale.measurement)
        submitted.idempotencyKey = "key"
        try tell(submitted, "submitted", run: run)
    }

    mutating func status(_ status: RunStatus, attempt: Int = 0, by service: String = "executor") throws {
        try tell(
            StatusChanged(status: status, message: "so it is", attempt: attempt),
            "\(service)/\(status.rawValue)/\(attempt)")
    }

    mutating func end(_ status: RunStatus, by service: String = "executor") throws {
        try self.status(status, attempt: 3, by: service)
    }

    /// An attempt is made, measures its number plus 300, prints a line, and ends.
    mutating func attempt(_ finished: AttemptFinished) throws {
        let number = finished.attempt.number
        try status(.starting, attempt: number)
        try tell(
            JobCreated(
                run: .sample(Tale.measurement), attempt: finished.attempt, runner: "local",
                reference: "run/\(number)"), "job/\(number)")
        evidence.starts.append(AttemptStart(run: "run", attempt: number))
        let point = MetricPoint(
            sequence: 1, name: "latency", value: Double(300 + number), time: Timestamp(milliseconds: 0))
        try tell(MetricBatch(attempt: number, host: "here", points: [point]), "metrics/\(number)")
        let isMeasured = !finished.attempt.isWarmup
        let line = LogLine(sequence: 1, time: Timestamp(milliseconds: 0), stream: .stdout, text: "hello")
        evidence.stored["run", default: StoredRun()].points.append(
            StoredPoint(attempt: number, rank: 0, point: point, isAccepted: isMeasured))
        evidence.stored["run", default: StoredRun()].lines.append(
            StoredLine(attempt: number, rank: 0, line: line))
        try tell(finished, "attempt-finished/\(number)")
    }

    /// The measured attempts are collected: there is a result, and an alarm.
    mutating func collect() throws {
        let finished = Tale.attempts
        guard case .collect(let collection) = AttemptPlan(Tale.measurement, finished: finished).next else {
            return
        }
        try status(.collecting, attempt: 3)
        try tell(
            CollectionRequested(run: .sample(Tale.measurement), accepted: collection.accepted),
            "collection-requested")
        let result = Tale.result("run", [302, 303])
        try tell(result, "result/series", key: "series")
        evidence.stored["run"]?.results = [result]
        try tell(RunCollected(metricCount: 2, logCount: 2, resultCount: 1), "collected")
        try tell(AlarmChanged(alarm: Tale.alarm(raisedBy: "run")), "alarm/OPEN", key: "series")
    }

    mutating func state(_ service: String, _ state: JSONValue) throws {
        put(try JSONCoding.encode(["state": state] as JSONValue), on: Topic.state(of: service))
    }

    static func result(_ run: String, _ samples: [Double]) -> ResultComputed {
        ResultComputed(
            run: run, series: series, direction: .lower, samples: samples, median: 0, mean: 0, interval: nil,
            minimum: 0, maximum: 0, pointCount: 2, isValid: true, problems: [],
            finished: Timestamp(milliseconds: 0), rules: [rule], labels: [:])
    }

    static func alarm(raisedBy run: String, resolvedBy: String? = nil) -> Alarm {
        Alarm(
            id: "alarm-\(run)", series: series, rule: rule, state: resolvedBy == nil ? .open : .resolved,
            message: "too slow", run: run, value: 302.5, opened: Timestamp(milliseconds: 0),
            resolvedBy: resolvedBy)
    }

    /// The invariants that are violated, each once.
    var violated: Set<Invariant> { Set(Invariants.violations(in: evidence).map(\.invariant)) }
}
