internal import CommandLineArguments
internal import Deployment
internal import FoundationEssentials
internal import JSON
internal import MessageLog
internal import Runtime
internal import SQLiteLog

/// `baictl log export`: writes every sound record of the message log.
struct LogExportCommand: Subcommand {
    static let syntax = CommandSyntax(
        ["log", "export"], summary: "write every sound record of the message log, a JSON object a line",
        discussion: """
            A line has topic, partition, offset, time_ms, key and headers. `value` holds a value that is JSON, as the very
            bytes that were published; one that is not (or that has line breaks) is in `value_base64` instead, and a
            tombstone has neither. What is damaged is passed over and listed on standard error; then the exit code is
            \(ExitCode.damaged.rawValue). Works with the services up or down and changes nothing.
            """,
        options: [
            .value("topic", "NAME", "only this topic; can be given more than once", isRepeated: true),
            LogFileOption.option, LogFileOption.deadline,
        ],
        examples: [
            "baictl log export > log.ndjson", "baictl log export --topic=runs --topic=status | jq .key",
        ])

    private let file: LogFileOption
    private let topics: Set<String>?

    init(_ invocation: Invocation) throws(UsageError) {
        file = try LogFileOption(invocation)
        let topics = invocation.values("topic")
        self.topics = topics.isEmpty ? nil : Set(topics)
    }

    func run(_ context: CommandContext) async throws -> ExitCode {
        let path = file.path(context)
        let inspection = LogInspection(path, topics: topics, depth: .records, deadline: file.end)
        var (count, isSound, lost) = (0, true, LostRecords())
        let isComplete: Bool
        do throws(MessageLogError) {
            isComplete = try await inspection.walk { finding in
                switch finding {
                case .records(let records):
                    count += records.count
                    context.terminal.print(data: records.map(LogExportCommand.line).joined())
                case .problem(let problem):
                    isSound = false
                    lost.add(problem)
                    context.terminal.say("lost: \(problem.message)")
                }
            }
        } catch {
            guard error.code == .unknownTopic else { throw error }
            throw UsageError("\(error.message).")
        }
        context.terminal.say("\(path): \(count) records were written\(lost.words).")
        return try file.exitCode(isComplete: isComplete, isSound: isSound)
    }

    /// The record as one line of JSON, in this order of members, so that a person can read it.
    static func line(_ record: LogRecord) -> String {
        let (key, headers) = (
            text(.string(record.key)), text(.object(record.headers.mapValues { .string($0) }))
        )
        let place =
            "\"topic\":\(text(.string(record.topic))),\"partition\":\(record.partition),\"offset\":\(record.offset)"
        return "{\(place),\"time_ms\":\(record.time.milliseconds),\"key\":\(key),\"headers\":\(headers)"
            + "\(member(record.value))}\n"
    }

    private static func member(_ value: [UInt8]?) -> String {
        guard let value else { return "" }
        if let json = json(value) { return ",\"value\":\(json)" }
        return ",\"value_base64\":\"\(Data(value).base64EncodedString())\""
    }

    /// The value as it is, where it is JSON that fits into a line. A reader of JSON takes other encodings for it too, hence the look for zeros.
    private static func json(_ value: [UInt8]) -> String? {
        guard !value.contains(where: { $0 == 0 || $0 == 0x0a || $0 == 0x0d }),
            let text = String(validating: value, as: UTF8.self), !text.hasPrefix("\u{FEFF}"),
            (try? JSONCoding.decode(JSONValue.self, from: value)) != nil
        else { return nil }
        return text
    }

    /// Texts, and maps of them, are always JSON.
    private static func text(_ value: JSONValue) -> String { (try? JSONCoding.text(value)) ?? "null" }
}
