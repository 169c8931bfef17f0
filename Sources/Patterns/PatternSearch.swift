internal import CPCRE2
internal import Glibc

/// The search for all matches of a pattern in one line, with the memory that pcre2 needs for it.
struct PatternSearch: ~Copyable {
    /// pcre2 counts its steps anew at each starting place, so a long line multiplies them: after this many places the clock is asked.
    private static let placesBetweenClocks = 64

    private let pattern: CompiledPattern
    private let limits: PatternLimits
    private let data: OpaquePointer
    private let context: OpaquePointer

    init(_ pattern: CompiledPattern, limits: PatternLimits) {
        guard let data = pcre2_match_data_create_from_pattern_8(pattern.code, nil),
            let context = pcre2_match_context_create_8(nil)
        else { preconditionFailure("pcre2 has no memory for a match: nor has anything else in this process") }
        pcre2_set_match_limit_8(context, limits.steps)
        pcre2_set_depth_limit_8(context, limits.steps)
        pcre2_set_heap_limit_8(context, limits.kibibytes)
        self.pattern = pattern
        self.limits = limits
        self.data = data
        self.context = context
    }

    deinit {
        pcre2_match_data_free_8(data)
        pcre2_match_context_free_8(context)
    }

    /// The ranges of each match and of its groups, in bytes of `line`.
    mutating func ranges(in line: String) throws(PatternError) -> [[Range<Int>?]] {
        var line = line
        let result = line.withUTF8 { bytes in
            Result { () throws(PatternError) in try all(in: bytes) }
        }
        return try result.get()
    }

    private func all(in line: UnsafeBufferPointer<UInt8>) throws(PatternError) -> [[Range<Int>?]] {
        let deadline = PatternSearch.processorTime() + limits.timePerLine
        var found: [[Range<Int>?]] = []
        var start = 0
        var options: UInt32 = 0
        while start <= line.count {
            guard let ranges = try next(in: line, from: start, options: options, deadline: deadline) else {
                guard options != 0 else { break }
                // Nothing but an empty match is here: on to the next character.
                start = PatternSearch.afterCharacter(at: start, in: line)
                options = 0
                continue
            }
            found.append(ranges)
            let whole = ranges.first.flatMap { $0 } ?? start..<start
            // After an empty match, one that is not empty is looked for at the same place, as Perl does.
            options = whole.isEmpty ? PCRE2_NOTEMPTY_ATSTART | PCRE2_ANCHORED : 0
            start = max(whole.upperBound, start)
        }
        return found
    }

    /// The first match from `start` on; nil when there is none.
    private func next(
        in line: UnsafeBufferPointer<UInt8>, from start: Int, options: UInt32, deadline: Duration
    ) throws(PatternError) -> [Range<Int>?]? {
        var start = start
        while true {
            guard PatternSearch.processorTime() < deadline else {
                throw PatternError(
                    code: .tooCostly, message: "matching one line took more than \(limits.timePerLine)")
            }
            let last = min(start + PatternSearch.placesBetweenClocks, line.count)
            pcre2_set_offset_limit_8(context, last)
            let count = match(line, start, options)
            if count > 0 { return ranges(Int(count)) }
            guard count == PCRE2_ERROR_NOMATCH else { throw PatternSearch.failure(count) }
            if last == line.count || options & PCRE2_ANCHORED != 0 { return nil }
            start = PatternSearch.afterCharacter(at: last, in: line)
        }
    }

    private func match(_ line: UnsafeBufferPointer<UInt8>, _ start: Int, _ options: UInt32) -> Int32 {
        // A Swift string is valid UTF-8 already. An empty one may have no address, which pcre2 refuses.
        let options = options | PCRE2_NO_UTF_CHECK
        guard let base = line.baseAddress else {
            return pcre2_match_8(pattern.code, [0], 0, start, options, data, context)
        }
        let count = pcre2_match_8(pattern.code, base, line.count, start, options, data, context)
        guard count == PCRE2_ERROR_JIT_STACKLIMIT else { return count }
        // The machine code has 32 kB of stack; the interpreter takes from the heap, up to our limit.
        return pcre2_match_8(pattern.code, base, line.count, start, options | PCRE2_NO_JIT, data, context)
    }

    private func ranges(_ count: Int) -> [Range<Int>?] {
        let offsets = pcre2_get_ovector_pointer_8(data)
        return (0...pattern.groupCount).map { group in
            guard group < count, let offsets, offsets[2 * group] != cpcre2_unset() else { return nil }
            let start = Int(offsets[2 * group])
            return start..<max(start, Int(offsets[2 * group + 1]))
        }
    }

    private static func failure(_ error: Int32) -> PatternError {
        PatternError(code: .tooCostly, message: CompiledPattern.text(of: error))
    }

    /// The place of the character after the one at `place`.
    private static func afterCharacter(at place: Int, in line: UnsafeBufferPointer<UInt8>) -> Int {
        var next = place + 1
        while next < line.count, line[next] & 0b1100_0000 == 0b1000_0000 { next += 1 }
        return next
    }

    /// What this thread has computed so far: a busy machine does not make a pattern fail.
    private static func processorTime() -> Duration {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return .seconds(Int64(time.tv_sec)) + .nanoseconds(Int64(time.tv_nsec))
    }
}
