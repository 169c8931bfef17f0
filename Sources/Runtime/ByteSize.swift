/// A number of bytes as people write it - `10GB`, `4GiB`, `512Mi`, `100B` - which keeps its text. On the wire it is that text.
package struct ByteSize: Hashable, Sendable, CustomStringConvertible {
    /// As it was written.
    package let text: String
    /// How many that is.
    package let bytes: Int64

    /// Reads a number with a unit; nil when `text` is not of that form or more than an `Int64` holds.
    package init?(_ text: String) {
        let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let unit = text.dropFirst(number.count)
        guard text.utf8.count <= 64, let value = DecimalText.value(number),
            let factor = ByteSize.units[String(unit)]
        else { return nil }
        guard let bytes = Int64(exactly: (value * factor).rounded()) else { return nil }
        self.text = text
        self.bytes = bytes
    }

    /// `bytes` bytes, written with the largest unit that divides them.
    package init(bytes: Int64) {
        self.bytes = max(0, bytes)
        let names = ["TiB", "GiB", "MiB", "KiB"]
        for (index, name) in names.enumerated() {
            let factor = Int64(1) << Int64(10 * (names.count - index))
            if self.bytes >= factor, self.bytes % factor == 0 {
                text = "\(self.bytes / factor)\(name)"
                return
            }
        }
        text = "\(self.bytes)B"
    }

    package static func mebibytes(_ count: Int64) -> ByteSize { ByteSize(bytes: count << 20) }
    package static func gibibytes(_ count: Int64) -> ByteSize { ByteSize(bytes: count << 30) }

    package var description: String { text }

    /// Bytes of each unit: powers of 1000, powers of 1024, and both as Kubernetes abbreviates them.
    private static let units: [String: Double] = [
        "B": 1, "kB": 1e3, "KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12, "k": 1e3, "M": 1e6, "G": 1e9,
        "T": 1e12,
        "KiB": 1024, "MiB": 1_048_576, "GiB": 1_073_741_824, "TiB": 1_099_511_627_776,
        "Ki": 1024, "Mi": 1_048_576, "Gi": 1_073_741_824, "Ti": 1_099_511_627_776,
    ]
}

extension ByteSize: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let size = ByteSize(text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "'\(text)' is not a size such as 512MiB or 10GB")
        }
        self = size
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
