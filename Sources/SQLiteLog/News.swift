internal import CLinux

/// Which partitions something was written to: a count for each, in memory that all processes share, so that whoever waits for some looks only at
/// those, and sleeps on when others are written to.
///
/// A count that has changed says that there may be something, one that has not that nobody has said so: whoever commits and dies tells nothing.
/// So the database is looked at now and then whatever the counts say.
final class News: @unchecked Sendable {
    // Because the words are only reached atomically, and all else never changes.

    /// One page of counts.
    private static let places = 1024
    static let size = places * MemoryLayout<UInt32>.size
    /// Where the changes of all groups are counted.
    static let groups = 0
    /// Where all commits are counted.
    private static let commits = 1

    private let memory: SharedMemory
    private let offset: Int
    /// Counts how often this process has had reason to believe that the counts are not everybody's.
    private let doubts: UnsafeMutablePointer<UInt32>

    /// - Parameter offset: where the counts begin, in bytes; `size` bytes from there on are for them.
    init(_ memory: SharedMemory, at offset: Int) {
        self.memory = memory
        self.offset = offset
        doubts = .allocate(capacity: 1)
        doubts.initialize(to: 0)
    }

    deinit { doubts.deallocate() }

    /// What was known at a moment about one place. Only to be compared.
    struct Mark: Equatable, Sendable {
        fileprivate var count: UInt32
        fileprivate var doubts: UInt32
    }

    /// Where a partition is counted. Others may be counted there too: then a look finds nothing.
    ///
    /// - Parameter topic: the hash of the topic's name.
    static func place(topic: UInt64, _ partition: Int) -> Int {
        // Neighbours, so that partitions of one topic are never counted in one place.
        2 + Int((topic &+ UInt64(partition)) % UInt64(places - 2))
    }

    static func place(topic: String, _ partition: Int) -> Int {
        var topic = topic
        return place(topic: topic.withUTF8 { XXHash.hash(UnsafeRawBufferPointer($0), seed: 0) }, partition)
    }

    /// To be asked before looking: what is committed after it changes the mark.
    func mark(_ place: Int) -> Mark {
        Mark(count: clinux_atomic_load(counts + place), doubts: clinux_atomic_load(doubts))
    }

    /// Says that a commit is there to be seen. To be called before whoever wanted it learns of it.
    func tell(_ places: Set<Int>) {
        for place in places { clinux_atomic_add(counts + place, 1) }
        clinux_atomic_add(counts + News.commits, 1)
    }

    /// The same for a commit of which only this much is known.
    func tellOfEverything() { tell(Set(0..<News.places)) }

    /// How many commits were told.
    var commitCount: UInt32 { clinux_atomic_load(counts + News.commits) }

    /// Makes all marks old: somebody has committed who does not count here.
    func doubt() { clinux_atomic_add(doubts, 1) }

    private var counts: UnsafeMutablePointer<UInt32> { memory.words(at: offset) }
}
