internal import CPCRE2

/// pcre2's compiled form of a pattern, with machine code for it where pcre2 can make some.
final class CompiledPattern: @unchecked Sendable {
    // Because pcre2 never changes compiled code while it matches.
    let code: OpaquePointer
    let groupCount: Int
    let groupNumbers: [String: Int]

    init(_ source: String) throws(PatternError) {
        var error: Int32 = 0
        var offset = 0
        // No \C: it could cut a character in two. The offset limit lets a search stop now and then to look at the time.
        let options = PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C | PCRE2_USE_OFFSET_LIMIT
        let bytes = Array(source.utf8)
        guard let code = cpcre2_compile(bytes, bytes.count, options, &error, &offset) else {
            throw PatternError(code: .invalid, message: CompiledPattern.text(of: error), offset: offset)
        }
        // Without machine code (no memory for it, or a processor that pcre2 does not know) matching is slower, not different.
        pcre2_jit_compile_8(code, PCRE2_JIT_COMPLETE)
        self.code = code
        groupCount = Int(CompiledPattern.number(code, PCRE2_INFO_CAPTURECOUNT))
        groupNumbers = CompiledPattern.names(code)
    }

    deinit { pcre2_code_free_8(code) }

    /// pcre2's sentence for one of its error numbers.
    static func text(of error: Int32) -> String {
        // Longer than any of pcre2's sentences.
        var buffer = [UInt8](repeating: 0, count: 256)
        let length = pcre2_get_error_message_8(error, &buffer, buffer.count)
        return length > 0 ? String(decoding: buffer[..<Int(length)], as: UTF8.self) : "pcre2 error \(error)"
    }

    private static func number(_ code: OpaquePointer, _ what: Int32) -> UInt32 {
        var value: UInt32 = 0
        pcre2_pattern_info_8(code, UInt32(what), &value)
        return value
    }

    /// pcre2's table of names: entries of equal size, each two bytes of number, high byte first, then the name and a zero.
    private static func names(_ code: OpaquePointer) -> [String: Int] {
        var table: UnsafePointer<UInt8>?
        pcre2_pattern_info_8(code, UInt32(PCRE2_INFO_NAMETABLE), &table)
        guard let table else { return [:] }
        let size = Int(number(code, PCRE2_INFO_NAMEENTRYSIZE))
        var numbers: [String: Int] = [:]
        for index in 0..<Int(number(code, PCRE2_INFO_NAMECOUNT)) {
            let entry = table + index * size
            numbers[String(cString: entry + 2)] = Int(entry[0]) << 8 | Int(entry[1])
        }
        return numbers
    }
}
