package import Events
package import JSON
package import MessageLog
package import Runtime

/// What an attempt's agent publishes, as records of the log.
package struct BatchRecords: Sendable {
    private let run: String
    private let attempt: Int
    private let rank: Int
    private let host: String
    private let node: String
    /// Who handled the run before the agent.
    private let visited: [Event.Visit]
    /// The text of the envelope's members that are the same in every event, without the closing brace.
    private let envelope: String

    /// - Parameters:
    ///   - origin: the envelope that everything of the attempt follows from.
    ///   - rank: which of the attempt's streams of numbers it is.
    ///   - host: the machine that is measured.
    ///   - node: where the agent is, if that has another name.
    package init(
        origin: Event, run: String, attempt: Int, rank: Int = 0, host: String, node: String? = nil
    ) throws(JSONError) {
        self.run = run
        self.attempt = attempt
        self.rank = rank
        self.host = host
        self.node = node ?? host
        visited = origin.visited.filter { $0.svc != BatchRecords.service }
        var members = try JSONCoding.tree(origin)
        for name in ["message_id", "payload", "tstamp", "type", "visited"] { members[name] = nil }
        envelope = String(try JSONCoding.text(members).dropLast())
    }

    /// The stream's part of message ids.
    private var stream: String { rank == 0 ? "\(attempt)" : "\(attempt).\(rank)" }

    /// The name that the agent has in events.
    private static let service = "agent"

    /// The record of a batch. Its message id follows from the first number in it, so that publishing it twice can be seen.
    package func record(of batch: Collector.Batch, at time: Timestamp) throws(JSONError) -> NewRecord {
        var text = PayloadText()
        switch batch {
        case .metrics(let points):
            text.metricBatch(attempt: attempt, rank: rank, host: host, points: points)
            return try record(
                MetricBatch.self, text.bytes, name: "metrics/\(points.first?.sequence ?? 0)", at: time)
        case .logs(let lines):
            text.logBatch(attempt: attempt, rank: rank, lines: lines)
            return try record(LogBatch.self, text.bytes, name: "logs/\(lines.first?.sequence ?? 0)", at: time)
        }
    }

    /// The last word on the attempt: how many points and lines there were.
    package func end(of counts: Collector.Counts, at time: Timestamp) throws(JSONError) -> [NewRecord] {
        let metrics = MetricsEnded(
            end: StreamEnded(attempt: attempt, rank: rank, count: counts.points, dropped: counts.dropped))
        let logs = LogsEnded(
            end: StreamEnded(attempt: attempt, rank: rank, count: counts.lines, dropped: counts.cutLines))
        return [
            try record(MetricsEnded.self, JSONCoding.encode(metrics), name: "metrics/end", at: time),
            try record(LogsEnded.self, JSONCoding.encode(logs), name: "logs/end", at: time),
        ]
    }

    private func record<Payload: EventPayload>(
        _ type: Payload.Type, _ payload: [UInt8], name: String, at time: Timestamp
    ) throws(JSONError) -> NewRecord {
        let visit = Event.Visit(svc: BatchRecords.service, tstamp: time, version: Version.current, node: node)
        var text = PayloadText()
        text.put(envelope)
        text.put(#","message_id":"#)
        text.put(quoted: "\(run)/\(BatchRecords.service)/\(stream)/\(name)")
        text.put(#","tstamp":\#(time.milliseconds),"type":"\#(Payload.type)","visited":"#)
        text.put(try JSONCoding.text(visited + [visit]))
        text.put(#","payload":"#)
        return NewRecord(
            topic: Payload.topic.rawValue, key: run, headers: ["type": Payload.type],
            value: text.bytes + payload + [UInt8(ascii: "}")])
    }
}
