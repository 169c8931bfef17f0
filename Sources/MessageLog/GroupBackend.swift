/// What a log that keeps leases itself does for its group members; `LeasedMember` does the rest.
package protocol GroupBackend: Sendable {
    /// Rung when something was published that the member consumes, and when its group has changed; maybe also when not.
    func signal(of member: MemberIdentity) -> Signal

    /// The group's version and the records that are there, in one look.
    func look(at group: String, _ positions: [TopicPartition: Int64], limit: ReadLimit)
        async throws(MessageLogError)
        -> GroupView

    /// Takes and gives back what `GroupBalance` asks of the member, and returns what it has now.
    func balance(_ member: MemberIdentity) async throws(MessageLogError) -> [PartitionLease]

    /// The offsets that the group has committed.
    func committedOffsets(of group: String) async throws(MessageLogError) -> [TopicPartition: Int64]

    /// Writes all of it or none, if the member has all of the leases.
    func commit(_ transactions: [GroupTransaction], by member: MemberIdentity) async throws(MessageLogError)

    /// Gives back all leases of the member and forgets it.
    func remove(_ member: MemberIdentity) async
}

/// Which member of which group.
package struct MemberIdentity: Hashable, Sendable {
    package var group: String
    /// Unique for each time of joining.
    package var id: String
    /// For people.
    package var name: String

    package init(group: String, id: String, name: String) {
        self.group = group
        self.id = id
        self.name = name
    }
}

/// What a member sees when it looks.
package struct GroupView: Sendable {
    /// Changes whenever a member or a lease of the group does.
    package var version: Int64
    /// The next records of the partitions asked for; those that have none are left out.
    package var records: [TopicPartition: [LogRecord]]
    /// Why partitions asked for cannot be read on.
    package var damage: [TopicPartition: MessageLogError]

    package init(
        version: Int64, records: [TopicPartition: [LogRecord]],
        damage: [TopicPartition: MessageLogError] = [:]
    ) {
        self.version = version
        self.records = records
        self.damage = damage
    }
}
