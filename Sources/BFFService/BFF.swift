internal import API
internal import Events
internal import HTTPServer
internal import JSON
internal import MessageLog
internal import MetricStore
internal import ObjectStore
internal import Runtime
internal import ServiceLoop

/// What the API's operations work with. The operations are in `Handlers`, the table of them in `Routes`.
package struct BFF: Sendable {
    let log: any MessageLog
    let model: ReadModel
    let progress: ProjectionProgress
    let changes: Changes
    let measurements: Measurements
    let submitter: Submitter
    let replays = KeyedTurns()
    let time: any TimeSource
    let node: ServiceNode
    let output: StructuredLog
    let backlog: Backlog
    let reader = RecordReader()
    /// What runs were fetched with, and what was uploaded; nil where this service cannot reach it.
    let objects: FolderStore?
    let accessRefusals = AccessRefusals()

    /// A benchmark's own files: data has other ways.
    static let largestUpload = 256 << 20

    /// How long an answer waits for the read model to take in what was published before the question; then it tells what is there.
    static let freshness = Duration.seconds(2)

    /// Waits until what is in `topics` now is in the read model.
    ///
    /// - Returns: false when that takes longer than `deadline`: the model is being built.
    @discardableResult
    func catchUp(
        on topics: [Topic], within deadline: Duration = freshness
    ) async throws(MessageLogError) -> Bool {
        var ends: [TopicPartition: Int64] = [:]
        let damage = progress.damage
        for partition in progress.positions.keys
        where damage[partition] == nil && topics.contains(where: { $0.rawValue == partition.topic }) {
            ends[partition] = try await log.range(of: partition).upperBound
        }
        return await progress.wait(for: ends, within: deadline)
    }

    /// The id of the run that `reference` means: an id, the beginning of one, or `latest`.
    ///
    /// - Throws: `notFound`, or `ambiguous` with the candidates.
    func resolve(_ reference: String) async throws -> String {
        let reference = reference.lowercased()
        if reference == "latest" { try await catchUp(on: [.runs]) }
        var lookup = try await model.read { try $0.lookUp(reference) }
        if lookup == .missing, reference.count >= Reading.shortestPrefix {
            // It may have been submitted a moment ago.
            try await catchUp(on: [.runs])
            lookup = try await model.read { try $0.lookUp(reference) }
        }
        switch lookup {
        case .found(let id): return id
        case .ambiguous(let candidates):
            throw APIError(
                .ambiguous,
                "several runs begin with '\(reference)': \(candidates.joined(separator: ", "))"
                    + (candidates.count == Reading.mostCandidates ? " and maybe more" : ""))
        case .missing: throw BFF.noRun(reference)
        }
    }

    static func noRun(_ reference: String) -> APIError {
        if reference == "latest" { return APIError(.notFound, "there is no run yet") }
        let hint =
            reference.count < Reading.shortestPrefix
            ? " (the beginning of an id must have at least \(Reading.shortestPrefix) characters)" : ""
        return APIError(.notFound, "there is no run '\(reference)'\(hint)")
    }

    /// The record of an event that a request causes.
    ///
    /// - Parameters:
    ///   - key: the run, or what else the event is about.
    ///   - name: unique for the key, and the same when the same is asked again.
    func record(_ payload: some EventPayload, key: String, name: String) throws(JSONError) -> NewRecord {
        let now = time.now
        let origin = Event(
            messageID: "", actionID: key, clientID: "bff", clientVersion: node.version, clientUsername: "",
            tstamp: now, type: "", payload: .object([:]))
        let event = try origin.following(
            payload, messageID: "\(key)/bff/\(name)", at: now, by: node.visit(at: now))
        return NewRecord(
            topic: type(of: payload).topic.rawValue, key: key, headers: ["type": event.type],
            value: try JSONCoding.encode(event))
    }
}
