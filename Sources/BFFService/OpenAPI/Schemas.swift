internal import API
internal import Descriptors
internal import Events

/// The schemas that have a name: the types of target API, and those of the events that they are made of. A test holds them against real answers.
enum Schemas {
    static let all: [(name: String, schema: Schema)] = requests + runs + streams + measurements + operations

    /// The schema of one page of a list.
    static func page(of item: String) -> Schema {
        .object([
            Schema.Member("items", .array(.named(item))),
            .optional("next", .string, "give it as `cursor` to get the next page; absent on the last"),
        ])
    }

    private static let requests: [(String, Schema)] = [
        (
            "SubmitRequest",
            .object([
                Schema.Member("descriptor", .string, "the text of the descriptor (TOML)"),
                .optional("filename", .string, "the name of its file, for messages"),
                .optional(
                    "directory", .string,
                    "the folder that relative paths start from, absolute; only heeded over the unix socket"),
                .optional(
                    "overrides", .array(.string), "`key=value`, each replaces a value of the descriptor"),
                .optional(
                    "script", .string,
                    "a folder or file that goes to the benchmark's work folder, absolute; only over the unix socket"
                ),
                .optional(
                    "upload", .string,
                    "the SHA-256 of an uploaded archive, unpacked into the benchmark's work folder"),
                .optional("dry_run", .boolean, "only check, and answer what would be submitted"),
                .optional("client", .named("Client")),
            ])
        ),
        ("RecordsReceipt", .object([Schema.Member("records", .integer, "how many records are durable now")])),
        (
            "UploadReceipt",
            .object([
                Schema.Member("sha256", .string), Schema.Member("size", .integer, "in bytes"),
            ])
        ),
        (
            "Client",
            .object([
                .optional("id", .string, "idempotency keys belong to it"), .optional("version", .string),
                .optional("username", .string),
            ])
        ),
        (
            "SubmitResponse",
            .object([
                Schema.Member("runs", .array(.named("SubmittedRun")), "in the order of the matrix"),
                .optional("sweep", .string, "the id of the sweep that they belong to"),
                Schema.Member("repeated", .boolean, "an earlier request with this idempotency key made them"),
                Schema.Member("warnings", .array(.named("Problem"))),
            ])
        ),
        (
            "SubmittedRun",
            .object([
                Schema.Member("id", .string), Schema.Member("name", .string),
                Schema.Member("parameters", .map(.any), "its values of the matrix"),
            ])
        ),
        (
            "CancelRequest",
            .object([
                .optional("reason", .string, "for people"),
                .optional("force", .boolean, "kill at once instead of asking first"),
            ])
        ),
        (
            "Error",
            .object([
                Schema.Member(
                    "error",
                    .object([
                        Schema.Member("code", .oneOf(APIErrorCode.allCases.map(\.rawValue))),
                        Schema.Member("message", .string, "what was tried, what is wrong, what to do"),
                        .optional("problems", .array(.named("Problem")), "the mistakes in a descriptor"),
                    ]))
            ])
        ),
        (
            "Problem",
            .object([
                Schema.Member("code", .string), Schema.Member("severity", .oneOf(["error", "warning"])),
                Schema.Member("message", .string), .optional("key", .string), .optional("source", .string),
                .optional("line", .integer), .optional("column", .integer), .optional("excerpt", .map(.any)),
                .optional("expected", .string), .optional("suggestion", .string), .optional("note", .string),
            ])
        ),
    ]

    private static let status = Schema.oneOf(RunStatus.allCases.map(\.rawValue))

    private static let runs: [(String, Schema)] = [
        ("RunStatus", status),
        (
            "RunSummary",
            .object([
                Schema.Member("id", .string), Schema.Member("name", .string),
                Schema.Member("status", .named("RunStatus")), .optional("reason", .string, "a stable code"),
                Schema.Member("message", .string), Schema.Member("attempt", .integer, "0 before the first"),
                .optional("position", .integer, "how many go first, while it is queued"),
                Schema.Member("labels", .map(.string)), Schema.Member("parameters", .map(.any)),
                .optional("sweep", .string), Schema.Member("submitted", .timestamp),
                .optional("finished", .timestamp), Schema.Member("username", .string),
            ])
        ),
        (
            "RunDetail",
            .object([
                Schema.Member("summary", .named("RunSummary")),
                Schema.Member("history", .array(.named("HistoryStep"))),
                Schema.Member("jobs", .array(.named("Job"))),
                Schema.Member("attempts", .array(.named("AttemptFinished"))),
                Schema.Member("contents", .array(.named("FetchedContent"))),
                Schema.Member("results", .array(.named("Result"))),
                Schema.Member("alarms", .array(.named("Alarm"))),
                Schema.Member("problems", .array(.string), "why the results are not valid"),
                Schema.Member("warnings", .array(.string), "reasons to look twice at what is valid"),
                Schema.Member(
                    "analyzed", .boolean, "the run has ended and its results have been looked at for alarms"),
                Schema.Member("source", .named("DescriptorSource")),
                Schema.Member("descriptor", .any, "the checked descriptor with everything applied"),
            ])
        ),
        (
            "HistoryStep",
            .object([
                Schema.Member("status", .named("RunStatus")), .optional("reason", .string),
                Schema.Member("message", .string), Schema.Member("attempt", .integer),
                Schema.Member("time", .timestamp),
            ])
        ),
        (
            "Attempt",
            .object([
                Schema.Member("number", .integer), Schema.Member("repetition", .integer),
                Schema.Member("is_warmup", .boolean),
            ])
        ),
        (
            "Job",
            .object([
                Schema.Member("attempt", .named("Attempt")), Schema.Member("runner", .string),
                Schema.Member("reference", .string), Schema.Member("created", .timestamp),
            ])
        ),
        (
            "AttemptFinished",
            .object([
                Schema.Member("attempt", .named("Attempt")),
                Schema.Member(
                    "outcome",
                    .object([
                        Schema.Member("status", .named("RunStatus")), Schema.Member("reason", .string),
                        Schema.Member("message", .string),
                        .optional("failure", .oneOf(FailureClass.allCases.map(\.rawValue))),
                        .optional("exit_code", .integer), .optional("signal", .integer),
                        .optional("started", .timestamp), Schema.Member("finished", .timestamp),
                        .optional("cpu_seconds", .number), .optional("peak_memory_bytes", .integer),
                        .optional("metric_count", .integer), .optional("log_count", .integer),
                        .optional("dropped_metrics", .integer), Schema.Member("environment", .map(.any)),
                        Schema.Member("disturbances", .array(.string)),
                    ])),
            ])
        ),
        (
            "FetchedContent",
            .object([
                Schema.Member("role", .oneOf(["dataset", "model", "script"])), Schema.Member("id", .string),
                Schema.Member("source", .string), .optional("path", .string),
                Schema.Member("kind", .oneOf(["file", "directory"])), Schema.Member("sha256", .string),
                Schema.Member("size", .integer, "in bytes"),
            ])
        ),
        (
            "DescriptorSource",
            .object([
                Schema.Member("filename", .string), Schema.Member("document", .string),
                Schema.Member("sha256", .string), .optional("directory", .string),
            ])
        ),
        (
            "RunDescriptor",
            .object([
                Schema.Member("run", .string), Schema.Member("source", .named("DescriptorSource")),
                Schema.Member("descriptor", .any),
            ])
        ),
    ]

    private static let streams: [(String, Schema)] = [
        (
            "RunEvent",
            .object([
                Schema.Member("cursor", .string, "where to go on from"),
                Schema.Member("id", .string, "the same event has the same one for ever"),
                Schema.Member("run", .string), Schema.Member("name", .string),
                Schema.Member("time", .timestamp),
                Schema.Member("kind", .oneOf(RunEvent.Kind.allCases.map(\.rawValue))),
                .optional("status", .named("RunStatus")), .optional("reason", .string),
                Schema.Member("message", .string), Schema.Member("attempt", .integer),
                .optional("position", .integer), .optional("series", .string), .optional("alarm", .string),
            ])
        ),
        (
            "LogEntry",
            .object([
                Schema.Member("cursor", .string), Schema.Member("attempt", .integer),
                Schema.Member("rank", .integer), Schema.Member("sequence", .integer),
                Schema.Member("time", .timestamp),
                Schema.Member("stream", .oneOf(["stdout", "stderr", "agent"])),
                Schema.Member("text", .string),
            ])
        ),
    ]
}
