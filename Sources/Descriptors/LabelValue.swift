/// Texts of any kind as values of labels.
package enum LabelValue {
    /// `text` where it can be a label; otherwise what is left of it, with a digest so that two values never become one.
    package static func of(_ text: String) -> String {
        if TextRule.isLabel(text) { return text }
        let plain = text.utf8.map { byte in
            TextRule.isLabel(String(Unicode.Scalar(byte))) ? Character(Unicode.Scalar(byte)) : "-"
        }
        let words = String(plain).split(separator: "-").joined(separator: "-").prefix(40)
        return (words.isEmpty ? "" : "\(words)-") + digest(text)
    }

    /// Eight hexadecimal digits of the 64-bit FNV-1a hash, which is the same everywhere and for ever.
    private static func digest(_ text: String) -> String {
        let hash = text.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        let digits = String(UInt32(truncatingIfNeeded: hash ^ (hash >> 32)), radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }
}
