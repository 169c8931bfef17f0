/// Something that is wrong with what a log has stored.
package struct LogProblem: Hashable, Sendable, CustomStringConvertible {
    /// nil where the file is concerned rather than one partition.
    package var partition: TopicPartition?
    /// The first offset that cannot be read.
    package var offset: Int64?
    /// How many offsets it makes unreadable; nil where that cannot be known. In a compacted topic not every offset had a record.
    package var lost: Int64?
    /// A sentence for people, with the place in it.
    package var message: String

    package init(
        _ message: String, partition: TopicPartition? = nil, offset: Int64? = nil, lost: Int64? = nil
    ) {
        self.message = message
        self.partition = partition
        self.offset = offset
        self.lost = lost
    }

    package var description: String { message }
}

/// What an integrity check read and found.
package struct IntegrityReport: Equatable, Sendable {
    /// How many records were read and are what was written.
    package var records: Int
    /// What is wrong, at most `mostProblems`: somebody reads them, and more would tell nobody more.
    package var problems: [LogProblem]
    /// Whether everything was looked at, rather than what a deadline left time for.
    package var isComplete: Bool

    package static let mostProblems = 1000

    package init(records: Int = 0, problems: [LogProblem] = [], isComplete: Bool = true) {
        self.records = records
        self.problems = problems
        self.isComplete = isComplete
    }
}
