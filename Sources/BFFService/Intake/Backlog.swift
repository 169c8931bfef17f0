internal import Events
internal import MessageLog
internal import Runtime

/// How many records of pods the store has yet to take. Where it cannot keep up, pods are told to wait, who have a disk to wait with; otherwise the log
/// would grow until it is full for everybody.
struct Backlog: Sendable {
    /// So many may wait: some minutes of what a pusher takes, and less than a gigabyte of usual batches.
    static let most: Int64 = 50_000
    /// How long an answer is good for: to ask for every request would cost more than the request.
    private static let freshness = Duration.milliseconds(500)
    private static let group = "metrics-pusher"

    private struct Look: Sendable {
        var count: Int64
        var time: ContinuousClock.Instant
    }

    let log: any MessageLog
    private let last = Locked<Look?>(nil)

    init(log: any MessageLog) { self.log = log }

    /// The number, as of half a second ago at most.
    ///
    /// - Parameter partitions: how many each topic has.
    func count(partitions: Int) async throws(MessageLogError) -> Int64 {
        if let look = last.withLock({ $0 }), .now - look.time < Backlog.freshness { return look.count }
        let committed = try await log.committedOffsets(of: Backlog.group)
        var count: Int64 = 0
        for topic in [Topic.metrics, .logs] {
            for number in 0..<partitions {
                let partition = TopicPartition(topic: topic.rawValue, partition: number)
                let range = try await log.range(of: partition)
                count += range.upperBound - max(committed[partition] ?? range.lowerBound, range.lowerBound)
            }
        }
        last.withLock { $0 = Look(count: count, time: .now) }
        return count
    }
}
