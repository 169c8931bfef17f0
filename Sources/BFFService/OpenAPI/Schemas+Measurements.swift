internal import Descriptors
internal import Events

extension Schemas {
    static let measurements: [(String, Schema)] = [
        (
            "RunMetrics",
            .object([
                Schema.Member("run", .string), Schema.Member("status", .named("RunStatus")),
                Schema.Member("results", .array(.named("Result"))),
                Schema.Member("problems", .array(.string), "why they are not valid"),
                Schema.Member("warnings", .array(.string), "reasons to look twice at what is valid"),
            ])
        ),
        (
            "Series",
            .object([
                Schema.Member("id", .string), Schema.Member("benchmark", .string),
                Schema.Member("metric", .string), .optional("unit", .string),
                Schema.Member("fingerprint", .string, "of the environment"),
                Schema.Member("labels", .map(.string)),
            ])
        ),
        (
            "Result",
            .object([
                Schema.Member("run", .string), Schema.Member("series", .named("Series")),
                Schema.Member(
                    "direction", .oneOf(MetricDirection.allCases.map(\.rawValue)), "which way is better"),
                Schema.Member("samples", .array(.number), "one for each attempt that counts"),
                Schema.Member("median", .number), Schema.Member("mean", .number),
                .optional("interval", .named("Interval")), Schema.Member("minimum", .number),
                Schema.Member("maximum", .number), Schema.Member("point_count", .integer),
                Schema.Member("valid", .boolean), Schema.Member("problems", .array(.string)),
                Schema.Member("warnings", .array(.string), "reasons to look twice at what is valid"),
                Schema.Member("finished", .timestamp), Schema.Member("rules", .array(.named("AlarmRule"))),
                Schema.Member("labels", .map(.string)),
            ])
        ),
        (
            "Interval",
            .object([
                Schema.Member("low", .number), Schema.Member("high", .number),
                Schema.Member("confidence", .number, "0.95 is 95 %"),
            ])
        ),
        (
            "AlarmRule",
            .object([
                Schema.Member("metric", .string), .optional("above", .number), .optional("below", .number),
                .optional("regression", .any), Schema.Member("severity", .oneOf(["warning", "critical"])),
                Schema.Member("notify", .array(.string)), Schema.Member("statistic", .string),
            ])
        ),
        (
            "Alarm",
            .object([
                Schema.Member("id", .string), Schema.Member("series", .named("Series")),
                Schema.Member("rule", .named("AlarmRule")),
                Schema.Member("state", .oneOf(Alarm.State.allCases.map(\.rawValue))),
                Schema.Member("message", .string), Schema.Member("run", .string, "which raised it"),
                Schema.Member("value", .number), Schema.Member("opened", .timestamp),
                .optional("resolved_by", .string, "the run that was fine again"),
                .optional("resolved", .timestamp),
                Schema.Member("problems", .array(.string), "what could not be done about it"),
            ])
        ),
        (
            "MetricEntry",
            .object([
                Schema.Member("attempt", .integer), Schema.Member("rank", .integer),
                Schema.Member("point", .named("MetricPoint")),
                Schema.Member("accepted", .boolean, "its attempt counts"),
            ])
        ),
        (
            "MetricPoint",
            .object([
                Schema.Member("sequence", .integer), Schema.Member("name", .string),
                Schema.Member("value", .number), .optional("unit", .string), .optional("step", .integer),
                Schema.Member("time", .timestamp), Schema.Member("labels", .map(.string)),
            ])
        ),
        (
            "SeriesSummary",
            .object([
                Schema.Member("series", .named("Series")), Schema.Member("count", .integer),
                Schema.Member("last", .named("Result")),
            ])
        ),
        (
            "SeriesDetail",
            .object([
                Schema.Member("series", .named("Series")),
                Schema.Member("results", .array(.named("Result")), "newest first"),
                Schema.Member("alarms", .array(.named("Alarm")), "those that are not resolved"),
                .optional("next", .string, "give it as `cursor` to get older results"),
            ])
        ),
    ]

    static let operations: [(String, Schema)] = [
        (
            "HealthReport",
            .object([
                Schema.Member("status", .oneOf(["ok", "degraded"])), Schema.Member("version", .string),
                Schema.Member("lag", .map(.integer), "how many records each service has yet to take"),
                Schema.Member("problems", .array(.string)),
            ])
        ),
        (
            "VersionReport",
            .object([Schema.Member("version", .string), Schema.Member("api", .string)])
        ),
        (
            "DeadLetter",
            .object([
                Schema.Member("service", .string), Schema.Member("topic", .string),
                Schema.Member("partition", .integer), Schema.Member("offset", .integer),
                Schema.Member("key", .string), Schema.Member("headers", .map(.string)),
                .optional("text", .string, "the record's value"),
                .optional("bytes", .string, "the same in base64 where it is no text"),
                Schema.Member("reason", .string), Schema.Member("tries", .integer),
                .optional("damaged", .boolean, "true: the value is not what was published"),
            ])
        ),
        (
            "DeadLetterEntry",
            .object([
                Schema.Member("id", .string), Schema.Member("time", .timestamp),
                Schema.Member("letter", .named("DeadLetter")), .optional("replayed", .timestamp),
            ])
        ),
        (
            "ReplayResponse",
            .object([
                Schema.Member("id", .string), Schema.Member("topic", .string), Schema.Member("key", .string),
                Schema.Member("position", .string),
            ])
        ),
    ]
}
