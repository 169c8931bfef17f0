package import MessageLog
internal import Runtime

/// A record that is not what was written, as far as it can still be read.
package struct DamagedRecord: Equatable, Sendable {
    package var position: RecordPosition
    /// What is in its place; nil where nothing is. Nothing of it can be relied on.
    package var content: Content?
    /// Whether somebody would have needed it: a group has yet to take it, or a compacted partition has nothing newer for its key.
    package var isMissed: Bool

    package struct Content: Equatable, Sendable {
        /// nil where it cannot be the key, because it belongs to another partition.
        package var key: String?
        package var value: [UInt8]?
    }
}

extension SQLiteLog {
    /// Goes on without what is damaged at `position`: tombstones take its place, so that everybody who reads the partition passes over it, and in the same
    /// transaction what `publishing` makes of it is published.
    ///
    /// - Returns: what was passed over, which is nothing where only the account of a compacted partition was wrong; nil when nothing is damaged there.
    /// - Throws: `corrupt` where the file is damaged in such a way that nothing can be put in that place. Nothing was changed then.
    package func passOver(
        _ position: RecordPosition, publishing: @escaping @Sendable ([DamagedRecord]) -> [NewRecord]
    ) async throws(MessageLogError) -> [DamagedRecord]? {
        try await writer.perform("pass over \(position)") { [time] (tables) throws(Failure) in
            guard let damaged = try tables.passOver(position, at: time.now) else { return nil }
            let records = publishing(damaged)
            _ = try tables.append(records, to: tables.places(of: records), at: time.now)
            return damaged
        }
    }
}
