import Descriptors
import Events
import JSON
import Runtime

/// One value of every payload, with every field set: what is on the wire is held by a file each.
enum GoldenPayloads {
    static let all: [any EventPayload] = [
        run, fetched, JobCreated(run: run, attempt: attempt, runner: "local", reference: "r1/2"),
        StatusChanged(
            status: .queued, reason: .waitingForSlot, message: "waiting for 1 other", attempt: 2, position: 1,
            name: "hello"),
        finished,
        CollectionRequested(run: run, accepted: [finished], problems: ["lost"], contents: fetched.contents),
        RunCollected(metricCount: 3, logCount: 4, resultCount: 1, problems: ["lost"]),
        Command(kind: .cancel, isGraceful: false, reason: "not needed"),
        MetricBatch(attempt: 2, rank: 0, host: "node", points: [point]),
        MetricsEnded(end: StreamEnded(attempt: 2, count: 3, dropped: 1)),
        LogBatch(
            attempt: 2, rank: 0, lines: [LogLine(sequence: 1, time: time, stream: .stderr, text: "Grüße")]),
        LogsEnded(end: StreamEnded(attempt: 2, count: 4)), result, AlarmChanged(alarm: alarm),
        DeadLetter(
            service: "fetcher", topic: "runs", partition: 1, offset: 7, key: "r1", headers: ["type": "x"],
            text: "{}",
            bytes: "AA==", reason: "is poison", tries: 5, damaged: true),
        DeadLetterReplayed(partition: 1, offset: 7),
    ]

    private static let time = Timestamp(milliseconds: 1_700_000_000_123)
    private static let attempt = Attempt(number: 2, repetition: 1, isWarmup: false)

    private static let run = RunSubmitted(
        name: "hello",
        descriptor: Descriptor(
            info: Descriptor.Info(description: "a test"),
            hardware: Descriptor.Hardware(instanceType: "local"),
            env: Descriptor.ContainerEnvironment(dockerImage: "none")),
        source: RunSubmitted.DescriptorSource(
            filename: "d.toml", document: "spec_version = \"0.1.0\"", sha256: "ab", directory: "/home/ada"),
        parameters: ["batch_size": 32], sweep: RunSubmitted.Sweep(id: "s1", index: 0, count: 2),
        idempotencyKey: "k",
        requestDigest: "cd", submitted: time)

    private static let fetched = RunFetched(
        run: run,
        contents: [
            FetchedContent(
                role: .dataset, id: "train", source: "https://example.com/a.bin", path: "/data/a",
                kind: .file,
                sha256: "ef", size: 12)
        ])

    private static let finished = AttemptFinished(
        attempt: attempt,
        outcome: AttemptOutcome(
            status: .failed, reason: .exitCode, message: "exit code 3", failure: .benchmark, exitCode: 3,
            signal: 9,
            started: time, finished: time + .seconds(1), cpuSeconds: 0.5, peakMemory: 1024, metricCount: 3,
            logCount: 4,
            droppedMetrics: 1, environment: ["cores": 2], disturbances: ["load"]))

    private static let point = MetricPoint(
        sequence: 1, name: "latency", value: 12.5, unit: "ms", step: 3, time: time, labels: ["phase": "warm"])

    private static let series = SeriesKey(
        id: "0123456789abcdef", benchmark: "hello", metric: "latency", unit: "ms", fingerprint: "f0",
        labels: ["branch": "main"])

    private static let result = ResultComputed(
        run: "r1", series: series, direction: .lower, samples: [1, 2, 3], median: 2, mean: 2,
        interval: ConfidenceInterval(low: 1, high: 3), minimum: 1, maximum: 3, pointCount: 30, isValid: false,
        problems: ["lost"], finished: time, rules: [rule], labels: ["branch": "main"])

    private static let rule = AlarmRule(metric: "latency", above: 250, notify: ["log"])

    private static let alarm = Alarm(
        id: "a1", series: series, rule: rule, state: .resolved, message: "latency is 300 ms", run: "r1",
        value: 300,
        opened: time, resolvedBy: "r2", resolved: time + .seconds(9))
}
