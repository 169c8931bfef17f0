internal import MessageLog
internal import Runtime
internal import SQLite

/// The log's tables over one connection. Belongs to the actor that has the connection.
final class Tables {
    /// A topic as the file has it.
    struct Topic {
        var id: Int64
        var configuration: TopicConfiguration
        /// The hash of its name, which every checksum of its records begins with.
        var seed: UInt64

        var name: String { configuration.name }

        func position(_ partition: Int, _ offset: Int64) -> PackedPosition {
            PackedPosition(topic: id, partition: partition, offset: offset)
        }
    }

    let database: Database
    private var known: [String: Topic] = [:]
    /// The next offsets of partitions that were appended to, by the partition's first position.
    var ends: [PackedPosition: Int64] = [:]
    /// The state of the file for which the ends are right.
    private var endsVersion: UInt32?
    /// The largest end that this connection has seen of each partition, by its first position.
    var leastEnds: [PackedPosition: Int64] = [:]
    /// Where something was written in this transaction, as it is counted in the news.
    var written: Set<Int> = []
    let insertRecord: Statement
    let selectRecords: Statement

    init(_ database: Database) throws(SQLiteError) {
        self.database = database
        insertRecord = try database.prepare(
            "INSERT INTO record (position, time, checksum, key, headers, value) VALUES (?, ?, ?, ?, ?, ?)")
        selectRecords = try database.prepare(
            """
            SELECT position, time, checksum, key, headers, value FROM record
            WHERE position BETWEEN ? AND ? ORDER BY position LIMIT ?
            """)
        try loadTopics()
    }

    /// Forgets what another connection may have changed since the last transaction. To be called inside the new one.
    func begin() {
        if database.dataVersion != endsVersion { ends = [:] }
        written = []
        // What is undone must not stay.
        endsVersion = nil
    }

    /// Keeps what is known, after a commit.
    func committed() { endsVersion = database.dataVersion }

    func forgetTopics() { known = [:] }

    var topics: [TopicConfiguration] {
        get throws(Failure) {
            try attempt { () throws(SQLiteError) in try loadTopics() }
            return known.values.map(\.configuration).sorted { $0.name < $1.name }
        }
    }

    var topicsByID: [Topic] { known.values.sorted { $0.id < $1.id } }

    func topic(_ name: String) throws(Failure) -> Topic {
        if let topic = known[name] { return topic }
        // Another process may have made it.
        try attempt { () throws(SQLiteError) in try loadTopics() }
        guard let topic = known[name] else {
            throw .refused(MessageLogError(.unknownTopic, "topic \(name) does not exist; create it first"))
        }
        return topic
    }

    /// The topic of `partition`, whose number is checked.
    func topic(of partition: TopicPartition) throws(Failure) -> Topic {
        let topic = try topic(partition.topic)
        let count = topic.configuration.partitions
        guard (0..<count).contains(partition.partition) else {
            throw .refused(
                MessageLogError(
                    .unknownTopic, "\(partition): topic \(partition.topic) has partitions 0 to \(count - 1)"))
        }
        return topic
    }

    func create(_ configurations: [TopicConfiguration]) throws(Failure) {
        var there = try topics
        var missing: [TopicConfiguration] = []
        for new in configurations {
            do throws(MessageLogError) { try new.check(existing: there.first?.partitions) } catch {
                throw .refused(error)
            }
            if there.contains(where: { $0.name == new.name }) { continue }
            there.append(new)
            missing.append(new)
        }
        guard there.count < PackedPosition.mostTopics else {
            throw .refused(
                MessageLogError(
                    .invalidTopic, "create topics: a log has at most \(PackedPosition.mostTopics - 1)"))
        }
        for new in missing { try attempt { () throws(SQLiteError) in try insert(new) } }
        forgetTopics()
    }

    private func insert(_ new: TopicConfiguration) throws(SQLiteError) {
        var keep: Int64?
        if case .delete(after: let age?) = new.cleanup { keep = age.wholeMilliseconds }
        let isCompact = new.cleanup == .compact
        // The number is chosen here, because the checksum covers it. No topic is ever removed.
        let id = try database.first("SELECT coalesce(max(id), 0) + 1 FROM topic") { $0.integer(0) } ?? 1
        try database.run(
            "INSERT INTO topic (id, name, partitions, compact, keep_ms, checksum) VALUES (?, ?, ?, ?, ?, ?)",
            id,
            new.name, new.partitions, isCompact, keep,
            RowChecksum.of(new.name, id, Int64(new.partitions), isCompact ? 1 : 0, keep))
    }

    private func loadTopics() throws(SQLiteError) {
        let topics = try database.query(
            "SELECT id, name, partitions, compact, keep_ms, checksum FROM topic"
        ) { (row: borrowing Row) throws(SQLiteError) in try topic(row) }
        known = Dictionary(topics.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// A row of the table of topics. Without it nobody could tell whose records there are: all of the log is refused when it is not what was written.
    private func topic(_ row: borrowing Row) throws(SQLiteError) -> Topic {
        let (id, name, partitions): (Int64, String, Int) = (row[0], row[1], row[2])
        let keep: Int64? = row[4]
        guard row.integer(5) == RowChecksum.of(name, id, Int64(partitions), row.integer(3), keep) else {
            throw SQLiteError(
                .corrupt, message: "topic \(name) is not what was written (its checksum does not match)",
                path: database.path)
        }
        let cleanup: TopicConfiguration.Cleanup =
            row[3] ? .compact : .delete(after: keep.map { .milliseconds($0) })
        return Topic(
            id: id, configuration: .init(name: name, partitions: partitions, cleanup: cleanup),
            seed: Array(name.utf8).withUnsafeBytes { XXHash.hash($0, seed: 0) })
    }
}
