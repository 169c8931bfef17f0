/// Cuts a stream into lines.
struct LineSplitter {
    private let longest: Int
    private var buffer: [UInt8] = []
    private var lines: [[UInt8]] = []
    private var next = 0

    init(longest: Int) {
        self.longest = longest
    }

    /// Takes more; false when a line is longer than any line of ours.
    mutating func add(_ bytes: [UInt8]) -> Bool {
        var start = bytes.startIndex
        while let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
            buffer += bytes[start..<end]
            lines.append(buffer)
            buffer = []
            start = end + 1
        }
        buffer += bytes[start...]
        return buffer.count <= longest
    }

    /// The next whole line, without its end.
    mutating func take() -> [UInt8]? {
        guard next < lines.count else {
            lines.removeAll(keepingCapacity: true)
            next = 0
            return nil
        }
        defer { next += 1 }
        return lines[next]
    }

    /// What follows the last line end.
    var rest: [UInt8] { buffer }
}
