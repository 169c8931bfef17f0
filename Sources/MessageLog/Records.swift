package import Runtime

/// One partition of one topic.
package struct TopicPartition: Hashable, Sendable, CustomStringConvertible {
    package var topic: String
    package var partition: Int

    package init(topic: String, partition: Int) {
        self.topic = topic
        self.partition = partition
    }

    package var description: String { "\(topic)/\(partition)" }
}

/// Where a record is: `runs/3@1042`.
package struct RecordPosition: Hashable, Sendable, CustomStringConvertible {
    package var partition: TopicPartition
    package var offset: Int64

    package init(partition: TopicPartition, offset: Int64) {
        self.partition = partition
        self.offset = offset
    }

    package var description: String { "\(partition)@\(offset)" }
}

/// A record as it stands in the log.
package struct LogRecord: Equatable, Sendable {
    package var position: RecordPosition
    package var key: String
    package var headers: [String: String]
    /// nil is a tombstone: in a compacted topic it says that the key is gone.
    package var value: [UInt8]?
    /// When the log took it.
    package var time: Timestamp

    package init(
        position: RecordPosition, key: String, headers: [String: String] = [:], value: [UInt8]?,
        time: Timestamp
    ) {
        self.position = position
        self.key = key
        self.headers = headers
        self.value = value
        self.time = time
    }

    package var topic: String { position.partition.topic }
    package var partition: Int { position.partition.partition }
    package var offset: Int64 { position.offset }
}

/// A record to publish. Its partition follows from its key.
package struct NewRecord: Equatable, Sendable {
    /// The largest value that a log takes, in bytes. A descriptor is at most 1 MiB; base64 and what travels with it fit four times.
    package static let largestValue = 8 << 20

    package var topic: String
    package var key: String
    package var headers: [String: String]
    package var value: [UInt8]?

    package init(topic: String, key: String, headers: [String: String] = [:], value: [UInt8]?) {
        self.topic = topic
        self.key = key
        self.headers = headers
        self.value = value
    }
}

/// A topic's settings.
package struct TopicConfiguration: Hashable, Sendable {
    package enum Cleanup: Hashable, Sendable {
        /// Records older than this may be removed; nil keeps them for good.
        case delete(after: Duration?)
        /// Of each key only the newest record stays, and none once that is a tombstone older than a minute.
        case compact
    }

    package var name: String
    package var partitions: Int
    package var cleanup: Cleanup

    package init(name: String, partitions: Int, cleanup: Cleanup) {
        self.name = name
        self.partitions = partitions
        self.cleanup = cleanup
    }
}

/// Which partition a key belongs to.
package enum Partitioner {
    /// FNV-1a over the key's bytes, modulo the number of partitions. Part of the format: changing it moves every key.
    package static func partition(of key: String, among count: Int) -> Int {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in key.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        // The high bits of FNV are the better mixed ones.
        return Int((hash >> 32) % UInt64(count))
    }
}
