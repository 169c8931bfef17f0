internal import FoundationEssentials
internal import Glibc
internal import MessageLog

/// Looks for damage in the middle of the write-ahead log that a killed process has left.
///
/// SQLite takes the first frame whose checksum is wrong for the end: right for a torn write, but where a bit has changed in the middle, all the
/// transactions behind it, acknowledged long ago, would silently be gone. Each of our transactions is synced before the next one is written, and
/// each frame's checksum goes on from that of the frame before; so a bad frame is damage, and no torn write, if behind it a transaction ends and
/// another one goes on from there. (What an undone transaction has left further behind goes on from nowhere.)
/// https://www.sqlite.org/fileformat2.html#the_write_ahead_log
struct WALCheck {
    let path: String

    private var name: String { "\(path)-wal" }

    /// Throws `corrupt` where transactions that were acknowledged are behind a damaged frame.
    func run() throws(MessageLogError) {
        guard let scan = try scan(), let frame = scan.damaged else { return }
        throw damage(
            "frame \(frame) of \(name) is damaged, and transactions that were acknowledged are behind it")
    }

    /// Throws `corrupt` where something that was acknowledged cannot be read back from the disk. To be called while nobody can write.
    func runAfterFailure() throws(MessageLogError) {
        // What is in memory may not be what is on the disk: a system marks pages that it failed to write as written.
        let descriptor = open(name, O_RDONLY | O_CLOEXEC)
        if descriptor >= 0 {
            posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED)
            close(descriptor)
        }
        let acknowledged = WALCheck.lastFrame(indexedIn: "\(path)-shm")
        let whole = try scan()?.whole ?? 0
        guard whole < acknowledged else { return }
        throw damage("of \(acknowledged) frames in \(name) only \(whole) can be read back from the disk")
    }

    private func damage(_ what: String) -> MessageLogError {
        MessageLogError(.corrupt, "open log \(path): \(what); keep both files and \(MessageLogError.cure)")
    }

    /// How many frames are whole, from the beginning on, and the frame behind them if it was whole once; nil where there is no WAL.
    private func scan() throws(MessageLogError) -> (whole: Int, damaged: Int?)? {
        guard let size = LogFile.size(name), size > Int64(WALFrames.headerSize) else { return nil }
        do {
            // Read, not mapped: a page that the disk does not give would end the process.
            let data = try Data(contentsOf: URL(filePath: name))
            return data.withUnsafeBytes { WALCheck.scan($0) }
        } catch {
            throw MessageLogError(.unavailable, "open log \(path): read \(name): \(error)")
        }
    }

    /// The number of the last frame that is part of an acknowledged transaction, as SQLite's shared memory has it; 0 where there is none.
    /// https://www.sqlite.org/walformat.html#the_wal_index_header
    private static func lastFrame(indexedIn index: String) -> Int {
        let descriptor = open(index, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return 0 }
        defer { close(descriptor) }
        var frame: UInt32 = 0
        return pread(descriptor, &frame, 4, 16) == 4 ? Int(frame) : 0
    }

    /// The number of a frame that was whole once; nil when there is none.
    static func damagedFrame(_ wal: UnsafeRawBufferPointer) -> Int? { scan(wal).damaged }

    static func scan(_ wal: UnsafeRawBufferPointer) -> (whole: Int, damaged: Int?) {
        guard wal.count >= WALFrames.headerSize else { return (0, nil) }
        guard let frames = WALFrames(header: wal) else {
            // Neither the size of the pages nor the order of the bytes in the sums is known then.
            let isDamaged = WALFrames.guesses(wal).contains {
                $0.hasTransactions(from: 0, after: nil, salts: nil)
            }
            return (0, isDamaged ? 0 : nil)
        }
        var sum = frames.headerSum
        for number in 0..<frames.count {
            let next = frames.sum(of: number, after: sum)
            guard frames.salts(of: number) == frames.salts, next == frames.storedSum(of: number) else {
                let isDamaged = frames.hasTransactions(from: number, after: sum, salts: frames.salts)
                return (number, isDamaged ? number : nil)
            }
            sum = next
        }
        return (frames.count, nil)
    }
}

extension WALFrames {
    /// Whether at or behind the bad frame `first` a transaction ends and another one goes on from there.
    ///
    /// - Parameters:
    ///   - before: the sum of the frame before it; nil where the header cannot be read.
    ///   - salts: those of the header.
    func hasTransactions(from first: Int, after before: Checksum?, salts: UInt64?) -> Bool {
        for number in first..<max(count - 1, first) {
            guard self.salts(of: number + 1) == salts ?? self.salts(of: number) else { continue }
            // Of the bad frame either the sum in it is bad or what the sum is of.
            var sums = [storedSum(of: number)]
            if number == first, let before { sums.append(sum(of: number, after: before)) }
            let next = storedSum(of: number + 1)
            guard sums.contains(where: { sum(of: number + 1, after: $0) == next }) else { continue }
            if isEndOfTransaction(number) { return true }
            if number == first, let before, wasEndOfTransaction(number, after: before) { return true }
        }
        return false
    }

    /// Whether the bad frame would be whole if a single bit of what says that it ends a transaction were another one.
    private func wasEndOfTransaction(_ number: Int, after before: Checksum) -> Bool {
        let start = start(number)
        return (0..<32).contains { bit in
            var sum = before
            sum.add(wal, start..<start + 8, flipping: 1 << UInt32(bit))
            sum.add(wal, start + WALFrames.frameHeaderSize..<start + frameSize)
            return sum == storedSum(of: number)
        }
    }
}
