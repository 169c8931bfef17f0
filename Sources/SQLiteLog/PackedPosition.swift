internal import MessageLog

/// Where a record is, as one number: the table's key. Topic, partition and offset in this order, so that a partition's records are neighbours
/// in the file and an append touches few pages.
struct PackedPosition: Hashable {
    static let offsetBits = 40
    static let partitionBits = 12
    /// What is left of 63 bits.
    static let mostTopics = 1 << 11

    /// The bits of partition and offset.
    static let placeInTopic: Int64 = (1 << (offsetBits + partitionBits)) - 1

    let number: Int64

    init(number: Int64) { self.number = number }

    init(topic: Int64, partition: Int, offset: Int64) {
        number = (((topic << Self.partitionBits) | Int64(partition)) << Self.offsetBits) | offset
    }

    var topic: Int64 { number >> (Self.offsetBits + Self.partitionBits) }
    var partition: Int { Int(number >> Self.offsetBits) & ((1 << Self.partitionBits) - 1) }
    var offset: Int64 { number & ((1 << Self.offsetBits) - 1) }

    /// The position of the partition's first record, and of the last that it can ever have.
    var first: PackedPosition { PackedPosition(topic: topic, partition: partition, offset: 0) }
    var last: PackedPosition {
        PackedPosition(topic: topic, partition: partition, offset: (1 << Self.offsetBits) - 1)
    }
}
