/// A length of time as people write it - `30m`, `1h30m`, `90s`, `500ms` - which keeps its text. On the wire it is that text.
package struct TimeSpan: Hashable, Sendable, CustomStringConvertible {
    /// As it was written.
    package let text: String
    /// How long that is.
    package let duration: Duration

    /// Reads numbers with units, largest unit first; nil when `text` is not of that form or beyond `maximum`.
    package init?(_ text: String) {
        guard let nanoseconds = TimeSpan.nanoseconds(in: text) else { return nil }
        self.text = text
        duration = .nanoseconds(nanoseconds)
    }

    /// `duration`, written with the fewest units; what is finer than a millisecond is dropped.
    package init(_ duration: Duration) {
        let milliseconds = min(max(0, duration.wholeMilliseconds), TimeSpan.maximum.wholeMilliseconds)
        self.duration = .milliseconds(milliseconds)
        text = TimeSpan.text(milliseconds: milliseconds)
    }

    package static func seconds(_ count: Int) -> TimeSpan { TimeSpan(.seconds(count)) }
    package static func minutes(_ count: Int) -> TimeSpan { TimeSpan(.seconds(count * 60)) }
    package static func hours(_ count: Int) -> TimeSpan { TimeSpan(.seconds(count * 3600)) }
    package static func days(_ count: Int) -> TimeSpan { TimeSpan(.seconds(count * 86_400)) }

    /// The longest that can be written: ten years, so that no sum of spans and times overflows.
    package static let maximum = Duration.seconds(3653 * 86_400)

    package var description: String { text }

    /// The units, largest first, with their nanoseconds.
    private static let units: [(name: String, nanoseconds: Int64)] = [
        ("w", 604_800_000_000_000), ("d", 86_400_000_000_000), ("h", 3_600_000_000_000),
        ("m", 60_000_000_000), ("s", 1_000_000_000), ("ms", 1_000_000),
    ]

    private static func nanoseconds(in text: String) -> Int64? {
        var rest = Substring(text)
        var smallest = Int64.max
        var total = 0.0
        guard !rest.isEmpty, text.utf8.count <= 64 else { return nil }
        while !rest.isEmpty {
            let number = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            rest.removeFirst(number.count)
            let name = rest.prefix { $0.isASCII && $0.isLetter }
            rest.removeFirst(name.count)
            guard let value = DecimalText.value(number), let unit = units.first(where: { $0.name == name }),
                unit.nanoseconds < smallest
            else { return nil }
            smallest = unit.nanoseconds
            total += value * Double(unit.nanoseconds)
        }
        return total <= maximum.inSeconds * 1e9 ? Int64(total.rounded()) : nil
    }

    private static func text(milliseconds: Int64) -> String {
        var rest = milliseconds
        var text = ""
        // Weeks are read but never written: 7d is what people expect to see.
        for unit in units.dropFirst() {
            let count = rest / (unit.nanoseconds / 1_000_000)
            rest %= unit.nanoseconds / 1_000_000
            if count > 0 { text += "\(count)\(unit.name)" }
        }
        return text.isEmpty ? "0s" : text
    }
}

extension TimeSpan: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let span = TimeSpan(text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "'\(text)' is not a duration such as 30m, 1h30m or 90s")
        }
        self = span
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}

/// Plain decimal numbers: digits, at most one point with digits on both sides. No sign, exponent, infinity or hexadecimal.
package enum DecimalText {
    /// The value of `text`, or nil.
    package static func value(_ text: Substring) -> Double? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let isPlain = parts.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy { (48...57).contains($0) } }
        guard parts.count <= 2, isPlain else { return nil }
        return Double(text)
    }
}
