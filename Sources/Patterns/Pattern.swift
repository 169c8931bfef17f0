internal import CPCRE2

/// A regular expression (Perl's syntax, by pcre2) that finds values in the lines that a benchmark prints.
///
/// Patterns come from users: a match has limits on steps, memory and time, and ends with an error when it reaches them.
///
///     let pattern = try Pattern("loss=(?<loss>[0-9.]+)")
///     try pattern.matches(in: "loss=0.5, loss=0.25").map { $0["loss"] }   // ["0.5", "0.25"]
package struct Pattern: Sendable {
    /// What was compiled.
    package let source: String
    /// How many groups the pattern captures, not counting the whole match.
    package let groupCount: Int
    /// The number of each named group.
    package let groupNumbers: [String: Int]

    private let code: CompiledPattern
    private let limits: PatternLimits

    /// Compiles `source`.
    package init(_ source: String, limits: PatternLimits = PatternLimits()) throws(PatternError) {
        guard source.utf8.count <= limits.patternBytes else {
            throw PatternError(
                code: .invalid,
                message: "the pattern is \(source.utf8.count) bytes long, more than \(limits.patternBytes)")
        }
        code = try CompiledPattern(source)
        self.source = source
        self.limits = limits
        groupCount = code.groupCount
        groupNumbers = code.groupNumbers
    }

    /// All matches in `line`, from left to right, without overlap.
    ///
    /// It may hold its thread for as long as the limits allow: a few seconds for a pattern made to be slow.
    package func matches(in line: String) throws(PatternError) -> [PatternMatch] {
        guard line.utf8.count <= limits.lineBytes else {
            throw PatternError(
                code: .lineTooLong,
                message: "the line is \(line.utf8.count) bytes long, more than \(limits.lineBytes)")
        }
        var search = PatternSearch(code, limits: limits)
        return try search.ranges(in: line).map { PatternMatch(line: line, ranges: $0, numbers: groupNumbers) }
    }
}

/// How much one pattern may cost. The defaults are far above what a reasonable pattern needs on a long line.
package struct PatternLimits: Sendable {
    /// Bytes of a pattern: pcre2 takes time and memory to compile in proportion.
    package var patternBytes = 4096
    /// Bytes of a line. It limits the cost most: a step may run over the whole line, and `.*` takes as many steps as the line has bytes.
    package var lineBytes = 64 * 1024
    /// Backtracking steps from one starting place: four for each byte of the longest line.
    package var steps: UInt32 = 250_000
    /// Memory for backtracking.
    package var kibibytes: UInt32 = 16 * 1024
    /// Processor time for one line, all its starting places and matches together; looked at now and then.
    package var timePerLine: Duration = .seconds(1)

    package init() {}
}

/// One place where a pattern matched.
package struct PatternMatch: Sendable {
    private let line: String
    private let ranges: [Range<Int>?]
    private let numbers: [String: Int]

    init(line: String, ranges: [Range<Int>?], numbers: [String: Int]) {
        self.line = line
        self.ranges = ranges
        self.numbers = numbers
    }

    /// What the whole pattern matched.
    package var text: Substring { self[0] ?? "" }

    /// What the groups matched, from the first on; nil for a group that took no part.
    package var groups: [Substring?] { ranges.indices.dropFirst().map { self[$0] } }

    /// What group `number` matched, 0 being the whole; nil when it took no part or the pattern has no such group.
    package subscript(number: Int) -> Substring? {
        guard ranges.indices.contains(number), let range = ranges[number] else { return nil }
        let start = line.utf8.index(line.startIndex, offsetBy: range.lowerBound)
        return line[start..<line.utf8.index(start, offsetBy: range.count)]
    }

    /// What the group called `name` matched; nil when it took no part or the pattern has no such group.
    package subscript(name: String) -> Substring? {
        numbers[name].flatMap { self[$0] }
    }
}
