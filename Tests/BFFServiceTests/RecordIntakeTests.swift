import API
import Events
import JSON
import MessageLog
import Runtime
import Testing

@testable import BFFService

@Suite struct RecordIntakeTests {
    static let run = "0192f0c1-7b1e-7cc0-9d5e-5c1e2c3d4e5f"

    /// A line as an agent sends it.
    static func line(
        _ payload: some EventPayload, run: String = run, action: String? = nil, id: String = "1"
    ) throws -> String {
        let time = Timestamp(milliseconds: 1_763_700_000_000)
        let origin = Event(
            messageID: "", actionID: action ?? run, clientID: "c", clientVersion: "1", clientUsername: "ann",
            tstamp: time, type: "", payload: .object([:]), unknown: ["later": 1])
        let event = try origin.following(
            payload, messageID: "\(run)/agent/1/\(id)", at: time,
            by: Event.Visit(svc: "agent", tstamp: time, version: "1"))
        return try JSONCoding.text(event)
    }

    static func metrics(attempt: Int = 1, rank: Int = 0, _ sequences: [Int64] = [1, 2]) -> MetricBatch {
        let points = sequences.map {
            MetricPoint(sequence: $0, name: "loss", value: 0.5, time: Timestamp(milliseconds: 1))
        }
        return MetricBatch(attempt: attempt, rank: rank, host: "pod", points: points)
    }

    static func logs(attempt: Int = 1, _ sequences: [Int64] = [1]) -> LogBatch {
        LogBatch(
            attempt: attempt,
            lines: sequences.map {
                LogLine(sequence: $0, time: Timestamp(milliseconds: 1), stream: .stdout, text: "hi")
            })
    }

    private func taken(_ text: String) throws(APIError) -> [NewRecord] {
        try RecordIntake(run: Self.run, attempt: 1).records(in: Array(text.utf8))
    }

    @Test func linesBecomeRecordsAsTheyCame() throws {
        let lines = [
            try Self.line(Self.metrics()), try Self.line(Self.logs()),
            try Self.line(MetricsEnded(end: StreamEnded(attempt: 1, count: 2))),
            try Self.line(LogsEnded(end: StreamEnded(attempt: 1, count: 1))),
        ]
        let records = try taken(lines.joined(separator: "\n") + "\n\r\n")
        #expect(records.map(\.topic) == ["metrics", "logs", "metrics", "logs"])
        #expect(records.allSatisfy { $0.key == Self.run })
        #expect(
            records.map { $0.headers["type"] } == [
                "metric_batch", "log_batch", "metrics_ended", "logs_ended",
            ])
        #expect(records.map(\.value) == lines.map { Array($0.utf8) })
    }

    @Test func theLineThatCannotBeTakenIsNamed() throws {
        let good = try Self.line(Self.metrics())
        let bad: [(String, String)] = [
            ("{", "line 2"), ("[]", "line 2"), ("null", "line 2"), ("\u{0}", "line 2"),
            (try Self.line(Self.metrics(), action: "another"), "action_id"),
            (try Self.line(Self.metrics(), run: "another", action: Self.run), "message_id"),
            (try Self.line(Self.metrics(attempt: 2)), "attempt"),
            (try Self.line(Self.logs(attempt: 0)), "attempt"),
            (try Self.line(Self.metrics(rank: -1)), "rank"),
            (try Self.line(Self.metrics([0])), "upwards"),
            (try Self.line(Self.metrics([2, 1])), "upwards"), (try Self.line(Self.logs([3, 3])), "upwards"),
            (try Self.line(LogsEnded(end: StreamEnded(attempt: 1, count: -1))), "below 0"),
            (try Self.line(MetricsEnded(end: StreamEnded(attempt: 7, count: 1))), "attempt"),
            // Nobody becomes another service by sending what only that one may say.
            (
                try Self.line(StatusChanged(status: .succeeded, message: "done", attempt: 1, name: "x")),
                "nothing that an attempt's agent says"
            ),
            (try Self.line(Command(kind: .delete)), "nothing that an attempt's agent says"),
            (good.replacing("metric_batch", with: "log_batch"), "line 2"),
            (good.replacing(#""v":1"#, with: #""v":99"#), "newer"),
        ]
        for (line, words) in bad {
            let error = #expect(throws: APIError.self) { try taken("\(good)\n\(line)\n\(good)") }
            #expect(error?.code == .invalidRequest)
            if words != "message_id" {
                #expect(error?.message.hasPrefix("line 2: ") == true, "\(line): \(error?.message ?? "")")
            }
            #expect(error?.message.contains(words) == true, "\(line): \(error?.message ?? "")")
        }
    }

    @Test func nothingIsNoRecords() {
        for text in ["", "\n", " \r\n\n"] { #expect(throws: APIError.self) { try taken(text) } }
    }

    @Test func rangesAreReadAsTheStandardSays() {
        let cases: [(String, Int64, Range<Int64>?)] = [
            ("bytes=0-4", 10, 0..<5), ("bytes=5-", 10, 5..<10), ("bytes=-3", 10, 7..<10),
            ("bytes=-30", 10, 0..<10), ("bytes=5-100", 10, 5..<10), ("bytes=10-", 10, nil),
            ("bytes=-0", 10, nil),
            ("bytes=0-9223372036854775807", 10, 0..<10), ("bytes=0-0", 0, nil),
        ]
        for (text, size, range) in cases { #expect(ByteRange(text)?.within(size) == range, "\(text)") }
        for text in [
            "bytes=", "bytes=-", "bytes=5-4", "bytes=a-b", "bytes=0-1,3-4", "bytes=+1-2", "lines=1-2",
            "bytes=--1",
        ] {
            #expect(ByteRange(text) == nil, "\(text)")
        }
    }
}
