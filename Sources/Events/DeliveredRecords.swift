package import JSON

/// How the agent in a pod delivers what it collects: the very events that an agent beside the log publishes, one JSON text a line.
///
/// By HTTP: `POST <server>/v1/runs/<run>/attempts/<attempt>/records` with `Authorization: Bearer <the run's token>`, lines as body. 2xx: they are durable. 401, 403,
/// 404 and 410: they are not wanted, now or later. 413: send fewer at once. 429, 503 and no answer: keep them and try again. A line may come again, word by word,
/// when an answer was lost.
///
/// By the container's log: each event on a line of its own behind `printedPrefix`; other lines are no records.
package enum DeliveredRecords {
    /// One event of an attempt, as it came.
    package struct Record: Equatable, Sendable {
        package var event: Event
        package var topic: Topic
        /// The event's own text, without the end of the line: the record's value on the log.
        package var text: [UInt8]
    }

    package static let contentType = "application/x-ndjson"
    /// The most bytes of one body that an agent sends, unless a single line is longer.
    package static let mostBytes = 1 << 20
    /// What stands before an event in a container's log.
    package static let printedPrefix = "bai-record "

    /// Where an attempt's records are delivered, below the server's address.
    ///
    /// - Parameter run: percent-encoded already.
    package static func path(run: String, attempt: Int) -> String {
        "/v1/runs/\(run)/attempts/\(attempt)/records"
    }

    /// Reads the body of a delivery.
    ///
    /// - Throws: the first line that is no event of this attempt's agent, by its number from 1. Then nothing of the body is to be taken.
    package static func read(
        _ body: some Collection<UInt8>, run: String, attempt: Int
    ) throws(JSONError) -> [Record] {
        var records: [Record] = []
        let lines = body.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            // A blank one counts, and says nothing.
            if line.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\r") }) { continue }
            do throws(JSONError) {
                records.append(try record(Array(line), run: run, attempt: attempt))
            } catch {
                throw JSONError(path: "line \(index + 1)", message: error.description)
            }
        }
        return records
    }

    /// Reads a line of a container's log.
    ///
    /// - Returns: nil for a line that is no record.
    package static func read(
        printed line: String, run: String, attempt: Int
    ) throws(JSONError) -> Record? {
        guard line.hasPrefix(printedPrefix) else { return nil }
        return try record(Array(line.utf8.dropFirst(printedPrefix.utf8.count)), run: run, attempt: attempt)
    }

    private static func record(_ text: [UInt8], run: String, attempt: Int) throws(JSONError) -> Record {
        let event = try JSONCoding.decode(Event.self, from: text)
        guard event.actionID == run else {
            throw JSONError(path: "action_id", message: "is of another run")
        }
        let (topic, own) = try place(of: event)
        guard own == attempt else {
            throw JSONError(path: "payload.attempt", message: "is \(own), not \(attempt)")
        }
        return Record(event: event, topic: topic, text: text)
    }

    /// The topic of an event and the attempt that it is of.
    private static func place(of event: Event) throws(JSONError) -> (Topic, attempt: Int) {
        switch event.type {
        case MetricBatch.type:
            let batch = try event.payload(as: MetricBatch.self)
            try check(batch.rank, batch.points.map(\.sequence), of: "points")
            return (MetricBatch.topic, batch.attempt)
        case LogBatch.type:
            let batch = try event.payload(as: LogBatch.self)
            try check(batch.rank, batch.lines.map(\.sequence), of: "lines")
            return (LogBatch.topic, batch.attempt)
        case MetricsEnded.type:
            return (MetricsEnded.topic, try attempt(of: event.payload(as: MetricsEnded.self).end))
        case LogsEnded.type:
            return (LogsEnded.topic, try attempt(of: event.payload(as: LogsEnded.self).end))
        default:
            throw JSONError(
                path: "type",
                message: "\"\(event.type.prefix(64))\" is nothing that an attempt's agent says")
        }
    }

    private static func attempt(of end: StreamEnded) throws(JSONError) -> Int {
        try check(end.rank, [], of: "")
        guard end.count >= 0, end.dropped >= 0 else {
            throw JSONError(path: "payload.end", message: "a count is below 0")
        }
        return end.attempt
    }

    /// That the stream can be one, and that its numbers go upwards from 1, as everything behind the log relies on.
    private static func check(_ rank: Int, _ sequences: [Int64], of what: String) throws(JSONError) {
        guard (0...mostRanks).contains(rank) else {
            throw JSONError(path: "payload.rank", message: "is \(rank)")
        }
        let isUpwards = zip(sequences, sequences.dropFirst()).allSatisfy { $0 < $1 }
        guard sequences.first ?? 1 >= 1, isUpwards else {
            throw JSONError(path: "payload.\(what)", message: "must be numbered upwards from 1")
        }
    }

    /// More processes than any cluster runs for one benchmark.
    private static let mostRanks = 1_000_000
}
