internal import API
internal import Events
internal import JSON
internal import MessageLog
internal import Runtime

/// Turns what a pod delivers into records of the log: all of it is good, or none of it is taken. Pure.
struct RecordIntake {
    /// A body of more bytes is refused: what is in memory at a time is bounded by it. An agent sends a quarter of that at once.
    static let mostBytes = 4 * DeliveredRecords.mostBytes
    private static let longestID = 512

    let run: String
    let attempt: Int

    /// The records of a body's lines; empty lines say nothing.
    ///
    /// - Throws: `invalidRequest` with the number of the first line that cannot be taken, and why.
    func records(in body: [UInt8]) throws(APIError) -> [NewRecord] {
        let delivered: [DeliveredRecords.Record]
        do {
            delivered = try DeliveredRecords.read(body, run: run, attempt: attempt)
        } catch {
            throw APIError(.invalidRequest, error.description)
        }
        guard !delivered.isEmpty else { throw APIError(.invalidRequest, "the body holds no record") }
        for record in delivered {
            // By these ids repeated messages are known: one run's must never look like another's.
            let id = record.event.messageID
            guard id.hasPrefix("\(run)/"), id.utf8.count <= RecordIntake.longestID else {
                throw APIError(
                    .invalidRequest,
                    "the message_id '\(id.prefix(64))' does not begin with the run's id and a slash, or is longer than \(RecordIntake.longestID) bytes"
                )
            }
        }
        // As they came: what this version does not know of them travels on.
        return delivered.map {
            NewRecord(
                topic: $0.topic.rawValue, key: run, headers: ["type": $0.event.type], value: $0.text)
        }
    }
}

/// Reads what pods send on a queue of its own: megabytes of JSON take longer than another request should wait for a thread.
actor RecordReader {
    private let executor = QueueExecutor(label: "bai.bff.intake")
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    func records(in body: [UInt8], by intake: RecordIntake) throws(APIError) -> [NewRecord] {
        try intake.records(in: body)
    }
}
