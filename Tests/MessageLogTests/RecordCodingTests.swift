import Testing

@testable import SQLiteLog

@Suite struct RecordCodingTests {
    /// From the specification's own test vectors, and one that takes every path (stripes, words, a half word, bytes).
    @Test func theHashIsXXH64() {
        func hash(_ bytes: [UInt8], seed: UInt64 = 0) -> UInt64 {
            bytes.withUnsafeBytes { XXHash.hash($0, seed: seed) }
        }
        #expect(hash([]) == 0xef46_db37_51d8_e999)
        #expect(hash(Array("a".utf8)) == 0xd24e_c4f1_a98c_6e5b)
        #expect(hash(Array("abc".utf8)) == 0x44bc_2cf5_ad77_0999)
        #expect(hash(Array("Nobody inspects the spammish repetition".utf8)) == 0xfbce_a83c_8a37_8bf1)
        #expect(hash(Array(0...100), seed: 7) == 0xe878_e979_1dbc_64fa)
    }

    @Test func theHashOfTwoNumbersIsThatOfTheirBytes() {
        let bytes: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]
        let expected = bytes.withUnsafeBytes { XXHash.hash($0, seed: 3) }
        #expect(XXHash.hash(0x0807_0605_0403_0201, 0x100f_0e0d_0c0b_0a09, seed: 3) == expected)
    }

    @Test func aPositionKeepsItsPartsAndTheirOrder() {
        let largest = PackedPosition(topic: 2047, partition: 4095, offset: 1 << 40 - 1)
        #expect(largest.number == .max)
        #expect((largest.topic, largest.partition, largest.offset) == (2047, 4095, 1 << 40 - 1))
        let one = PackedPosition(topic: 3, partition: 5, offset: 7)
        #expect((one.topic, one.partition, one.offset) == (3, 5, 7))
        #expect(one.last.number + 1 == PackedPosition(topic: 3, partition: 6, offset: 0).number)
    }

    @Test func headersComeBack() {
        for headers in [
            [:], ["a": ""], ["": "1", "naïve": "🐢", "long": String(repeating: "x", count: 70_000)],
        ] {
            let bytes = RecordCoding.encode(headers) ?? []
            #expect(bytes.withUnsafeBytes { RecordCoding.decodeHeaders($0) } == headers)
        }
    }

    @Test func cutHeadersAreNotHeaders() {
        let bytes = RecordCoding.encode(["name": "value"]) ?? []
        for count in 1..<bytes.count {
            #expect(bytes.prefix(count).withUnsafeBytes { RecordCoding.decodeHeaders($0) } == nil)
        }
    }

    @Test func theChecksumCoversEveryPart() {
        func checksum(
            topic: UInt64 = 1, partition: Int = 2, offset: Int64 = 3, time: Int64 = 4, key: String = "k",
            headers: [UInt8] = [1], value: [UInt8]? = [2]
        ) -> Int64 {
            let position = PackedPosition(topic: 9, partition: partition, offset: offset)
            return Array(key.utf8).withUnsafeBytes { key in
                headers.withUnsafeBytes { headers in
                    (value ?? []).withUnsafeBytes { bytes in
                        RecordCoding.checksum(
                            topic: topic, position, time: time, key: key, headers: headers,
                            value: value == nil ? nil : bytes)
                    }
                }
            }
        }
        let all = [
            checksum(), checksum(topic: 2), checksum(partition: 3), checksum(offset: 4), checksum(time: 5),
            checksum(key: "j"), checksum(headers: [2]), checksum(value: [3]), checksum(value: nil),
            checksum(value: []), checksum(key: "k\u{1}", headers: []), checksum(headers: [1, 2], value: []),
        ]
        #expect(Set(all).count == all.count)
    }
}
