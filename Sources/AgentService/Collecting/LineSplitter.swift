internal import FoundationEssentials
internal import Glibc

/// Cuts bytes that arrive in pieces into lines. Holds at most one line.
package struct LineSplitter: Sendable {
    /// One line, without its end.
    package struct Line: Equatable, Sendable {
        /// Bytes that are no UTF-8 are replaced by U+FFFD.
        package var text: String
        /// The line was longer than the limit: the next one is the rest of it.
        package var continues: Bool

        package init(text: String, continues: Bool = false) {
            self.text = text
            self.continues = continues
        }
    }

    /// The longest line that stays whole, in bytes.
    package static let usualLimit = 64 * 1024

    private let limit: Int
    private var pending: [UInt8] = []

    package init(limit: Int = usualLimit) {
        self.limit = limit
    }

    /// Whether part of a line has come whose end has not.
    package var hasPartialLine: Bool { !pending.isEmpty }

    /// The lines that `bytes` complete.
    package mutating func add(_ bytes: UnsafeRawBufferPointer, _ take: (Line) -> Void) {
        var rest = bytes[...]
        while let end = LineSplitter.lineEnd(in: rest) {
            pending += rest[..<end]
            rest = rest[(end + 1)...]
            cutWhatIsTooLong(take)
            takeAll(take)
        }
        pending += rest
        cutWhatIsTooLong(take)
    }

    /// What is left when nothing more will come: a last line without an end.
    package mutating func finish(_ take: (Line) -> Void) {
        if !pending.isEmpty { takeAll(take) }
    }

    private mutating func takeAll(_ take: (Line) -> Void) {
        // A line end from another system.
        if pending.last == UInt8(ascii: "\r") { pending.removeLast() }
        take(Line(text: String(decoding: pending, as: UTF8.self), continues: false))
        pending.removeAll(keepingCapacity: true)
    }

    private mutating func cutWhatIsTooLong(_ take: (Line) -> Void) {
        while pending.count > limit {
            // Not through a character: at most three bytes go on with one that began before.
            var cut = limit
            while cut > limit - 3, pending[cut] & 0b1100_0000 == 0b1000_0000 { cut -= 1 }
            take(Line(text: String(decoding: pending[..<cut], as: UTF8.self), continues: true))
            pending.removeFirst(cut)
        }
    }

    private static func lineEnd(in bytes: Slice<UnsafeRawBufferPointer>) -> Int? {
        let part = UnsafeRawBufferPointer(rebasing: bytes)
        guard let base = part.baseAddress, let found = memchr(base, 10, part.count) else { return nil }
        return bytes.startIndex + (UnsafeRawPointer(found) - base)
    }
}

extension LineSplitter: Codable, Equatable {
    private enum CodingKeys: String, CodingKey { case limit, pending }

    package init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        limit = try members.decode(Int.self, forKey: .limit)
        // In base64: it is part of a line, in the middle of a character perhaps.
        pending = Array(try members.decode(Data.self, forKey: .pending))
    }

    package func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: CodingKeys.self)
        try members.encode(limit, forKey: .limit)
        try members.encode(Data(pending), forKey: .pending)
    }
}

extension LineSplitter {
    /// As above, for bytes in an array.
    package mutating func add(_ bytes: [UInt8], _ take: (Line) -> Void) {
        bytes.withUnsafeBytes { add($0, take) }
    }
}
