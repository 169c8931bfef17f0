internal import Runtime

/// Durations, sizes and percentages as strings.
enum Quantity {
    enum Verdict {
        case right, malformed, outOfRange
    }

    static func check(_ text: String, _ kind: KeyKind) -> Verdict {
        switch kind {
        case .duration(let range):
            guard let span = TimeSpan(text) else { return .malformed }
            return range.contains(span.duration) ? .right : .outOfRange
        case .size(let range):
            guard let size = ByteSize(text) else { return .malformed }
            return range.contains(size.bytes) ? .right : .outOfRange
        case .percentage:
            guard let share = Percentage(text) else { return .malformed }
            return share.fraction > 0 && share.fraction <= 10 ? .right : .outOfRange
        case .text, .integer, .number, .boolean, .choice, .list, .table, .tables, .texts, .anything, .matrix:
            return .malformed
        }
    }

    /// The string that was probably meant: the number with the unit that is missing, or without spaces and in the right case.
    static func suggestion(_ text: String, _ kind: KeyKind) -> String? {
        let letters = text.filter { $0.isLetter }.lowercased()
        let digits = text.filter { $0.isNumber || $0 == "." }
        guard check(text, kind) == .malformed, text.hasPrefix(digits), text.utf8.count < 40 else {
            return nil
        }
        // A bare number of bytes may be anything.
        if case .size = kind, letters.isEmpty { return nil }
        let candidates = units(kind).filter {
            letters.isEmpty || $0.lowercased().hasPrefix(letters.prefix(1))
        }
        let spellings = candidates.map { "\(digits)\($0)" } + [text.filter { !$0.isWhitespace }.lowercased()]
        let right = spellings.first {
            check($0, kind) == .right && ($0.lowercased().hasSuffix(letters) || isWord(letters))
        }
        return right.map { "\"\($0)\"" }
    }

    private static func units(_ kind: KeyKind) -> [String] {
        switch kind {
        case .duration: ["s", "m", "h", "d", "ms", "w"]
        case .size: ["MiB", "MB", "GiB", "GB", "TiB", "TB", "KiB", "kB", "B"]
        case .percentage: ["%"]
        default: []
        }
    }

    /// Whether `letters` are a unit written out: `min`, `hours`, `sec`.
    private static func isWord(_ letters: String) -> Bool {
        [
            "sec", "secs", "second", "seconds", "min", "mins", "minute", "minutes", "hr", "hrs", "hour",
            "hours", "day", "days",
        ]
        .contains(letters)
    }
}
