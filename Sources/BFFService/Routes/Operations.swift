internal import API
internal import HTTPMessages

/// Every operation of the API: the one table from which requests are answered and the OpenAPI document is made.
enum Operations {
    static let all = runs + streams + measurements + intake + service

    private static let runs: [Operation] = [
        Operation(
            .post, "/v1/runs", "submitRun", tag: "runs", "Submit a descriptor",
            note:
                "One run, or one for each combination of the descriptor's matrix: all of them or none. They are durable when the answer comes.",
            parameters: [
                .header(
                    "Idempotency-Key",
                    "makes the request safe to repeat: the same key and client with the same request answer the same runs, with another request `conflict`"
                )
            ],
            body: "SubmitRequest",
            answers: [
                .json(201, .named("SubmitResponse"), "submitted"),
                .json(200, .named("SubmitResponse"), "submitted before with this key, or only checked"),
            ],
            refusals: [.invalidDescriptor, .conflict, .forbidden, .tooLarge],
            handler: { try await $0.submitRun($1) }),
        Operation(
            .get, "/v1/runs", "listRuns", tag: "runs", "List runs, newest first",
            parameters: [
                .query("status", .named("RunStatus"), isRepeated: true, "any of these"),
                .query("name", "the benchmark's name"),
                .query("label", isRepeated: true, "`key=value`; all of them"),
                .query("sweep", "the id of a sweep"),
                .query("username", "who submitted"),
                .query("since", "submitted at or after: milliseconds, ISO 8601, or how long ago (`1h30m`)"),
                .query("until", "submitted before"),
                .query("text", "words that the name, description, message or id have, in any case"),
            ] + Parameter.page(usual: RunQuery.usualLimit, largest: RunQuery.largestLimit),
            answers: [
                .json(Schemas.page(of: "RunSummary"), "one page; runs that come meanwhile do not move it")
            ],
            handler: { try await $0.listRuns($1) }),
        Operation(
            .get, "/v1/runs/{run}", "getRun", tag: "runs", "Everything about one run",
            answers: [.json(.named("RunDetail"), "the run")], refusals: [.notFound, .ambiguous],
            handler: { try await $0.getRun($1) }),
        Operation(
            .get, "/v1/runs/{run}/descriptor", "getRunDescriptor", tag: "runs", "What a run was made from",
            note: "As JSON, or with `Accept: application/toml` the text as it was submitted.",
            answers: [
                Operation.Answer(
                    status: 200, note: "the descriptor",
                    contents: [("application/json", .named("RunDescriptor")), ("application/toml", nil)])
            ],
            refusals: [.notFound, .ambiguous], handler: { try await $0.getRunDescriptor($1) }),
        Operation(
            .post, "/v1/runs/{run}/cancel", "cancelRun", tag: "runs", "Ask for a run's end",
            note:
                "Works in every state and any number of times. The run is canceled when its status says so.",
            body: "CancelRequest",
            answers: [
                .json(202, .named("RunSummary"), "asked for; the run as it is now"),
                .json(200, .named("RunSummary"), "the run has ended already, and nothing was done"),
            ],
            refusals: [.notFound, .ambiguous], handler: { try await $0.cancelRun($1) }),
        Operation(
            .delete, "/v1/runs/{run}", "deleteRun", tag: "runs", "Remove a run that has ended",
            answers: [Operation.Answer(status: 204, note: "no list shows it any more", contents: [])],
            refusals: [.notFound, .ambiguous, .conflict], handler: { try await $0.deleteRun($1) }),
    ]

    private static let resume: [Parameter] = [
        .query("cursor", "only what comes after it"),
        .header("Last-Event-ID", "the same, for streams that broke off"),
    ]

    private static func streamed(_ item: String, _ note: String) -> [Operation.Answer] {
        [
            Operation.Answer(
                status: 200, note: note,
                contents: [("application/json", Schemas.page(of: item)), ("text/event-stream", nil)])
        ]
    }

    private static let streams: [Operation] = [
        Operation(
            .get, "/v1/runs/{run}/events", "listRunEvents", tag: "runs", "What happened to a run",
            note:
                "A stream of server-sent events, each a `RunEvent`, until the run has ended (an event `end`); with `Accept: application/json` one page of what is there.",
            parameters: resume + [
                .query("limit", .integer, "how many a page has at most")
            ],
            answers: streamed("RunEvent", "the events, oldest first"), refusals: [.notFound, .ambiguous],
            handler: { try await $0.listRunEvents($1) }),
        Operation(
            .get, "/v1/events", "listEvents", tag: "runs", "What happened to any run",
            note:
                "As for one run. With `follow=true` the stream goes on for ever, without a cursor from now on; else it ends with what is there.",
            parameters: resume + [
                .query("limit", .integer, "how many a page has at most"),
                .query("follow", .boolean, "whether to wait for what comes"),
            ],
            answers: streamed("RunEvent", "the events, oldest first"),
            handler: { try await $0.listEvents($1) }),
        Operation(
            .get, "/v1/runs/{run}/logs", "getRunLogs", tag: "runs", "What a run printed",
            note:
                "One page; with `Accept: text/event-stream` or `application/x-ndjson` a stream, which with `follow=true` goes on until the run has ended and all of it is stored.",
            parameters: resume + [
                .query("follow", .boolean, "whether to wait for what comes"),
                .query("since", "printed at or after: milliseconds, ISO 8601, or how long ago (`10m`)"),
                .query("tail", .integer, "only the last so many that fit"),
                .query("grep", "a regular expression (Perl's) that matches somewhere in the line"),
                .query("attempt", .integer, "only of this attempt"),
                .query("stream", .oneOf(["stdout", "stderr", "agent"]), "only of this stream"),
                .query(
                    "limit", .integer,
                    "how many lines a page has at most, up to \(LogQuery.largestLimit); \(LogQuery.usualLimit) where nothing is said"
                ),
            ],
            answers: [
                Operation.Answer(
                    status: 200, note: "the lines, oldest first",
                    contents: [
                        ("application/json", Schemas.page(of: "LogEntry")), ("text/event-stream", nil),
                        ("application/x-ndjson", .named("LogEntry")),
                    ])
            ],
            refusals: [.notFound, .ambiguous], handler: { try await $0.getRunLogs($1) }),
    ]

    private static let measurements: [Operation] = [
        Operation(
            .get, "/v1/runs/{run}/metrics", "getRunMetrics", tag: "metrics", "The results of a run",
            answers: [
                .json(.named("RunMetrics"), "a result for each metric; none before the run is collected")
            ],
            refusals: [.notFound, .ambiguous], handler: { try await $0.getRunMetrics($1) }),
        Operation(
            .get, "/v1/runs/{run}/metrics/points", "listRunPoints", tag: "metrics",
            "The single points that a run measured",
            parameters: [
                .query("metric", "only of this name"), .query("attempt", .integer, "only of this attempt"),
            ] + Parameter.page(usual: PointQuery.usualLimit, largest: PointQuery.largestLimit),
            answers: [.json(Schemas.page(of: "MetricEntry"), "by attempt, rank and number")],
            refusals: [.notFound, .ambiguous], handler: { try await $0.listRunPoints($1) }),
        Operation(
            .get, "/v1/series", "listSeries", tag: "metrics", "Series, those with the newest results first",
            parameters: [
                .query("benchmark", "only of this benchmark"), .query("metric", "only of this metric"),
            ]
                + Parameter.page(usual: RunQuery.usualLimit, largest: RunQuery.largestLimit),
            answers: [.json(Schemas.page(of: "SeriesSummary"), "one page")],
            handler: { try await $0.listSeries($1) }),
        Operation(
            .get, "/v1/series/{series}", "getSeries", tag: "metrics",
            "A series with its history, newest first",
            parameters: Parameter.page(usual: RunQuery.usualLimit, largest: RunQuery.largestLimit),
            answers: [.json(.named("SeriesDetail"), "the series with one page of its results")],
            refusals: [.notFound], handler: { try await $0.getSeries($1) }),
        Operation(
            .get, "/v1/alarms", "listAlarms", tag: "alarms", "Alarms, newest first",
            parameters: [
                .query(
                    "state", .oneOf(["OPEN", "ACKNOWLEDGED", "RESOLVED"]), isRepeated: true, "any of these"),
                .query("run", "raised by this run"), .query("series", "of this series"),
            ] + Parameter.page(usual: RunQuery.usualLimit, largest: RunQuery.largestLimit),
            answers: [.json(Schemas.page(of: "Alarm"), "one page")], refusals: [.notFound, .ambiguous],
            handler: { try await $0.listAlarms($1) }),
        Operation(
            .get, "/v1/alarms/{alarm}", "getAlarm", tag: "alarms", "One alarm",
            answers: [.json(.named("Alarm"), "the alarm")], refusals: [.notFound],
            handler: { try await $0.getAlarm($1) }),
    ]

    private static let intake: [Operation] = [
        Operation(
            .post, "/v1/runs/{run}/attempts/{attempt}/records", "postRecords", tag: "pods",
            "Deliver what an attempt measured and printed",
            note:
                "One JSON object a line: events of types `metric_batch`, `log_batch`, `metrics_ended` and `logs_ended`, as docs/messages.md has them, of this run and this attempt. All of them are durable when the answer comes, or none was taken. What is sent again is stored once: points and lines are known by their numbers.",
            body: "ndjson",
            answers: [.json(.named("RecordsReceipt"), "durable")],
            refusals: [.unauthorized, .forbidden, .notFound, .gone, .tooLarge, .overloaded],
            access: .pods, intake: .lines(most: RecordIntake.mostBytes),
            handler: { try await $0.postRecords($1) }),
        Operation(
            .get, "/v1/objects/{sha256}", "getObject", tag: "pods",
            "Get a content that the run was fetched with",
            note:
                "A file's bytes, or the part that `Range` asks for; a folder as a tar archive. The entity tag is the digest.",
            parameters: [
                .header("Range", "one range of a file's bytes"),
                .header("If-Range", "the entity tag of what is there already"),
                .header("If-None-Match", "the entity tag of what is there already"),
            ],
            answers: [
                Operation.Answer(
                    status: 200, note: "the content",
                    contents: [("application/octet-stream", nil), ("application/x-tar", nil)]),
                Operation.Answer(
                    status: 206, note: "a part of a file", contents: [("application/octet-stream", nil)]),
                Operation.Answer(status: 304, note: "it is what the client has", contents: []),
                Operation.Answer(status: 416, note: "the file has no such part", contents: []),
            ],
            refusals: [.unauthorized, .forbidden, .notFound, .gone], access: .pods,
            handler: { try await $0.getObject($1) }),
        Operation(
            .head, "/v1/uploads/{sha256}", "hasUpload", tag: "runs", "Ask whether an upload is there already",
            answers: [Operation.Answer(status: 200, note: "it is", contents: [])], refusals: [.notFound],
            handler: { try await $0.headUpload($1) }),
        Operation(
            .put, "/v1/uploads/{sha256}", "putUpload", tag: "runs",
            "Upload an archive with a benchmark's own files",
            note:
                "A tar or tar.gz of at most 256 MiB, named by the SHA-256 of its bytes. A submission refers to it as `upload`.",
            body: "binary",
            answers: [
                .json(201, .named("UploadReceipt"), "taken"),
                .json(200, .named("UploadReceipt"), "it was there already"),
            ],
            refusals: [.tooLarge, .full], intake: .file(most: BFF.largestUpload),
            handler: { try await $0.putUpload($1) }),
    ]

    private static let service: [Operation] = [
        Operation(
            .get, "/v1/deadletters", "listDeadLetters", tag: "operations",
            "Records that services could not handle, newest first",
            parameters: Parameter.page(usual: RunQuery.usualLimit, largest: RunQuery.largestLimit),
            answers: [.json(Schemas.page(of: "DeadLetterEntry"), "one page")],
            handler: { try await $0.listDeadLetters($1) }),
        Operation(
            .post, "/v1/deadletters/{letter}/replay", "replayDeadLetter", tag: "operations",
            "Publish the record of a dead letter again",
            answers: [.json(.named("ReplayResponse"), "published, and marked as replayed")],
            refusals: [.notFound, .conflict], handler: { try await $0.replayDeadLetter($1) }),
        Operation(
            .get, "/v1/health", "getHealth", tag: "operations", "How the installation is doing",
            answers: [.json(.named("HealthReport"), "the report")], handler: { try await $0.getHealth($1) }),
        Operation(
            .get, "/v1/version", "getVersion", tag: "operations", "What answers here",
            answers: [.json(.named("VersionReport"), "the version")], access: .anybody,
            handler: { try await $0.getVersion($1) }),
        Operation(
            .get, "/v1/openapi.json", "getOpenAPI", tag: "operations", "This document",
            answers: [.json(.any, "the document")], handler: { try await $0.getOpenAPI($1) }),
        Operation(
            .get, "/metrics", "getMetrics", tag: "operations", "Counters of the BFF itself, for Prometheus",
            answers: [Operation.Answer(status: 200, note: "the counters", contents: [("text/plain", nil)])],
            handler: { try await $0.getMetrics($1) }),
    ]
}
