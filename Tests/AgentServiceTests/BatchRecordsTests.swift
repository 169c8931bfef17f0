import AgentService
import Events
import JSON
import MessageLog
import Runtime
import Testing

@Suite struct BatchRecordsTests {
    private let now = Timestamp(milliseconds: 1_700_000_000_500)
    private let origin = Event(
        messageID: "m", actionID: "run-1", parentActionID: "sweep-1", clientID: "c", clientVersion: "1.0.0",
        clientUsername: "u", tstamp: Timestamp(milliseconds: 1),
        visited: [
            Event.Visit(svc: "agent", tstamp: Timestamp(milliseconds: 1), version: "0", node: nil),
            Event.Visit(svc: "executor", tstamp: Timestamp(milliseconds: 2), version: "1", node: "n"),
        ],
        type: "run_submitted", payload: ["a": 1], unknown: ["later": ["x": true]])

    private func records() throws -> BatchRecords {
        try BatchRecords(origin: origin, run: "run-1", attempt: 2, host: "h\"1")
    }

    private func expected<Payload: EventPayload>(_ payload: Payload, _ id: String) throws -> Event {
        let visit = Event.Visit(svc: "agent", tstamp: now, version: Version.current, node: "h\"1")
        return try origin.following(payload, messageID: id, at: now, by: visit)
    }

    @Test func metricsReadAsTheirPayloadWrites() throws {
        let values = [
            0.1, -0.0, 3, 1e300, .leastNonzeroMagnitude, 1.0 / 3, .infinity, -.infinity, 123_456_789_012,
        ]
        let points = values.enumerated().map { place, value in
            MetricPoint(
                sequence: Int64(place) + 7, name: place == 0 ? "a \"quoted\"\\ \n\t\r\u{1}\u{1f}ü🙂" : "loss",
                value: value,
                unit: place.isMultiple(of: 2) ? nil : "m/s", step: place == 3 ? -4 : nil, time: now,
                labels: place == 2 ? ["b": "2", "a": "1\u{7f}"] : [:])
        }
        let record = try records().record(of: .metrics(points), at: now)
        #expect(record.topic == "metrics")
        #expect(record.key == "run-1")
        let event = try JSONCoding.decode(Event.self, from: record.value ?? [])
        let payload = MetricBatch(attempt: 2, host: "h\"1", points: points)
        #expect(try event == expected(payload, "run-1/agent/2/metrics/7"))
        #expect(try event.payload(as: MetricBatch.self) == payload)
    }

    @Test func whatIsNoNumberStaysSo() throws {
        let point = MetricPoint(sequence: 1, name: "loss", value: .nan, time: now)
        let record = try records().record(of: .metrics([point]), at: now)
        let event = try JSONCoding.decode(Event.self, from: record.value ?? [])
        #expect(try event.payload(as: MetricBatch.self).points.first?.value.isNaN == true)
    }

    @Test func logLinesReadAsTheirPayloadWrites() throws {
        let texts = ["", "plain", "\u{0}\u{8}\u{c}\u{1b}[31mred", "\"\\/", "\u{2028}\u{fffd}"]
        let lines = texts.enumerated().map { place, text in
            LogLine(
                sequence: Int64(place) + 1, time: now, stream: [.stdout, .stderr, .agent][place % 3],
                text: text)
        }
        let record = try records().record(of: .logs(lines), at: now)
        #expect(record.topic == "logs")
        let event = try JSONCoding.decode(Event.self, from: record.value ?? [])
        #expect(try event == expected(LogBatch(attempt: 2, lines: lines), "run-1/agent/2/logs/1"))
    }

    @Test func theEndSaysHowManyThereWere() throws {
        var counts = Collector.Counts()
        (counts.points, counts.lines, counts.dropped, counts.cutLines) = (10, 20, 3, 4)
        let events = try records().end(of: counts, at: now).map {
            try JSONCoding.decode(Event.self, from: $0.value ?? [])
        }
        #expect(events.map(\.messageID) == ["run-1/agent/2/metrics/end", "run-1/agent/2/logs/end"])
        #expect(
            try events[0].payload(as: MetricsEnded.self).end == StreamEnded(attempt: 2, count: 10, dropped: 3)
        )
        #expect(
            try events[1].payload(as: LogsEnded.self).end == StreamEnded(attempt: 2, count: 20, dropped: 4))
    }
}
