package import Runtime

/// A durable, partitioned log of records: topics, keys, consumer groups with committed offsets, and transactions that publish and commit together.
///
/// Every implementation passes `MessageLogConformanceTests`. A record's partition follows from its key, with the same number of
/// partitions for every topic, so that all records of one run are in the same partition of each topic.
package protocol MessageLog: Sendable {
    /// Makes the topics that are not there yet. How those that are there are cleaned up stays as it is.
    ///
    /// - Throws: `invalidTopic` when one asks for another number of partitions than the topics that are there.
    func create(_ topics: [TopicConfiguration]) async throws(MessageLogError)

    /// The topics there are, by name.
    func topics() async throws(MessageLogError) -> [TopicConfiguration]

    /// Publishes all of `records` or none. They are durable when this returns.
    ///
    /// - Returns: where each record went, in the order given.
    func publish(_ records: [NewRecord]) async throws(MessageLogError) -> [RecordPosition]

    /// Reads records from `offset` on, in order, at most `limit.records` and about `limit.bytes` (always at least one record if there is one).
    /// Offsets that retention or compaction has removed are passed over.
    ///
    /// - Throws: `offsetOutOfRange` beyond the end; `corrupt` where a record is not what was written, with its position. What comes before that
    ///   record can still be read, and so can every other partition.
    func read(_ partition: TopicPartition, from offset: Int64, limit: ReadLimit) async throws(MessageLogError)
        -> [LogRecord]

    /// The first offset that is still there and the offset that the next record will get.
    func range(of partition: TopicPartition) async throws(MessageLogError) -> Range<Int64>

    /// Returns true as soon as any of the partitions has a record at or after its offset, false after `timeout` or when the task is cancelled.
    /// Wakes within milliseconds of a publish in another process, without busy polling.
    func wait(for positions: [TopicPartition: Int64], timeout: Duration) async throws(MessageLogError) -> Bool

    /// Joins a consumer group. The member takes part in it until it leaves or its process ends.
    ///
    /// - Parameter topics: what the group consumes; every member of a group must name the same ones.
    /// - Throws: `unavailable` while a member that names other ones (another version of the program) is still there.
    func join(group: String, topics: [String], settings: GroupSettings) async throws(MessageLogError)
        -> any GroupMember

    /// The offsets that a group has committed: the next one it will take, for each partition that it ever committed.
    func committedOffsets(of group: String) async throws(MessageLogError) -> [TopicPartition: Int64]

    /// Removes what retention allows to remove as of `now` and compacts keyed topics. Never stalls publishers for long; call it from time to time.
    /// The newest record of a partition always stays, so that offsets never go backwards; and retention waits for every group that consumes a
    /// topic, however long it does not come: nothing is removed unread.
    func maintain(now: Timestamp) async throws(MessageLogError) -> MaintenanceReport

    /// Reads everything and says what is wrong with it; an empty list of problems is a sound log.
    func checkIntegrity() async throws(MessageLogError) -> IntegrityReport

    /// Finishes what is in flight, lets this log's group members leave, and closes. Every later call throws `closed`.
    func close() async
}

/// One process's part in a consumer group. Not to be polled from two tasks at once.
package protocol GroupMember: Sendable {
    /// What has happened since the last call: partitions came or went, or records are there. Waits up to `timeout` for something, or until the
    /// task is cancelled (then it is `idle`). Changes of the assignment come before records of the partitions that they concern. A group that has
    /// committed nothing for a topic begins with the first record that is still there.
    func poll(limit: ReadLimit, timeout: Duration) async throws(MessageLogError) -> GroupEvent

    /// Publishes and commits in one transaction: all of it or none, durable when this returns.
    ///
    /// - Throws: `fenced` when one of the leases is no longer this member's: nothing was written, the work belongs to whoever has it. The next
    ///   poll says which ones are gone.
    func commit(_ transactions: [GroupTransaction]) async throws(MessageLogError)

    /// Goes back (or forward): the next poll gives records of `topic` in the leased partition from `offset` on. Commits nothing.
    ///
    /// - Throws: `fenced` when the lease is not held; `unknownTopic` when the group does not consume the topic.
    func seek(_ lease: PartitionLease, topic: String, to offset: Int64) async throws(MessageLogError)

    /// Gives the leases back, so that another member can take them at once.
    func leave() async
}

/// What a group member finds when it polls.
package enum GroupEvent: Equatable, Sendable {
    /// These partitions of all of the group's topics are this member's now.
    case assigned([PartitionLease])
    /// These are no longer: drop their state, commit nothing for them.
    case revoked([PartitionLease])
    /// Records of held partitions, in order within each topic partition, otherwise by their time.
    case records([LogRecord])
    /// Held partitions of some topics cannot be read on, each for a reason with its position; the others go on. Said when it begins and whenever it
    /// changes; none is that all can be read again.
    case damaged([MessageLogError])
    /// Nothing came before the timeout.
    case idle
}

/// The right to consume one partition of all topics of a group, until somebody gets a higher epoch.
package struct PartitionLease: Hashable, Sendable {
    package var partition: Int
    /// Grows with each change of hands; a commit with an old one is refused.
    package var epoch: Int64

    package init(partition: Int, epoch: Int64) {
        self.partition = partition
        self.epoch = epoch
    }
}

/// Offsets and records that become visible together, on behalf of one leased partition.
package struct GroupTransaction: Equatable, Sendable {
    package var lease: PartitionLease
    /// The next offset to take, by topic, in the leased partition. What is behind an earlier commit changes nothing: offsets never go backwards.
    package var offsets: [String: Int64]
    package var records: [NewRecord]

    package init(lease: PartitionLease, offsets: [String: Int64] = [:], records: [NewRecord] = []) {
        self.lease = lease
        self.offsets = offsets
        self.records = records
    }
}

/// How a member takes part in its group.
package struct GroupSettings: Sendable {
    /// Who this is, for people: `bai-executor@host/1234`.
    package var member: String
    /// How long a member that no longer answers keeps its partitions. One whose process has ended on this machine loses them at once.
    package var lease: Duration

    package init(member: String, lease: Duration = .seconds(10)) {
        self.member = member
        self.lease = lease
    }
}

/// How much to read at once.
package struct ReadLimit: Sendable {
    package var records: Int
    package var bytes: Int

    package init(records: Int = 500, bytes: Int = 4 << 20) {
        self.records = records
        self.bytes = bytes
    }
}

/// What maintenance did.
package struct MaintenanceReport: Equatable, Sendable {
    package var expired: Int
    package var compacted: Int

    package init(expired: Int = 0, compacted: Int = 0) {
        self.expired = expired
        self.compacted = compacted
    }
}
