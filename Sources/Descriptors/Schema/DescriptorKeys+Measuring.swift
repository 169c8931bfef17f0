internal import JSON

extension DescriptorKeys {
    private static let second = Duration.seconds(1)
    private static let month = Duration.seconds(31 * 86_400)

    static let run: [DescriptorKey] = [
        .key(
            "repeats", .integer(1...1000), default: 1, "Independent samples; each is an attempt of its own."),
        .key("warmup", .integer(0...100), default: 0, "Attempts before them whose samples are discarded."),
        .key("timeout", .duration(second...month), default: "6h", "How long one attempt may run."),
        .key(
            "queue_timeout", .duration(second...month), default: "1d",
            "How long the run may wait for its turn and its machine."),
        .key(
            "fetch_timeout", .duration(second...month), default: "1h", "How long fetching its data may take."),
        .key(
            "ready_timeout", .duration(second...month), default: "10m",
            "How long an attempt may take from its start until it runs: image, volumes, the server's readiness."
        ),
        .key(
            "collect_timeout", .duration(second...month), default: "10m",
            "How long collecting may take after the last attempt."),
        .key(
            "total_timeout", .duration(second...Duration.seconds(366 * 86_400)), default: "7d",
            "How long the run may take altogether, from submission to its final status."),
        .optional(
            "silence_timeout", .duration(second...month), example: "\"15m\"",
            "How long an attempt may go without writing anything; not limited when it is not given."),
        .key(
            "grace_period", .duration(.zero...Duration.seconds(3600)), default: "10s",
            "How long an attempt that has to end gets between SIGTERM and SIGKILL."),
        .key(
            "retries", .integer(0...10), default: 2,
            "How often a failed attempt is done again, in the whole run."),
        .key(
            "retry_on", .list(.choice(Descriptor.FailureClass.self), count: 0...2),
            default: ["infrastructure"],
            "Which failures are worth it: `infrastructure` (machine, network, cluster), `benchmark` (exit code, memory, time)."
        ),
        .key(
            "interleave", .boolean, default: false,
            "Whether the repeats of a sweep's runs take turns: A B A B, not A A B B. A machine that gets slower then disturbs all alike."
        ),
        .key(
            "limits", .table(limits), default: [:],
            "What an attempt may use; whatever is not given is not limited."),
    ]

    static let limits: [DescriptorKey] = [
        .optional(
            "memory", .size(1 << 20...Int64.max), example: "\"4GiB\"",
            "Memory of all its processes together. An attempt that uses more is ended."),
        .optional(
            "cpu_time", .duration(second...month), example: "\"1h\"",
            "Processor time of each process, all its threads together; the kernel ends a process that uses more."
        ),
        .optional("open_files", .integer(16...1_048_576), example: "1024", "Open files of each process."),
        .optional(
            "file_size", .size(0...Int64.max), example: "\"10GiB\"", "Size of each file that it writes."),
        .optional(
            "processes", .integer(1...1_000_000), example: "512",
            "Its processes, all together. An attempt that has more is ended."),
    ]

    static let schedule: [DescriptorKey] = [
        .required(
            "cron", .text(.cron), example: "\"0 3 * * *\"",
            "Minute, hour, day of month, month, day of week; `*`, lists, ranges, steps and names; or `@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly`."
        ),
        .key(
            "timezone", .text(.timezone), default: "UTC", example: "\"Europe/Berlin\"",
            "The time zone that the hours are in."),
        .key(
            "overlap", .choice(Descriptor.Overlap.self), default: "skip",
            "When a run is due and the one before is not done: `skip` it, `queue` it, `allow` both, or `cancel-previous`."
        ),
        .key(
            "catch_up", .duration(.zero...month), default: "1h",
            "How late a run that was missed is still started; once, however many were."),
    ]

    static let alarm: [DescriptorKey] = [
        .required("metric", .text(.metricName), example: "\"latency\"", "The metric that it watches."),
        .optional("above", .number, example: "250", "Raised when a run's value is above this."),
        .optional("below", .number, example: "10", "Raised when a run's value is below this."),
        .optional(
            "regression", .percentage, example: "\"5%\"",
            "Raised when the series changes in the bad direction by at least this much."),
        .key("severity", .choice(Descriptor.Severity.self), default: "warning", "How much it matters."),
        .key(
            "notify", .list(.text(.channel), count: 0...32), default: [],
            example: "[\"slack:perf\", \"email:team@example.com\"]",
            "Who is told: `log`, `stdout`, `webhook:<name>`, `slack:<channel>`, `email:<address>`."),
        .key(
            "statistic", .choice(Descriptor.Statistic.self), default: "median",
            "Which number stands for a run's samples when they are compared with `above` and `below`."),
    ]

    static let server: [DescriptorKey] = [
        .required(
            "hardware", .table(serverHardware), "The machine that the server runs on, in the client's zone."),
        .required("env", .table(serverEnv), "The server's container and command."),
        .key(
            "models", .tables(source), default: [],
            "What is fetched for the server before it starts; as `[[data.sources]]`."),
        .optional("output", .table(output), "Metrics that are read from what the server prints."),
    ]

    static let serverHardware: [DescriptorKey] = hardware.filter {
        !["strategy", "distributed"].contains($0.name)
    }

    static let serverEnv: [DescriptorKey] =
        env + [
            .required(
                "ports", .list(.integer(1...65_535), count: 1...100), example: "[8080]",
                "The ports that it listens on; the client finds them in `INFERENCE_SERVER_PORT` and `INFERENCE_SERVER_PORT_<n>`."
            ),
            .required(
                "start_command", .text(.command), example: "\"python3 serve.py\"",
                "The server's command; empty for the image's own."),
            .optional("start_command_args", .text(.command), example: "\"--workers 4\"", "More arguments."),
            .optional(
                "readiness_probe", .table(readinessProbe),
                "The request whose success says that the server is ready."),
        ]

    static let readinessProbe: [DescriptorKey] = [
        .required("path", .text(.any), example: "\"/ping\"", "The path of the request."),
        .key(
            "scheme", .choice(Descriptor.ProbeScheme.self, ignoringCase: true), default: "http",
            "`http` or `https`."),
        .optional(
            "port", .integer(1...65_535), example: "8080",
            "The port; the first of the server's when it is not given."),
        .key("initial_delay_seconds", .integer(0...86_400), default: 10, "Seconds before the first request."),
        .key("period_seconds", .integer(1...86_400), default: 10, "Seconds between requests."),
        .key("timeout_seconds", .integer(1...86_400), default: 1, "Seconds that an answer may take."),
        .key(
            "success_threshold", .integer(1...1000), default: 1,
            "Successes in a row that make the server ready."),
        .key(
            "failure_threshold", .integer(1...1000), default: 3, "Failures in a row that make it not ready."),
    ]
}
