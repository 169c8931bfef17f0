/// Why a line is no JSON.
package struct JSONLineError: Error, Equatable, Sendable, CustomStringConvertible {
    package var description: String

    init(_ description: String) { self.description = description }
}

/// Reads one JSON object of one line into its members, a hundred times faster than a general decoder: a benchmark may emit ten thousand lines a
/// second, on the machine that is being measured. As Python does, it takes `NaN`, `Infinity` and `-Infinity` for numbers.
struct JSONMembers {
    /// A member's value.
    enum Value: Equatable {
        case text(String)
        case number(Double, isWhole: Bool)
        case bool(Bool)
        case null
        case object([Member])
        /// Of which nobody here needs the elements.
        case array
    }

    /// One member of an object.
    struct Member: Equatable {
        var name: String
        var value: Value
    }

    /// As deep as anything that we write, with room.
    private static let deepest = 32

    private let bytes: UnsafeBufferPointer<UInt8>
    private var place = 0

    /// The members of the object that `line` is, in their order.
    static func read(_ line: String) throws(JSONLineError) -> [Member] {
        var line = line
        let result = line.withUTF8 { bytes in
            Result { () throws(JSONLineError) in
                var reader = JSONMembers(bytes: bytes)
                return try reader.whole()
            }
        }
        return try result.get()
    }

    private init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    private mutating func whole() throws(JSONLineError) -> [Member] {
        try expect("{")
        let members = try members(depth: 0)
        skipSpace()
        guard place == bytes.count else { throw failure("something follows the object") }
        return members
    }

    /// What follows a `{`, up to and with its `}`.
    private mutating func members(depth: Int) throws(JSONLineError) -> [Member] {
        var members: [Member] = []
        if take("}") { return members }
        repeat {
            try expect("\"")
            let name = try text()
            try expect(":")
            members.append(Member(name: name, value: try value(depth: depth + 1)))
        } while take(",")
        try expect("}")
        return members
    }

    private mutating func value(depth: Int) throws(JSONLineError) -> Value {
        guard depth < JSONMembers.deepest else { throw failure("it is nested too deep") }
        skipSpace()
        switch place < bytes.count ? bytes[place] : 0 {
        case UInt8(ascii: "\""):
            place += 1
            return .text(try text())
        case UInt8(ascii: "{"):
            place += 1
            return .object(try members(depth: depth))
        case UInt8(ascii: "["):
            place += 1
            if take("]") { return .array }
            repeat { _ = try value(depth: depth + 1) } while take(",")
            try expect("]")
            return .array
        default: return try word()
        }
    }

    /// A number, or one of the words that JSON and Python know.
    private mutating func word() throws(JSONLineError) -> Value {
        let start = place
        while place < bytes.count, JSONMembers.isOfWord(bytes[place]) { place += 1 }
        let word = String(decoding: bytes[start..<place], as: UTF8.self)
        switch word {
        case "true": return .bool(true)
        case "false": return .bool(false)
        case "null": return .null
        case "NaN": return .number(.nan, isWhole: false)
        case "Infinity": return .number(.infinity, isWhole: false)
        case "-Infinity": return .number(-.infinity, isWhole: false)
        default:
            let isNumeric = bytes[start..<place].allSatisfy(JSONMembers.isOfNumber)
            guard isNumeric, let number = Double(word) else {
                place = start
                throw failure(word.isEmpty ? "a value was expected" : "'\(word.prefix(20))' is no value")
            }
            return .number(number, isWhole: Int64(word) != nil)
        }
    }

    /// What follows a `"`, up to and with the next one.
    private mutating func text() throws(JSONLineError) -> String {
        let start = place
        while place < bytes.count, bytes[place] != UInt8(ascii: "\""), bytes[place] != UInt8(ascii: "\\") {
            place += 1
        }
        var result = String(decoding: bytes[start..<place], as: UTF8.self)
        while place < bytes.count {
            let byte = bytes[place]
            place += 1
            if byte == UInt8(ascii: "\"") { return result }
            if byte == UInt8(ascii: "\\") {
                result.unicodeScalars.append(try escape())
            } else {
                let start = place - 1
                while place < bytes.count, bytes[place] != UInt8(ascii: "\""),
                    bytes[place] != UInt8(ascii: "\\")
                {
                    place += 1
                }
                result += String(decoding: bytes[start..<place], as: UTF8.self)
            }
        }
        throw failure("a text does not end")
    }

    /// What follows a backslash.
    private mutating func escape() throws(JSONLineError) -> Unicode.Scalar {
        guard place < bytes.count else { throw failure("a text does not end") }
        let byte = bytes[place]
        place += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{c}"
        case UInt8(ascii: "u"): return try unicode()
        default: throw failure("there is no escape '\\\(Character(Unicode.Scalar(byte)))'")
        }
    }

    /// What follows `\u`; half of a surrogate pair becomes U+FFFD.
    private mutating func unicode() throws(JSONLineError) -> Unicode.Scalar {
        let first = try fourDigits()
        guard (0xD800..<0xDC00).contains(first) else { return Unicode.Scalar(first) ?? "\u{fffd}" }
        let before = place
        guard place + 1 < bytes.count, bytes[place] == UInt8(ascii: "\\"),
            bytes[place + 1] == UInt8(ascii: "u")
        else { return "\u{fffd}" }
        place += 2
        let second = try fourDigits()
        guard (0xDC00..<0xE000).contains(second) else {
            place = before
            return "\u{fffd}"
        }
        return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)) ?? "\u{fffd}"
    }

    private mutating func fourDigits() throws(JSONLineError) -> UInt32 {
        guard place + 4 <= bytes.count,
            let number = UInt32(String(decoding: bytes[place..<place + 4], as: UTF8.self), radix: 16)
        else { throw failure("\\u needs four hexadecimal digits") }
        place += 4
        return number
    }

    private mutating func take(_ byte: Unicode.Scalar) -> Bool {
        skipSpace()
        guard place < bytes.count, bytes[place] == UInt8(ascii: byte) else { return false }
        place += 1
        return true
    }

    private mutating func expect(_ byte: Unicode.Scalar) throws(JSONLineError) {
        guard take(byte) else { throw failure("'\(byte)' was expected") }
    }

    private mutating func skipSpace() {
        while place < bytes.count, bytes[place] == 32 || bytes[place] == 9 || bytes[place] == 13 {
            place += 1
        }
    }

    private func failure(_ what: String) -> JSONLineError { JSONLineError("\(what), at byte \(place)") }

    private static func isOfWord(_ byte: UInt8) -> Bool {
        isOfNumber(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
            || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
    }

    /// Whether a decimal number may have it.
    static func isOfNumber(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "e"), UInt8(ascii: "E"):
            true
        default: false
        }
    }
}
