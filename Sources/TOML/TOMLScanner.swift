internal import Diagnostics

/// Looks through a text before the parser sees it: how deep, how many keys, and where its statements begin and end.
///
/// The parser recurses into arrays and inline tables and its tables are freed recursively, so that `[[[[...` or `a.a.a...` of a
/// megabyte would end the program. The scan is one loop with a stack of at most `limits.depth` entries. It knows strings and
/// comments exactly as TOML does; texts that are no TOML it reads as it likes, as long as it never counts too little.
struct TOMLScanner {
    /// A table header, or a key with its value.
    struct Statement {
        var bytes: Range<Int>
        var isHeader: Bool
        /// Where the last string begins that its line ends before its quote does.
        var openString: Int?
    }

    /// Where in a statement the scan is: decides what a dot, a comma or a line end means.
    private enum Place {
        case start, header, key, value, rest
    }

    /// An open array or inline table.
    private struct Open {
        var isTable: Bool
        /// Whether the next part of a key is in an inline table: after `{` and `,`, until `=`.
        var inKey: Bool
        /// The depth of what is in it.
        var depth: Int
    }

    private let bytes: UnsafeBufferPointer<UInt8>
    private let limits: TOMLLimits
    private var index = 0
    private var place = Place.start
    private var start = 0
    private var headerDepth = 0
    private var depth = 0
    private var open: [Open] = []
    private var openString: Int?
    private var keys = 0
    private var values = 0
    private(set) var statements: [Statement] = []

    init(_ bytes: UnsafeBufferPointer<UInt8>, limits: TOMLLimits) {
        self.bytes = bytes
        self.limits = limits
    }

    static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    /// What is over its limit.
    struct Excess: Error {
        var code: TOMLError.Code
        var offset: Int
    }

    /// Scans the whole text.
    mutating func scan() throws(Excess) {
        if bytes.starts(with: TOMLScanner.byteOrderMark) { index = 3 }
        while index < bytes.count {
            let byte = bytes[index]
            switch byte {
            case UInt8(ascii: "#"): skipComment()
            case UInt8(ascii: "\n"): endLine()
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"): index += 1
            default:
                if place == .start { try begin(byte) } else { try step(byte) }
            }
        }
        endStatement()
    }

    private mutating func begin(_ byte: UInt8) throws(Excess) {
        start = index
        if byte == UInt8(ascii: "[") {
            place = .header
            depth = 1
            index += 1
            // The second bracket of an array of tables.
            if index < bytes.count, bytes[index] == byte { index += 1 }
        } else {
            place = .key
            depth = headerDepth + 1
        }
        try countKey()
    }

    private mutating func step(_ byte: UInt8) throws(Excess) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "'"): skipString(byte)
        case UInt8(ascii: "."): try dot()
        case UInt8(ascii: "="): equals()
        case UInt8(ascii: "["): try opening(isTable: false)
        case UInt8(ascii: "{"): try opening(isTable: true)
        case UInt8(ascii: "]"), UInt8(ascii: "}"): closing()
        case UInt8(ascii: ","): try comma()
        default: index += 1
        }
    }

    private mutating func dot() throws(Excess) {
        if place == .header || place == .key {
            depth += 1
            try countKey()
        } else if let last = open.last, last.inKey {
            open[open.count - 1].depth += 1
            try countKey()
        }
        try checkDepth()
        index += 1
    }

    private mutating func equals() {
        if place == .key {
            place = .value
        } else if !open.isEmpty {
            open[open.count - 1].inKey = false
        }
        index += 1
    }

    private mutating func opening(isTable: Bool) throws(Excess) {
        if place == .value {
            open.append(Open(isTable: isTable, inKey: isTable, depth: (open.last?.depth ?? depth) + 1))
            try countValue()
            if isTable { try countKey() }
            try checkDepth()
        } else if place == .header || place == .key {
            // No TOML, but the parser must not be asked how far it goes.
            depth += 1
            try checkDepth()
        }
        index += 1
    }

    private mutating func closing() {
        if place == .header {
            headerDepth = depth
            place = .rest
        } else if !open.isEmpty {
            open.removeLast()
        }
        index += 1
    }

    private mutating func comma() throws(Excess) {
        if let last = open.last, last.isTable {
            open[open.count - 1].inKey = true
            open[open.count - 1].depth = (open.count > 1 ? open[open.count - 2].depth : depth) + 1
            try countKey()
        }
        try countValue()
        index += 1
    }

    private mutating func endLine() {
        if open.isEmpty, place != .start { endStatement() }
        index += 1
    }

    private mutating func endStatement() {
        guard place != .start else { return }
        let isHeader = bytes[start] == UInt8(ascii: "[")
        statements.append(
            Statement(bytes: start..<min(index, bytes.count), isHeader: isHeader, openString: openString))
        openString = nil
        open.removeAll(keepingCapacity: true)
        place = .start
    }

    private mutating func skipComment() {
        while index < bytes.count, bytes[index] != UInt8(ascii: "\n") { index += 1 }
    }

    /// Skips a string from its first quote: one line, or several with three quotes.
    private mutating func skipString(_ quote: UInt8) {
        let isLong = index + 2 < bytes.count && bytes[index + 1] == quote && bytes[index + 2] == quote
        let escapes = quote == UInt8(ascii: "\"")
        let begin = index
        index += isLong ? 3 : 1
        while index < bytes.count {
            let byte = bytes[index]
            if escapes, byte == UInt8(ascii: "\\") {
                index += 2
            } else if byte == quote, !isLong {
                index += 1
                return
            } else if byte == quote, quotes(quote) >= 3 {
                // Up to two quotes may stand before the three that end it.
                index += min(quotes(quote), 5)
                return
            } else if byte == UInt8(ascii: "\n"), !isLong {
                openString = begin
                return
            } else {
                index += 1
            }
        }
        index = min(index, bytes.count)
        openString = begin
    }

    /// How many quotes in a row there are here, as far as it matters.
    private func quotes(_ quote: UInt8) -> Int {
        var count = 0
        while count < 5, index + count < bytes.count, bytes[index + count] == quote { count += 1 }
        return count
    }

    private mutating func countKey() throws(Excess) {
        keys += 1
        if keys > limits.keys { throw Excess(code: .tooManyKeys, offset: index) }
    }

    private mutating func countValue() throws(Excess) {
        values += 1
        if values > limits.values { throw Excess(code: .tooManyValues, offset: index) }
    }

    private func checkDepth() throws(Excess) {
        if max(open.last?.depth ?? 0, depth) > limits.depth { throw Excess(code: .tooDeep, offset: index) }
    }
}
