/// XXH64, the 64-bit hash of https://github.com/Cyan4973/xxHash (doc/xxhash_spec.md): finds every accidental change at several bytes a cycle,
/// without needing an instruction that not every processor has. Part of the file format.
enum XXHash {
    private static let prime1: UInt64 = 0x9e37_79b1_85eb_ca87
    private static let prime2: UInt64 = 0xc2b2_ae3d_27d4_eb4f
    private static let prime3: UInt64 = 0x1656_67b1_9e37_79f9
    private static let prime4: UInt64 = 0x85eb_ca77_c2b2_ae63
    private static let prime5: UInt64 = 0x27d4_eb2f_1656_67c5

    static func hash(_ bytes: UnsafeRawBufferPointer, seed: UInt64) -> UInt64 {
        var offset = 0
        var hash = bytes.count >= 32 ? stripes(bytes, seed, &offset) : seed &+ prime5
        hash &+= UInt64(truncatingIfNeeded: bytes.count)
        while offset &+ 8 <= bytes.count {
            hash = absorb(word(bytes, offset), into: hash)
            offset &+= 8
        }
        if offset &+ 4 <= bytes.count {
            let half = UInt64(
                UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
            hash = rotate(hash ^ (half &* prime1), 23) &* prime2 &+ prime3
            offset &+= 4
        }
        while offset < bytes.count {
            hash = rotate(hash ^ (UInt64(bytes[offset]) &* prime5), 11) &* prime1
            offset &+= 1
        }
        return avalanche(hash)
    }

    /// The hash of two numbers, as sixteen little-endian bytes.
    static func hash(_ first: Int64, _ second: Int64, seed: UInt64) -> UInt64 {
        let hash = absorb(UInt64(bitPattern: first), into: seed &+ prime5 &+ 16)
        return avalanche(absorb(UInt64(bitPattern: second), into: hash))
    }

    /// Takes the input in stripes of four words, as far as they go.
    private static func stripes(
        _ bytes: UnsafeRawBufferPointer, _ seed: UInt64, _ offset: inout Int
    ) -> UInt64 {
        var (a, b) = (seed &+ prime1 &+ prime2, seed &+ prime2)
        var (c, d) = (seed, seed &- prime1)
        while offset &+ 32 <= bytes.count {
            a = round(a, word(bytes, offset))
            b = round(b, word(bytes, offset &+ 8))
            c = round(c, word(bytes, offset &+ 16))
            d = round(d, word(bytes, offset &+ 24))
            offset &+= 32
        }
        var hash = rotate(a, 1) &+ rotate(b, 7) &+ rotate(c, 12) &+ rotate(d, 18)
        hash = (hash ^ round(0, a)) &* prime1 &+ prime4
        hash = (hash ^ round(0, b)) &* prime1 &+ prime4
        hash = (hash ^ round(0, c)) &* prime1 &+ prime4
        return (hash ^ round(0, d)) &* prime1 &+ prime4
    }

    @inline(__always)
    private static func absorb(_ word: UInt64, into hash: UInt64) -> UInt64 {
        rotate(hash ^ round(0, word), 27) &* prime1 &+ prime4
    }

    @inline(__always)
    private static func round(_ lane: UInt64, _ input: UInt64) -> UInt64 {
        rotate(lane &+ input &* prime2, 31) &* prime1
    }

    private static func avalanche(_ hash: UInt64) -> UInt64 {
        var hash = (hash ^ (hash >> 33)) &* prime2
        hash = (hash ^ (hash >> 29)) &* prime3
        return hash ^ (hash >> 32)
    }

    @inline(__always)
    private static func rotate(_ value: UInt64, _ bits: UInt64) -> UInt64 {
        (value &<< bits) | (value &>> (64 &- bits))
    }

    @inline(__always)
    private static func word(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt64 {
        UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
}
