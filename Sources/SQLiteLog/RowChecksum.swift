/// The checksum of a row that is not a record: of a topic, of what a group has committed.
enum RowChecksum {
    /// The hash of `text` and then of each number; nil stands for a null.
    static func of(_ text: String, _ numbers: Int64?...) -> Int64 {
        var text = text
        var hash = text.withUTF8 { XXHash.hash(UnsafeRawBufferPointer($0), seed: 0) }
        for number in numbers { hash = XXHash.hash(number ?? 0, number == nil ? 0 : 1, seed: hash) }
        return Int64(bitPattern: hash)
    }
}
