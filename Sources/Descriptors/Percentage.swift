internal import Runtime

/// A share as people write it - `5%`, `0.5%` - which keeps its text. On the wire it is that text.
package struct Percentage: Hashable, Sendable, CustomStringConvertible {
    /// As it was written.
    package let text: String
    /// 0.05 for `5%`.
    package let fraction: Double

    /// Reads a number followed by `%`; nil when `text` is not of that form.
    package init?(_ text: String) {
        guard text.utf8.count <= 32, text.hasSuffix("%"), let value = DecimalText.value(text.dropLast())
        else {
            return nil
        }
        self.text = text
        fraction = value / 100
    }

    package var description: String { text }
}

extension Percentage: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let value = Percentage(text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "'\(text)' is not a percentage such as 5%")
        }
        self = value
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
