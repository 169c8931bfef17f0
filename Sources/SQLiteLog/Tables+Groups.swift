internal import MessageLog
internal import SQLite

extension Tables {
    /// A member as the file has it.
    struct Member: Sendable {
        var id: String
        var name: String
        var topics: String
        var heart: Heart
    }

    /// The group's members, partitions and version.
    struct Group {
        var members: [Member]
        var holdings: [GroupBalance.Holding]
        var version: Int64
    }

    func group(_ name: String) throws(Failure) -> Group {
        try attempt { () throws(SQLiteError) in
            let members = try database.query(
                "SELECT id, name, topics, slot, incarnation FROM member WHERE group_name = ?", name
            ) {
                Member(
                    id: $0[0], name: $0[1], topics: $0[2], heart: Heart(slot: $0[3], incarnation: $0[4]))
            }
            let holdings = try database.query(
                "SELECT owner, epoch FROM lease WHERE group_name = ? ORDER BY partition", name
            ) { GroupBalance.Holding(owner: $0[0], epoch: $0[1]) }
            return Group(members: members, holdings: holdings, version: try version(of: name))
        }
    }

    /// Changes whenever a member or a lease of the group does; 0 when there is no such group.
    func version(of group: String) throws(SQLiteError) -> Int64 {
        try database.first("SELECT version FROM consumer_group WHERE name = ?", group) { $0.integer(0) } ?? 0
    }

    func addMember(_ member: Member, to group: String, partitions: Int) throws(SQLiteError) {
        try database.run(
            """
            INSERT OR REPLACE INTO member (id, group_name, name, topics, slot, incarnation)
            VALUES (?, ?, ?, ?, ?, ?)
            """, member.id, group, member.name, member.topics, member.heart.slot, member.heart.incarnation)
        for partition in 0..<partitions {
            try database.run(
                "INSERT OR IGNORE INTO lease (group_name, partition, owner, epoch) VALUES (?, ?, NULL, 0)",
                group, partition)
        }
        try touch(group)
    }

    /// Removes members, whose leases are free then.
    func removeMembers(_ ids: [String], of group: String) throws(SQLiteError) {
        for id in ids {
            try database.run("DELETE FROM member WHERE id = ?", id)
            try database.run("UPDATE lease SET owner = NULL WHERE group_name = ? AND owner = ?", group, id)
        }
        if !ids.isEmpty { try touch(group) }
    }

    func write(_ holdings: [GroupBalance.Holding], insteadOf old: [GroupBalance.Holding], of group: String)
        throws(SQLiteError)
    {
        if holdings == old { return }
        for (partition, (new, old)) in zip(holdings, old).enumerated() where new != old {
            try database.run(
                "UPDATE lease SET owner = ?, epoch = ? WHERE group_name = ? AND partition = ?", new.owner,
                new.epoch, group, partition)
        }
        try touch(group)
    }

    private func touch(_ group: String) throws(SQLiteError) {
        written.insert(News.groups)
        try database.run(
            "INSERT INTO consumer_group VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET version = version + 1",
            group)
    }

    /// Refuses when the lease is not the member's any more.
    func check(_ lease: PartitionLease, of member: MemberIdentity) throws(Failure) {
        let isHeld = try attempt { () throws(SQLiteError) in
            try database.first(
                "SELECT owner = ? AND epoch = ? FROM lease WHERE group_name = ? AND partition = ?", member.id,
                lease.epoch, member.group, lease.partition
            ) { $0[0] as Bool }
        }
        guard isHeld == true else { throw .refused(.fenced(lease, member)) }
    }

    func commit(_ offset: Int64, of group: String, in topic: Topic, _ partition: Int) throws(SQLiteError) {
        try database.run(
            """
            INSERT INTO committed (group_name, topic, partition, offset, checksum) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (group_name, topic, partition)
            DO UPDATE SET offset = excluded.offset, checksum = excluded.checksum WHERE excluded.offset > offset
            """, group, topic.id, partition, offset,
            RowChecksum.of(group, topic.id, Int64(partition), offset))
    }

    /// Takes down what a group consumes, so that retention waits for it; what it consumed before and no longer does is forgotten.
    func subscribe(_ group: String, to topics: [Topic]) throws(SQLiteError) {
        let names = topics.map { "\($0.id)" }.joined(separator: ",")
        try database.run(
            "DELETE FROM committed WHERE group_name = ? AND topic NOT IN (SELECT value FROM json_each(?))",
            group,
            "[\(names)]")
        for topic in topics {
            for partition in 0..<topic.configuration.partitions {
                try database.run(
                    "INSERT OR IGNORE INTO committed (group_name, topic, partition, offset, checksum) VALUES (?, ?, ?, ?, ?)",
                    group, topic.id, partition, Tables.nothingCommitted,
                    RowChecksum.of(group, topic.id, Int64(partition), Tables.nothingCommitted))
            }
        }
    }

    private static let nothingCommitted: Int64 = -1

    func committedOffsets(of group: String) throws(Failure) -> [TopicPartition: Int64] {
        let rows = try attempt { () throws(SQLiteError) in
            try database.query(
                """
                SELECT group_name, committed.topic, partition, offset, committed.checksum, name
                FROM committed LEFT JOIN topic ON topic.id = committed.topic WHERE group_name = ?
                """, group
            ) { (row: borrowing Row) throws(SQLiteError) in
                (TopicPartition(topic: row[5], partition: row[2]), try committed(row))
            }
        }
        return Dictionary(
            rows.filter { $0.1 != Tables.nothingCommitted }, uniquingKeysWith: { first, _ in first })
    }

    /// The first offset that some group which consumes the partition has yet to take; nil where nobody consumes it.
    func takenByAll(_ partition: TopicPartition) throws(Failure) -> Int64? {
        let topic = try topic(of: partition)
        let offsets = try attempt { () throws(SQLiteError) in
            try database.query(
                "SELECT group_name, topic, partition, offset, checksum FROM committed WHERE topic = ? AND partition = ?",
                topic.id, partition.partition
            ) { (row: borrowing Row) throws(SQLiteError) in try committed(row) }
        }
        return offsets.min().map { max($0, 0) }
    }

    /// The offset in a row that begins with group, topic, partition, offset and checksum.
    private func committed(_ row: borrowing Row) throws(SQLiteError) -> Int64 {
        let (group, offset): (String, Int64) = (row[0], row[3])
        guard row.integer(4) == RowChecksum.of(group, row.integer(1), row.integer(2), offset) else {
            throw SQLiteError(
                .corrupt,
                message:
                    "what group \(group) has committed is not what was written (its checksum does not match)",
                path: database.path)
        }
        return offset
    }
}
