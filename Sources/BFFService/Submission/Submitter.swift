internal import API
internal import Digests
internal import Events
internal import JSON
internal import MessageLog
internal import Runtime
internal import ServiceLoop
internal import SQLite

/// Turns requests into runs on the log, each request once.
struct Submitter: Sendable {
    let log: any MessageLog
    let model: ReadModel
    let progress: ProjectionProgress
    let ids: any IDSource
    let time: any TimeSource
    let node: ServiceNode
    let failPoints: FailPoints
    private let turns = KeyedTurns()
    private let workshop = Workshop()

    /// How long a request with an idempotency key waits until every submission before it is in the read model. Without knowing them all, a
    /// repeated request cannot be told from a new one.
    private static let patience = Duration.seconds(20)

    init(
        log: any MessageLog, model: ReadModel, progress: ProjectionProgress, ids: any IDSource,
        time: any TimeSource, node: ServiceNode, failPoints: FailPoints = .none
    ) {
        self.failPoints = failPoints
        self.log = log
        self.model = model
        self.progress = progress
        self.ids = ids
        self.time = time
        self.node = node
    }

    /// Submits a request. The runs are durable when this returns.
    ///
    /// - Parameters:
    ///   - key: makes the request safe to repeat; it belongs to the client that the request names.
    ///   - isLocal: whether who asks is on this machine, and may name files of it.
    func submit(_ request: SubmitRequest, key: String?, isLocal: Bool) async throws -> SubmitResponse {
        guard let key, !request.dryRun else {
            let plan = try await plan(request, key: nil, ids: RunIDs(ids), isLocal: isLocal)
            if !request.dryRun { try await publish(plan) }
            return plan.response
        }
        return try await turns.take("\(request.client.id)\0\(key)") {
            try await submitOnce(request, key: key, isLocal: isLocal)
        }
    }

    private func submitOnce(_ request: SubmitRequest, key: String, isLocal: Bool) async throws
        -> SubmitResponse
    {
        try await seeAllSubmissions()
        let client = request.client.id
        if let earlier = try await model.read({ try $0.submissions(client: client, key: key) }) {
            guard try earlier.requestDigest == Submitter.digest(of: request) else {
                throw APIError(
                    .conflict,
                    "the idempotency key '\(key)' was used for another request, which made run \(earlier.response.runs.first?.id ?? ""): use a new key"
                )
            }
            return earlier.response
        }
        let plan = try await plan(
            request, key: key, ids: RunIDs(client: client, key: key), isLocal: isLocal)
        try await publish(plan)
        return plan.response
    }

    private func publish(_ plan: SubmissionPlan) async throws {
        _ = try await log.publish(plan.records)
        try failPoints.pass("bff.after-effect")
    }

    /// Waits until the read model has every run that is on the log now.
    private func seeAllSubmissions() async throws {
        var ends: [TopicPartition: Int64] = [:]
        // What damage hides nobody sees before it is mended. A request that is behind it and is repeated makes the same runs again, by their ids.
        let damage = progress.damage
        for partition in progress.positions.keys
        where partition.topic == Topic.runs.rawValue && damage[partition] == nil {
            ends[partition] = try await log.range(of: partition).upperBound
        }
        let patience = progress.obstacle == nil ? Submitter.patience : .zero
        guard await progress.wait(for: ends, within: patience) else {
            if let obstacle = progress.obstacle {
                throw APIError(
                    obstacle.isFull ? .full : .unavailable,
                    (obstacle.isFull ? "no space is left: free some space; " : "")
                        + "nothing was submitted, for the read model cannot be written: \(obstacle.message)")
            }
            throw APIError(
                .unavailable,
                "the read model is being built, and until it is done a repeated request cannot be told from a new one: try again, or without an idempotency key"
            )
        }
    }

    private func plan(
        _ request: SubmitRequest, key: String?, ids: RunIDs, isLocal: Bool
    ) async throws -> SubmissionPlan {
        let digest = try Submitter.digest(of: request)
        let checked = await workshop.check(request, isLocal: isLocal)
        return try await workshop.plan(
            request, checked, key: key, digest: digest, ids: ids, now: time.now, node: node)
    }

    /// What must be equal for two requests to be the same: everything but who asks with which version of the client.
    static func digest(of request: SubmitRequest) throws(JSONError) -> String {
        var compared = request
        compared.client = .anonymous
        return Digest.of(try JSONCoding.encode(compared)).hexadecimal
    }
}

/// Where descriptors are checked and become records: on a queue of its own, since the largest take seconds.
private actor Workshop {
    private let executor = QueueExecutor(label: "bai.bff.descriptors")
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    func check(_ request: SubmitRequest, isLocal: Bool) -> CheckedSubmission {
        CheckedSubmission(checking: request, isLocal: isLocal)
    }

    func plan(
        _ request: SubmitRequest, _ checked: CheckedSubmission, key: String?, digest: String, ids: RunIDs,
        now: Timestamp, node: ServiceNode
    ) throws -> SubmissionPlan {
        guard checked.mistakes.isEmpty else {
            let count = checked.mistakes.count
            throw APIError(
                .invalidDescriptor,
                "\(request.filename) has \(count == 1 ? "a mistake" : "\(count) mistakes")",
                problems: try checked.mistakes.encoded())
        }
        return try SubmissionPlan(request, checked, key: key, digest: digest, ids: ids, now: now, node: node)
    }
}
