internal import FoundationEssentials
internal import Glibc
internal import MessageLog

/// A copy of a log whose write-ahead log is damaged in its middle, in which SQLite finds the transactions behind the damage too. To be read, never to
/// be worked with.
///
/// A frame's checksum goes on from that of the frame before, as it stands in the file; so every frame is verified against its neighbour, damaged ones
/// or not. A frame in which a single bit is wrong becomes what it was, where its sum tells which. Of others the page is taken as it is, since mostly a later frame holds it
/// anew: what of the records in it was not written so, their own checksums tell.
final class WALSalvage: Sendable {
    private let folder: String
    /// The copy.
    var path: String { "\(folder)/log.db" }

    private init(folder: String) { self.folder = folder }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// Makes the copy in a folder of its own, under `TMPDIR` or `/tmp`; it takes the log's size there.
    ///
    /// - Returns: nil where there is no room for it, or no transaction can be found.
    static func copy(_ original: String) -> WALSalvage? {
        guard let wal = try? Data(contentsOf: URL(filePath: "\(original)-wal")), let mended = mend(Array(wal))
        else { return nil }
        let place = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(place)/bai-log-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { return nil }
        let folder = template.prefix { $0 != 0 }.map(UInt8.init(bitPattern:))
        let salvage = WALSalvage(folder: String(decoding: folder, as: UTF8.self))
        do {
            try FileManager.default.copyItem(atPath: original, toPath: salvage.path)
            try Data(mended).write(to: URL(filePath: "\(salvage.path)-wal"))
            return salvage
        } catch {
            return nil
        }
    }

    /// The log up to its last whole transaction, with sums that SQLite follows; nil where it has none.
    static func mend(_ wal: [UInt8]) -> [UInt8]? {
        wal.withUnsafeBytes { bytes in
            guard bytes.count > WALFrames.headerSize else { return nil }
            var mending: Mending
            if let frames = WALFrames(header: bytes) {
                mending = Mending(frames, salts: frames.salts, before: frames.headerSum)
            } else {
                let guesses = WALFrames.guesses(bytes)
                guard
                    let frames = guesses.first(where: { $0.hasTransactions(from: 0, after: nil, salts: nil) })
                else { return nil }
                mending = Mending(frames, salts: frames.salts(of: 0), before: nil)
            }
            return mending.run()
        }
    }

    /// The rewriting of one log.
    private struct Mending {
        /// Trying each bit of a page takes a moment; more frames than this are damaged by something else than single bits.
        private static let mostCorrections = 16

        let frames: WALFrames
        let salts: UInt64
        /// What the next frame's sum goes on from, as it was written; nil where that is not known.
        var before: WALFrames.Checksum?
        var after: WALFrames.Checksum
        var mended: [UInt8]
        var corrections = 0
        /// How many pages the database has at the end.
        var pageCount: UInt32 = 0

        init(_ frames: WALFrames, salts: UInt64, before: WALFrames.Checksum?) {
            self.frames = frames
            self.salts = salts
            self.before = before
            mended = WALSalvage.header(frames, salts)
            after = mended.withUnsafeBytes {
                WALFrames($0, pageSize: frames.pageSize, isBigEndian: frames.isBigEndian).headerSum
            }
        }

        mutating func run() -> [UInt8]? {
            guard let last = lastTransaction else { return nil }
            pageCount = frames.pageCount(after: last)
            for number in 0...last { append(number, isLast: number == last) }
            return mended
        }

        /// The last frame that ends a transaction and goes on from the one before it.
        private var lastTransaction: Int? {
            (0..<frames.count).last { number in
                guard frames.salts(of: number) == salts, frames.isEndOfTransaction(number) else {
                    return false
                }
                let before = number == 0 ? before : frames.storedSum(of: number - 1)
                return before.map { frames.sum(of: number, after: $0) == frames.storedSum(of: number) }
                    ?? false
            }
        }

        private mutating func append(_ number: Int, isLast: Bool) {
            let start = frames.start(number)
            var frame = Array(frames.wal[start..<start + frames.frameSize])
            let stored = frames.storedSum(of: number)
            let sum = before.map { frames.sum(of: number, after: $0) }
            if sum == stored || isFollowed(number, by: sum) {
                before = sum
            } else {
                if let bit = correction(of: frame, to: stored) {
                    frame[bit / 8] ^= 1 << UInt8(bit % 8)
                } else if before != nil, !isLast {
                    before = stored
                    guard (1...max(pageCount, 1)).contains(frames.page(of: number)) else { return }
                    // It says nothing that can be relied on, least of all that a transaction ends.
                    frame.replaceSubrange(4..<8, with: [0, 0, 0, 0])
                }
                before = stored
            }
            write(frame)
        }

        /// Whether only the sum of a frame is damaged: the frame behind it goes on from the one that it should have.
        private func isFollowed(_ number: Int, by sum: WALFrames.Checksum?) -> Bool {
            guard let sum, number + 1 < frames.count else { return false }
            return frames.sum(of: number + 1, after: sum) == frames.storedSum(of: number + 1)
        }

        /// The bit of a frame that has to be another one for its sum to be right; nil where that is not one bit for certain. (The sums tell the highest
        /// bits of many words from each other as little as a parity would.)
        private mutating func correction(of frame: [UInt8], to stored: WALFrames.Checksum) -> Int? {
            guard let before, corrections < Mending.mostCorrections else { return nil }
            corrections += 1
            let bits = frame.withUnsafeBytes { FrameCorrection($0, frames.isBigEndian, before, stored).bits }
            let (page, end) = frame.withUnsafeBytes { (WALFrames.word($0, 0), WALFrames.word($0, 4)) }
            // A page that there cannot be is what is wrong.
            if !(1...max(pageCount, 1)).contains(page) { return bits.first { $0 < 32 } }
            if end > pageCount { return bits.first { (32..<64).contains($0) } }
            return bits.count == 1 ? bits[0] : nil
        }

        private mutating func write(_ frame: [UInt8]) {
            let start = mended.count
            mended += frame
            WALSalvage.put(UInt32(truncatingIfNeeded: salts >> 32), at: start + 8, in: &mended)
            WALSalvage.put(UInt32(truncatingIfNeeded: salts), at: start + 12, in: &mended)
            after.add(frame, 0..<8)
            after.add(frame, WALFrames.frameHeaderSize..<frame.count)
            WALSalvage.put(after.first, at: start + 16, in: &mended)
            WALSalvage.put(after.second, at: start + 20, in: &mended)
        }
    }

    /// A header that fits the frames, whatever is left of theirs.
    private static func header(_ frames: WALFrames, _ salts: UInt64) -> [UInt8] {
        var header = [UInt8](repeating: 0, count: WALFrames.headerSize)
        put(0x377f_0682 | (frames.isBigEndian ? 1 : 0), at: 0, in: &header)
        put(3_007_000, at: 4, in: &header)
        put(UInt32(frames.pageSize), at: 8, in: &header)
        put(UInt32(truncatingIfNeeded: salts >> 32), at: 16, in: &header)
        put(UInt32(truncatingIfNeeded: salts), at: 20, in: &header)
        var sum = WALFrames.Checksum(isBigEndian: frames.isBigEndian)
        sum.add(header, 0..<24)
        put(sum.first, at: 24, in: &header)
        put(sum.second, at: 28, in: &header)
        return header
    }

    private static func put(_ word: UInt32, at offset: Int, in bytes: inout [UInt8]) {
        withUnsafeBytes(of: word.bigEndian) { bytes.replaceSubrange(offset..<offset + 4, with: $0) }
    }
}

/// Looks for the one bit that is wrong in a frame.
private struct FrameCorrection {
    private var words: [UInt32] = []
    private let isBigEndian: Bool
    private let before: WALFrames.Checksum
    private let wanted: WALFrames.Checksum

    init(
        _ frame: UnsafeRawBufferPointer, _ isBigEndian: Bool, _ before: WALFrames.Checksum,
        _ wanted: WALFrames.Checksum
    ) {
        self.isBigEndian = isBigEndian
        self.before = before
        self.wanted = wanted
        for offset in stride(from: 0, to: frame.count, by: 4) where !(8..<24).contains(offset) {
            words.append(WALFrames.word(frame, offset, isBigEndian: isBigEndian))
        }
    }

    /// The numbers in the frame of those that it may be, counted in each byte from the lowest bit on; none when it is not one bit.
    var bits: [Int] {
        // The sum is linear: a change of a word changes the end by so many times the change, which depends on its place alone.
        var (firsts, seconds) = ([UInt32](), [UInt32]())
        for place in words.indices {
            let effect = self.effect(of: place)
            firsts.append(effect.first)
            seconds.append(effect.second)
        }
        let sum = words.indices.reduce(into: before) { sum, index in
            if index % 2 == 0 { sum.add(words[index]) } else { sum.addSecond(words[index]) }
        }
        let (first, second) = (wanted.first &- sum.first, wanted.second &- sum.second)
        return words.indices.flatMap { place in
            (0..<32).compactMap { bit in
                let mask = UInt32(1) << UInt32(bit)
                let change = words[place] & mask == 0 ? mask : 0 &- mask
                let isIt = firsts[place] &* change == first && seconds[place] &* change == second
                return isIt ? position(of: place, bit) : nil
            }
        }
    }

    /// By how much the ends of both sums grow when a word grows by one.
    private func effect(of place: Int) -> (first: UInt32, second: UInt32) {
        var (first, second): (UInt32, UInt32) = place % 2 == 0 ? (1, 1) : (0, 1)
        for _ in 0..<(words.count / 2 - place / 2 - 1) {
            first &+= second
            second &+= first
        }
        return (first, second)
    }

    private func position(of place: Int, _ bit: Int) -> Int {
        let byte = place < 2 ? place * 4 : place * 4 + 16
        return (isBigEndian ? byte + 3 - bit / 8 : byte + bit / 8) * 8 + bit % 8
    }
}
