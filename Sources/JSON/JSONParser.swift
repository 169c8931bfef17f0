extension JSONValue {
    /// Deeper nesting than any document of ours, and shallow enough for the stack of any thread.
    private static let mostDepth = 256

    /// Reads a text: some ten times as fast as decoding a `JSONValue`, for what comes in bulk. Of members with the same name the last counts.
    package init(parsing bytes: some Sequence<UInt8>) throws(JSONError) {
        let contiguous = ContiguousArray(bytes)
        self = try contiguous.withUnsafeBufferPointer { bytes throws(JSONError) in
            var parser = JSONParser(bytes: bytes)
            return try parser.document(mostDepth: JSONValue.mostDepth)
        }
    }
}

/// Reads JSON (RFC 8259) from memory.
struct JSONParser {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var position = 0

    init(bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
    }

    /// The value that is the whole text.
    mutating func document(mostDepth: Int) throws(JSONError) -> JSONValue {
        let value = try value(depth: mostDepth)
        skipSpace()
        guard position == bytes.count else { throw error("more follows after the value") }
        return value
    }

    private mutating func value(depth: Int) throws(JSONError) -> JSONValue {
        skipSpace()
        guard position < bytes.count else { throw error("the text ends where a value should be") }
        guard depth > 0 else { throw error("too deeply nested") }
        switch bytes[position] {
        case UInt8(ascii: "{"): return try object(depth: depth - 1)
        case UInt8(ascii: "["): return try array(depth: depth - 1)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func object(depth: Int) throws(JSONError) -> JSONValue {
        position += 1
        var members: [String: JSONValue] = [:]
        if take("}") { return .object(members) }
        repeat {
            skipSpace()
            guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
                throw error("a member's name is missing")
            }
            let name = try string()
            guard take(":") else { throw error("there is no ':' after the name '\(name)'") }
            members[name] = try value(depth: depth)
        } while take(",")
        guard take("}") else { throw error("there is no ',' or '}' after a member") }
        return .object(members)
    }

    private mutating func array(depth: Int) throws(JSONError) -> JSONValue {
        position += 1
        var values: [JSONValue] = []
        if take("]") { return .array(values) }
        repeat { values.append(try value(depth: depth)) } while take(",")
        guard take("]") else { throw error("there is no ',' or ']' after a value") }
        return .array(values)
    }

    private mutating func word(_ word: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
        let count = word.utf8CodeUnitCount
        guard position + count <= bytes.count,
            (0..<count).allSatisfy({ bytes[position + $0] == word.utf8Start[$0] })
        else { throw error("this is no value") }
        position += count
        return value
    }

    private mutating func number() throws(JSONError) -> JSONValue {
        let start = position
        if position < bytes.count, bytes[position] == UInt8(ascii: "-") { position += 1 }
        let first = position
        guard digits() > 0 else { throw error("this is no value") }
        guard bytes[first] != UInt8(ascii: "0") || position == first + 1 else {
            throw error("a number has a leading zero")
        }
        var isInteger = true
        if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
            isInteger = false
            position += 1
            guard digits() > 0 else { throw error("a number has no digit after its point") }
        }
        if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
            isInteger = false
            position += 1
            if position < bytes.count, [UInt8(ascii: "+"), UInt8(ascii: "-")].contains(bytes[position]) {
                position += 1
            }
            guard digits() > 0 else { throw error("a number has no digit in its exponent") }
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if isInteger, let value = Int64(text) { return .integer(value) }
        guard let value = Double(text), value.isFinite else { throw error("the number \(text) is too large") }
        // 1e3 is the integer 1000 to other readers, too; beyond 2^53 not every integer is a double.
        if value.magnitude < 9_007_199_254_740_992, let whole = Int64(exactly: value) {
            return .integer(whole)
        }
        return .number(value)
    }

    /// Passes digits, and counts them.
    private mutating func digits() -> Int {
        let start = position
        while position < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position]) {
            position += 1
        }
        return position - start
    }

    // MARK: Strings

    private mutating func string() throws(JSONError) -> String {
        position += 1
        let start = position
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                defer { position += 1 }
                return try text(bytes[start..<position])
            case UInt8(ascii: "\\"): return try escapedString(from: start)
            case ..<0x20: throw error("a string has a control character in it")
            default: position += 1
            }
        }
        throw error("a string does not end")
    }

    private mutating func escapedString(from start: Int) throws(JSONError) -> String {
        var result = Array(bytes[start..<position])
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return try text(result)
            case UInt8(ascii: "\\"): try escape(into: &result)
            case ..<0x20: throw error("a string has a control character in it")
            default: result.append(byte)
            }
        }
        throw error("a string does not end")
    }

    private mutating func escape(into result: inout [UInt8]) throws(JSONError) {
        guard position < bytes.count else { throw error("a string does not end") }
        let byte = bytes[position]
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): result.append(byte)
        case UInt8(ascii: "b"): result.append(0x08)
        case UInt8(ascii: "f"): result.append(0x0c)
        case UInt8(ascii: "n"): result.append(0x0a)
        case UInt8(ascii: "r"): result.append(0x0d)
        case UInt8(ascii: "t"): result.append(0x09)
        case UInt8(ascii: "u"): result += Array(String(try scalar()).utf8)
        default: throw error("a string has an escape that JSON does not know")
        }
    }

    /// What `\u` stands for, the second half of a pair included.
    private mutating func scalar() throws(JSONError) -> Character {
        let first = try unit()
        if let scalar = Unicode.Scalar(first) { return Character(scalar) }
        guard (0xD800..<0xDC00).contains(first), position + 1 < bytes.count,
            bytes[position] == UInt8(ascii: "\\"), bytes[position + 1] == UInt8(ascii: "u")
        else { throw error("a string has half of a surrogate pair") }
        position += 2
        let second = try unit()
        guard (0xDC00..<0xE000).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        else { throw error("a string has half of a surrogate pair") }
        return Character(scalar)
    }

    private mutating func unit() throws(JSONError) -> UInt32 {
        guard position + 4 <= bytes.count else { throw error("a string does not end") }
        var value: UInt32 = 0
        for byte in bytes[position..<position + 4] {
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw error("an escape of a string has no four hexadecimal digits")
            }
            value = value << 4 | UInt32(digit)
        }
        position += 4
        return value
    }

    private func text(_ bytes: some Collection<UInt8>) throws(JSONError) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw error("a string is not UTF-8")
        }
        return text
    }

    // MARK: Between values

    private mutating func skipSpace() {
        while position < bytes.count, [0x20, 0x0a, 0x0d, 0x09].contains(bytes[position]) { position += 1 }
    }

    /// Passes `character`, and space before it, if it is next.
    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private func error(_ message: String) -> JSONError {
        JSONError(path: "", message: "not JSON at byte \(position): \(message)")
    }
}
