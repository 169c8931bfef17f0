/// The frames of a write-ahead log, of which nothing is believed. https://www.sqlite.org/fileformat2.html#the_write_ahead_log
struct WALFrames {
    static let headerSize = 32
    static let frameHeaderSize = 24
    static let pageSizes = (9...16).map { 1 << $0 }

    let wal: UnsafeRawBufferPointer
    let pageSize: Int
    let isBigEndian: Bool

    /// - Parameter isBigEndian: the byte order of the checksums.
    init(_ wal: UnsafeRawBufferPointer, pageSize: Int, isBigEndian: Bool) {
        self.wal = wal
        self.pageSize = pageSize
        self.isBigEndian = isBigEndian
    }

    /// The frames as the header has it; nil where its checksum is wrong.
    init?(header wal: UnsafeRawBufferPointer) {
        guard wal.count >= WALFrames.headerSize else { return nil }
        let pageSize = Int(WALFrames.word(wal, 8))
        // The lowest bit of the magic number says how the sums are made.
        self.init(wal, pageSize: pageSize, isBigEndian: WALFrames.word(wal, 0) & 1 == 1)
        guard WALFrames.pageSizes.contains(pageSize), headerSum == storedSum(at: 24) else { return nil }
    }

    /// What the frames may be where the header is damaged.
    static func guesses(_ wal: UnsafeRawBufferPointer) -> [WALFrames] {
        pageSizes.flatMap { size in
            [true, false].map { WALFrames(wal, pageSize: size, isBigEndian: $0) }
        }
    }

    var frameSize: Int { WALFrames.frameHeaderSize + pageSize }
    var count: Int { max(0, wal.count - WALFrames.headerSize) / frameSize }

    func start(_ number: Int) -> Int { WALFrames.headerSize + number * frameSize }

    /// The salts of the header.
    var salts: UInt64 { WALFrames.long(wal, 16) }

    func salts(of number: Int) -> UInt64 { WALFrames.long(wal, start(number) + 8) }

    func page(of number: Int) -> UInt32 { WALFrames.word(wal, start(number)) }

    func isEndOfTransaction(_ number: Int) -> Bool { pageCount(after: number) != 0 }

    /// How many pages the database has after a frame that ends a transaction; 0 for others.
    func pageCount(after number: Int) -> UInt32 { WALFrames.word(wal, start(number) + 4) }

    func storedSum(of number: Int) -> Checksum { storedSum(at: start(number) + 16) }

    private func storedSum(at offset: Int) -> Checksum {
        var sum = Checksum(isBigEndian: isBigEndian)
        sum.first = WALFrames.word(wal, offset)
        sum.second = WALFrames.word(wal, offset + 4)
        return sum
    }

    /// The sum that the header should have.
    var headerSum: Checksum {
        var sum = Checksum(isBigEndian: isBigEndian)
        sum.add(wal, 0..<24)
        return sum
    }

    /// The sum that a frame should have.
    func sum(of number: Int, after before: Checksum) -> Checksum {
        var sum = before
        sum.add(wal, start(number)..<start(number) + 8)
        sum.add(wal, start(number) + WALFrames.frameHeaderSize..<start(number) + frameSize)
        return sum
    }

    static func word(_ bytes: UnsafeRawBufferPointer, _ offset: Int, isBigEndian: Bool = true) -> UInt32 {
        let word = bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
        return isBigEndian ? UInt32(bigEndian: word) : UInt32(littleEndian: word)
    }

    private static func long(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt64 {
        UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    /// The running checksum of a write-ahead log.
    struct Checksum: Equatable {
        let isBigEndian: Bool
        var first: UInt32 = 0
        var second: UInt32 = 0

        init(isBigEndian: Bool) { self.isBigEndian = isBigEndian }

        /// - Parameter flipping: bits of every second word to take for what they are not.
        mutating func add(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, flipping: UInt32 = 0) {
            for offset in stride(from: range.lowerBound, to: range.upperBound, by: 8) {
                add(word(bytes, offset, isBigEndian: isBigEndian))
                addSecond(word(bytes, offset + 4, isBigEndian: isBigEndian) ^ flipping)
            }
        }

        mutating func add(_ bytes: [UInt8], _ range: Range<Int>) {
            bytes.withUnsafeBytes { add($0, range) }
        }

        mutating func add(_ word: UInt32) { first &+= word &+ second }
        mutating func addSecond(_ word: UInt32) { second &+= word &+ first }
    }
}
