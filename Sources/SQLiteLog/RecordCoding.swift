/// How parts of a record are stored.
enum RecordCoding {
    /// Names and values, each with its length before it (32 bits, little-endian), in the order of the names. nil when there are none.
    static func encode(_ headers: [String: String]) -> [UInt8]? {
        if headers.isEmpty { return nil }
        var bytes: [UInt8] = []
        for (name, value) in headers.sorted(by: { $0.key < $1.key }) {
            for text in [name, value] {
                withUnsafeBytes(of: UInt32(text.utf8.count).littleEndian) { bytes += $0 }
                bytes += text.utf8
            }
        }
        return bytes
    }

    /// The headers in `bytes`; nil when it holds something else.
    static func decodeHeaders(_ bytes: UnsafeRawBufferPointer) -> [String: String]? {
        if bytes.isEmpty { return [:] }
        var rest = bytes[...]
        var headers: [String: String] = [:]
        while !rest.isEmpty {
            guard let name = takeText(&rest), let value = takeText(&rest) else { return nil }
            headers[name] = value
        }
        return headers
    }

    private static func takeText(_ rest: inout Slice<UnsafeRawBufferPointer>) -> String? {
        guard rest.count >= 4 else { return nil }
        let count = Int(
            UInt32(
                littleEndian: UnsafeRawBufferPointer(rebasing: rest.prefix(4)).loadUnaligned(as: UInt32.self))
        )
        rest = rest.dropFirst(4)
        guard rest.count >= count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return String(decoding: rest.prefix(count), as: UTF8.self)
    }

    /// The checksum over everything that makes up a record; each part is hashed with the hash of the parts before it.
    ///
    /// - Parameter topic: the hash of the topic's name.
    static func checksum(
        topic: UInt64, _ position: PackedPosition, time: Int64, key: UnsafeRawBufferPointer,
        headers: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer?
    ) -> Int64 {
        // Topic numbers are this file's own: the name stands for them.
        let place = position.number & PackedPosition.placeInTopic
        var hash = XXHash.hash(place, time, seed: topic)
        hash = XXHash.hash(key, seed: hash)
        hash = XXHash.hash(headers, seed: hash)
        // A tombstone is something else than no bytes.
        hash = value.map { XXHash.hash($0, seed: hash) } ?? ~hash
        return Int64(bitPattern: hash)
    }
}
