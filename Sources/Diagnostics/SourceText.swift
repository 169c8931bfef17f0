/// A place in a text: both from 1, the column counted in characters as an editor shows it.
package struct SourcePosition: Hashable, Comparable, Sendable {
    package var line: Int
    package var column: Int
    /// Which text, where one value was put together from several: 0 is the file.
    package var source: Int

    package init(line: Int, column: Int, source: Int = 0) {
        self.line = line
        self.column = column
        self.source = source
    }

    package static func < (left: SourcePosition, right: SourcePosition) -> Bool {
        (left.source, left.line, left.column) < (right.source, right.line, right.column)
    }
}

/// A text that problems point into: a file, or something said on the command line or in the environment.
package struct SourceText: Sendable {
    /// What the text is part of.
    package enum Kind: Sendable {
        /// Places in it are told as `name:line:column`.
        case file
        /// One short text; its name alone tells the place: `--set run.repeats=3`.
        case argument
    }

    package let name: String
    package let kind: Kind
    package let bytes: [UInt8]
    /// The offset of each line's first byte.
    private let lineStarts: [Int]

    package init(name: String, kind: Kind = .file, bytes: [UInt8]) {
        self.name = name
        self.kind = kind
        self.bytes = bytes
        lineStarts = SourceText.lineStarts(bytes)
    }

    package var lineCount: Int { lineStarts.count }

    /// The bytes of line `number` without its end; empty when there is no such line.
    package func lineBytes(_ number: Int) -> ArraySlice<UInt8> {
        guard number >= 1, number <= lineStarts.count else { return [] }
        let start = lineStarts[number - 1]
        var end = number < lineStarts.count ? lineStarts[number] - 1 : bytes.count
        if end > start, bytes[end - 1] == UInt8(ascii: "\r") { end -= 1 }
        return bytes[start..<end]
    }

    /// Line `number` as text; bytes that are no UTF-8 become U+FFFD.
    package func line(_ number: Int) -> String {
        String(decoding: lineBytes(number), as: UTF8.self)
    }

    /// Where the byte at `offset` is.
    package func position(ofByte offset: Int) -> SourcePosition {
        var low = 0
        var high = lineStarts.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if lineStarts[middle] <= offset { low = middle } else { high = middle }
        }
        let before = String(
            decoding: bytes[lineStarts[low]..<min(max(offset, lineStarts[low]), bytes.count)], as: UTF8.self)
        return SourcePosition(line: low + 1, column: SourceText.characters(in: before) + 1)
    }

    /// The characters of a line's text; a byte order mark is not one of them.
    package static func characters(in text: String) -> Int {
        text.unicodeScalars.first == "\u{FEFF}" ? text.count - 1 : text.count
    }

    /// Lines are told apart in the first bytes only: nobody reads further, and an index of a gigabyte of line ends would be eight.
    private static let indexedBytes = 4 << 20

    private static func lineStarts(_ bytes: [UInt8]) -> [Int] {
        var starts = [0]
        bytes.withUnsafeBufferPointer { buffer in
            for index in buffer.indices.prefix(indexedBytes) where buffer[index] == 10 {
                starts.append(index + 1)
            }
        }
        return starts
    }
}
