internal import MessageLog
internal import Runtime

/// What was found to have nothing new, so that nobody looks again before something was written there: who consumes many partitions would read all
/// of them each time that one has a record.
struct Quiet {
    /// How long it is believed that nothing came because nobody said so: whoever committed may have died before saying it. A little less than
    /// those who wait sleep between two looks, so that the second one looks indeed.
    static let trust = Duration.milliseconds(900)

    private struct Look<Value: Sendable> {
        var value: Value
        var mark: News.Mark
        var end: ContinuousClock.Instant

        func isGood(at mark: News.Mark) -> Bool { self.mark == mark && ContinuousClock.now < end }
    }

    /// Ends of partitions.
    private var ends: [TopicPartition: Look<Int64>] = [:]
    /// Versions of groups.
    private var versions: [String: Look<Int64>] = [:]

    /// Takes down that the partition's next offset was this one, seen after `mark` was taken.
    mutating func ends(_ partition: TopicPartition, at offset: Int64, _ mark: News.Mark) {
        ends[partition] = Look(value: offset, mark: mark, end: .now + Quiet.trust)
    }

    /// Whether the partition ends at the offset still.
    func isEnd(_ offset: Int64, of partition: TopicPartition, _ mark: News.Mark) -> Bool {
        guard let look = ends[partition] else { return false }
        return look.value == offset && look.isGood(at: mark)
    }

    /// Takes down a group's version.
    mutating func saw(_ version: Int64, of group: String, _ mark: News.Mark) {
        versions[group] = Look(value: version, mark: mark, end: .now + Quiet.trust)
    }

    /// The group's version, if it is the same still.
    func version(of group: String, _ mark: News.Mark) -> Int64? {
        versions[group].flatMap { $0.isGood(at: mark) ? $0.value : nil }
    }
}
