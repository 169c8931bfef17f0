internal import Runtime

/// Why the log could not do what it was asked.
package struct MessageLogError: Retryable, Equatable, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable, CaseIterable {
        /// The log cannot be reached or is busy for too long; later it may answer.
        case unavailable
        /// No space is left; reads still work.
        case full
        /// The offset is beyond the end of its partition.
        case offsetOutOfRange = "offset_out_of_range"
        /// Another member holds the partition now.
        case fenced
        case unknownTopic = "unknown_topic"
        /// The topic cannot be made as asked: its name is empty, or it has not as many partitions as the others.
        case invalidTopic = "invalid_topic"
        /// The value, the key or the headers are over their limit.
        case recordTooLarge = "record_too_large"
        /// What is stored is not what was written, or this is no log at all.
        case corrupt
        /// Written by a newer version of this program.
        case unsupportedVersion = "unsupported_version"
        case closed
    }

    package var code: Code
    /// What was tried, on what, and what to do.
    package var message: String
    /// Where reading cannot go on, when that is what is `corrupt`: what is before it and every other partition can still be read.
    package var position: RecordPosition?

    package init(_ code: Code, _ message: String, at position: RecordPosition? = nil) {
        self.code = code
        self.message = message
        self.position = position
    }

    /// Whether the same call may succeed later.
    package var isTransient: Bool { code == .unavailable || code == .full }

    package var description: String { message }
}
