internal import FoundationEssentials
internal import MessageLog

/// Looks for damage in the middle of the write-ahead log that a killed process has left.
///
/// SQLite takes the first frame whose checksum is wrong for the end: right for a torn write, but where a bit has changed in the middle, all the
/// transactions behind it, acknowledged long ago, would silently be gone. Each of our transactions is synced before the next one is written, so a
/// bad frame is a torn write only if no transaction was begun after its own. (https://www.sqlite.org/fileformat2.html#the_write_ahead_log)
struct WALCheck {
    private static let headerSize = 32
    private static let frameHeaderSize = 24

    let path: String

    private struct Frame {
        var isCommit: Bool
        var salts: UInt64
    }

    func run() throws(MessageLogError) {
        let name = "\(path)-wal"
        guard let size = LogFile.size(name), size > Int64(WALCheck.headerSize) else { return }
        let data: Data
        do { data = try Data(contentsOf: URL(filePath: name), options: .alwaysMapped) } catch {
            throw MessageLogError(.unavailable, "open log \(path): read \(name): \(error)")
        }
        guard let frame = data.withUnsafeBytes({ WALCheck.damagedFrame($0) }) else { return }
        throw MessageLogError(
            .corrupt,
            "open log \(path): frame \(frame) of \(name) is damaged, and transactions that were acknowledged are behind it; "
                + "keep both files and \(MessageLogError.cure)")
    }

    /// The number of a frame that was whole once; nil when there is none.
    static func damagedFrame(_ wal: UnsafeRawBufferPointer) -> Int? {
        let pageSize = Int(word(wal, 8, isBigEndian: true))
        guard pageSize >= 512, pageSize <= 65536, pageSize & (pageSize - 1) == 0 else { return nil }
        let count = (wal.count - headerSize) / (frameHeaderSize + pageSize)
        // The lowest bit of the magic number is the byte order of the checksums.
        var sum = Checksum(isBigEndian: word(wal, 0, isBigEndian: true) & 1 == 1)
        sum.add(wal, 0..<24)
        let salts = long(wal, 16)
        guard sum.matches(wal, 24) else {
            return hasTransactions(wal, 0..<count, pageSize, salts: nil) ? 0 : nil
        }
        for number in 0..<count {
            let start = headerSize + number * (frameHeaderSize + pageSize)
            sum.add(wal, start..<start + 8)
            sum.add(wal, start + frameHeaderSize..<start + frameHeaderSize + pageSize)
            if long(wal, start + 8) == salts, sum.matches(wal, start + 16) { continue }
            return hasTransactions(wal, number..<count, pageSize, salts: salts) ? number : nil
        }
        return nil
    }

    /// Whether among the frames there is the end of a transaction and, behind it, something of another one. Frames of a transaction carry the salts
    /// of the header; nil is a header that cannot be read, where neighbours with the same salts are proof enough.
    private static func hasTransactions(
        _ wal: UnsafeRawBufferPointer, _ frames: Range<Int>, _ pageSize: Int, salts: UInt64?
    ) -> Bool {
        var end: UInt64?
        for number in frames {
            let start = headerSize + number * (frameHeaderSize + pageSize)
            let own = long(wal, start + 8)
            guard own != 0, salts == nil || own == salts else { continue }
            if end == own { return true }
            if word(wal, start + 4, isBigEndian: true) != 0 { end = own }
        }
        return false
    }

    private static func word(_ bytes: UnsafeRawBufferPointer, _ offset: Int, isBigEndian: Bool) -> UInt32 {
        let word = bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
        return isBigEndian ? UInt32(bigEndian: word) : UInt32(littleEndian: word)
    }

    private static func long(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt64 {
        UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    /// The running checksum of a write-ahead log.
    private struct Checksum {
        let isBigEndian: Bool
        private var first: UInt32 = 0
        private var second: UInt32 = 0

        init(isBigEndian: Bool) { self.isBigEndian = isBigEndian }

        mutating func add(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) {
            for offset in stride(from: range.lowerBound, to: range.upperBound, by: 8) {
                first &+= word(bytes, offset, isBigEndian: isBigEndian) &+ second
                second &+= word(bytes, offset + 4, isBigEndian: isBigEndian) &+ first
            }
        }

        func matches(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> Bool {
            word(bytes, offset, isBigEndian: true) == first
                && word(bytes, offset + 4, isBigEndian: true) == second
        }
    }
}
