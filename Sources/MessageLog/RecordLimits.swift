extension NewRecord {
    /// The longest key, in UTF-8 bytes: run ids and series ids are well below it.
    package static let largestKey = 4 << 10
    /// The most that names and values of all headers have together, in UTF-8 bytes.
    package static let largestHeaders = 64 << 10

    /// Throws `recordTooLarge` when one of the limits is exceeded. Every log asks before it takes a record.
    package func checkSize() throws(MessageLogError) {
        try check("value", value?.count ?? 0, NewRecord.largestValue)
        try check("key", key.utf8.count, NewRecord.largestKey)
        let headerBytes = headers.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
        try check("headers", headerBytes, NewRecord.largestHeaders)
    }

    private func check(_ part: String, _ count: Int, _ most: Int) throws(MessageLogError) {
        guard count > most else { return }
        throw MessageLogError(
            .recordTooLarge,
            "publish to \(topic): the \(part) of \(key.prefix(80)) has \(count) bytes, at most \(most) are taken"
        )
    }
}

extension TopicConfiguration {
    /// More would make the position of a record longer than 63 bits.
    package static let mostPartitions = 4096

    /// Throws `invalidTopic` when the topic cannot be made beside others of `existing` partitions (nil: there are none).
    package func check(existing: Int?) throws(MessageLogError) {
        guard !name.isEmpty, name.utf8.count <= 200 else {
            throw MessageLogError(
                .invalidTopic, "create topic \"\(name.prefix(80))\": a name has 1 to 200 bytes")
        }
        guard (1...TopicConfiguration.mostPartitions).contains(partitions) else {
            throw MessageLogError(
                .invalidTopic,
                "create topic \(name): \(partitions) partitions, 1 to \(TopicConfiguration.mostPartitions) are possible"
            )
        }
        guard let existing, existing != partitions else { return }
        throw MessageLogError(
            .invalidTopic,
            "create topic \(name): this log's topics have \(existing) partitions and \(partitions) were asked for; "
                + "all topics have the same number, so ask for \(existing), or begin a new log")
    }
}
