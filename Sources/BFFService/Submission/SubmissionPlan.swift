internal import API
internal import Descriptors
internal import Digests
internal import Events
internal import JSON
internal import MessageLog
internal import Runtime
internal import ServiceLoop

/// What a checked request comes to: the answer, and the records that make it true. Pure.
struct SubmissionPlan {
    /// The most bytes that one submission publishes. Every run carries its descriptor, and they are published together or not at all.
    static let largest = 128 << 20

    var response: SubmitResponse
    var records: [NewRecord]

    /// - Parameter digest: of the request, by which a repeated idempotency key is known to come with the same request.
    init(
        _ request: SubmitRequest, _ checked: CheckedSubmission, key: String?, digest: String, ids: RunIDs,
        now: Timestamp, node: ServiceNode
    ) throws {
        let source = RunSubmitted.DescriptorSource(
            filename: request.filename, document: request.descriptor,
            sha256: Digest.of(request.descriptor).hexadecimal, directory: request.directory)
        let count = checked.combinations.count
        let sweep = count > 1 ? ids.sweep : nil
        response = SubmitResponse(runs: [], sweep: sweep, warnings: try checked.warnings.encoded())
        records = []
        var size = 0
        for (index, run) in checked.combinations.enumerated() {
            let payload = RunSubmitted(
                name: RunSubmitted.name(of: run.descriptor, filename: request.filename),
                descriptor: run.descriptor,
                source: source, parameters: run.values,
                sweep: sweep.map { RunSubmitted.Sweep(id: $0, index: index, count: count) },
                idempotencyKey: key, requestDigest: digest, submitted: now)
            let id = ids.run(index)
            let record = try SubmissionPlan.record(payload, run: id, sweep: sweep, request.client, now, node)
            size += record.value?.count ?? 0
            if size > SubmissionPlan.largest { throw SubmissionPlan.tooLarge(count) }
            records.append(record)
            response.runs.append(
                SubmitResponse.Submitted(id: id, name: payload.name, parameters: run.values))
        }
    }

    private static func record(
        _ payload: RunSubmitted, run: String, sweep: String?, _ client: SubmitRequest.Client,
        _ now: Timestamp,
        _ node: ServiceNode
    ) throws -> NewRecord {
        let origin = Event(
            messageID: "", actionID: run, parentActionID: sweep, clientID: client.id,
            clientVersion: client.version, clientUsername: client.username, tstamp: now, type: "",
            payload: .object([:]))
        let event = try origin.following(
            payload, messageID: "\(run)/bff/submitted", at: now, by: node.visit(at: now))
        return NewRecord(
            topic: Topic.runs.rawValue, key: run, headers: ["type": event.type],
            value: try JSONCoding.encode(event))
    }

    private static func tooLarge(_ count: Int) -> APIError {
        APIError(
            .tooLarge,
            "the \(count) runs of the matrix take more than \(largest >> 20) MiB together, since each carries its descriptor: submit a smaller matrix, or a shorter descriptor"
        )
    }
}
