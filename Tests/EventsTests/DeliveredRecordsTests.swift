import Events
import JSON
import Runtime
import Testing

@Suite struct DeliveredRecordsTests {
    private func line<Payload: EventPayload>(_ payload: Payload, run: String = "r1") throws -> String {
        var tree = try JSONCoding.tree(payload)
        tree["v"] = 1
        return try JSONCoding.text(
            Event(
                messageID: "m", actionID: run, clientID: "c", clientVersion: "1", clientUsername: "u",
                tstamp: Timestamp(milliseconds: 1), type: Payload.type, payload: tree))
    }

    @Test func whatAnAgentSaysIsReadAsItCame() throws {
        let lines = [
            try line(MetricBatch(attempt: 2, rank: 1, host: "n", points: [])),
            try line(LogBatch(attempt: 2, rank: 1, lines: [])),
            try line(MetricsEnded(end: StreamEnded(attempt: 2, rank: 1, count: 0))),
            try line(LogsEnded(end: StreamEnded(attempt: 2, rank: 1, count: 0))),
        ]
        let records = try DeliveredRecords.read(
            Array((lines.joined(separator: "\n") + "\n").utf8), run: "r1", attempt: 2)
        #expect(records.map { String(decoding: $0.text, as: UTF8.self) } == lines)
        #expect(records.map(\.topic) == [.metrics, .logs, .metrics, .logs])
    }

    @Test func aLineOfAnotherRunOrAttemptOrKindSpoilsTheWholeBody() throws {
        let good = try line(LogBatch(attempt: 2, lines: []))
        let bad = [
            try line(LogBatch(attempt: 2, lines: []), run: "r2"), try line(LogBatch(attempt: 1, lines: [])),
            try line(Command(kind: .cancel)), "{\"half\":", "null",
        ]
        for line in bad {
            let error = #expect(throws: JSONError.self) {
                try DeliveredRecords.read(Array("\(good)\n\(line)\n".utf8), run: "r1", attempt: 2)
            }
            #expect(error?.path == "line 2")
        }
    }

    @Test func onlyMarkedLinesOfALogAreRecords() throws {
        let event = try line(LogBatch(attempt: 2, lines: []))
        #expect(try DeliveredRecords.read(printed: "starting", run: "r1", attempt: 2) == nil)
        #expect(try DeliveredRecords.read(printed: event, run: "r1", attempt: 2) == nil)
        let record = try DeliveredRecords.read(printed: "bai-record \(event)", run: "r1", attempt: 2)
        #expect(record?.text == Array(event.utf8))
    }
}
