/// One entry of a tar archive as it is written: in the form of POSIX (ustar, and pax where that has no room), without times and owners, so that equal
/// folders give equal bytes.
struct TarHeader {
    enum Kind: UInt8 {
        case file = 0x30
        case link = 0x32
        case folder = 0x35
        /// What the next entry is called, where its own header has no room.
        case extended = 0x78
    }

    static let blockSize = 512
    /// What an archive ends with.
    static let end = [UInt8](repeating: 0, count: 2 * blockSize)

    private static let longestName = 100
    /// Eleven octal digits.
    private static let largestSize: Int64 = (1 << 33) - 1

    var path: String
    var kind: Kind
    var size: Int64 = 0
    var isExecutable = false
    var target = ""

    /// The header's blocks; a file's content follows, filled up by `padding(after:)`.
    var bytes: [UInt8] {
        var records = ""
        if !TarHeader.fits(path) { records += TarHeader.record("path", path) }
        if !TarHeader.fits(target) { records += TarHeader.record("linkpath", target) }
        if size > TarHeader.largestSize { records += TarHeader.record("size", "\(size)") }
        guard !records.isEmpty else { return block }
        let content = Array(records.utf8)
        let extended = TarHeader(path: "pax", kind: .extended, size: Int64(content.count))
        return extended.block + content + TarHeader.padding(after: Int64(content.count)) + block
    }

    /// Zeros up to the next block.
    static func padding(after size: Int64) -> [UInt8] {
        [UInt8](repeating: 0, count: Int((Int64(blockSize) - size % Int64(blockSize)) % Int64(blockSize)))
    }

    /// Readers of every kind agree about short names in ASCII only.
    private static func fits(_ text: String) -> Bool {
        text.utf8.count <= longestName && text.utf8.allSatisfy { $0 < 0x80 }
    }

    /// `LENGTH key=value`, where the length counts itself too.
    private static func record(_ key: String, _ value: String) -> String {
        let rest = " \(key)=\(value)\n"
        var length = rest.utf8.count
        while "\(length)".utf8.count + rest.utf8.count != length {
            length = "\(length)".utf8.count + rest.utf8.count
        }
        return "\(length)\(rest)"
    }

    private var block: [UInt8] {
        var block = [UInt8](repeating: 0, count: TarHeader.blockSize)
        func put(_ text: some Sequence<UInt8>, at offset: Int, most: Int) {
            for (index, byte) in text.prefix(most).enumerated() { block[offset + index] = byte }
        }
        func put(octal number: Int64, at offset: Int, digits: Int) {
            let text = String(number, radix: 8)
            put(
                (String(repeating: "0", count: max(digits - text.count, 0)) + text).utf8, at: offset,
                most: digits)
        }
        put(path.utf8, at: 0, most: TarHeader.longestName)
        put(octal: kind == .file && !isExecutable ? 0o644 : 0o755, at: 100, digits: 7)
        for offset in [108, 116] { put(octal: 0, at: offset, digits: 7) }
        put(octal: size > TarHeader.largestSize ? 0 : size, at: 124, digits: 11)
        put(octal: 0, at: 136, digits: 11)
        block[156] = kind.rawValue
        put(target.utf8, at: 157, most: TarHeader.longestName)
        put("ustar\0".utf8, at: 257, most: 6)
        put("00".utf8, at: 263, most: 2)
        // The sum of all bytes, with spaces where the sum itself is.
        put([UInt8](repeating: 0x20, count: 8), at: 148, most: 8)
        let sum = block.reduce(0) { $0 + Int64($1) }
        put(octal: sum, at: 148, digits: 6)
        block[154] = 0
        return block
    }
}
