/// The tables of a log's file.
enum Schema {
    /// "BAIL", in the file's header: what `file` and we know a log by.
    static let applicationID: Int64 = 0x4241_494c
    /// Grows with each change of the tables that an older program would not understand.
    static let version: Int64 = 2

    /// - `record.position` is topic, partition and offset in one number (`PackedPosition`).
    /// - `record.checksum` covers all of the record (`RecordCoding`).
    /// - `topic.keep_ms` is the age at which records may go; null with `compact` 0 keeps them for good.
    /// - `topic.checksum` and `committed.checksum` cover the rest of their rows (`RowChecksum`): a bit changed there would hide records or skip them.
    /// - `committed.offset` is the next one that the group will take.
    /// - `committed.offset` -1 says that the group consumes the topic and has committed nothing yet.
    /// - `seal` says what of a partition must be there (`Seal`).
    /// - `lease.owner` is a member's id, or null; the row stays because epochs only grow.
    /// - `member.slot` and `member.incarnation` are where its heart beats (`Heartbeat`).
    static let create = """
        PRAGMA application_id = \(applicationID);
        PRAGMA user_version = \(version);
        CREATE TABLE topic (
            id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, partitions INTEGER NOT NULL,
            compact INTEGER NOT NULL, keep_ms INTEGER, checksum INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE record (
            position INTEGER PRIMARY KEY, time INTEGER NOT NULL, checksum INTEGER NOT NULL,
            key TEXT NOT NULL, headers BLOB, value BLOB
        ) STRICT;
        CREATE TABLE committed (
            group_name TEXT NOT NULL, topic INTEGER NOT NULL, partition INTEGER NOT NULL, offset INTEGER NOT NULL,
            checksum INTEGER NOT NULL, PRIMARY KEY (group_name, topic, partition)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE consumer_group (name TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT, WITHOUT ROWID;
        CREATE TABLE member (
            id TEXT PRIMARY KEY, group_name TEXT NOT NULL, name TEXT NOT NULL, topics TEXT NOT NULL,
            slot INTEGER NOT NULL, incarnation INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE lease (
            group_name TEXT NOT NULL, partition INTEGER NOT NULL, owner TEXT, epoch INTEGER NOT NULL,
            PRIMARY KEY (group_name, partition)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE seal (
            topic INTEGER NOT NULL, partition INTEGER NOT NULL, start INTEGER NOT NULL, next INTEGER NOT NULL,
            live INTEGER NOT NULL, sum INTEGER NOT NULL, checksum INTEGER NOT NULL,
            PRIMARY KEY (topic, partition)
        ) STRICT, WITHOUT ROWID;
        CREATE VIEW readable_record AS
            SELECT topic.name AS topic, position >> 40 & 4095 AS partition, position & 1099511627775 AS offset,
                time, key, value
            FROM record LEFT JOIN topic ON topic.id = position >> 52;
        """
}
