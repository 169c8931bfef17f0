/// Makes new inputs of known ones. The same seed makes the same ones.
struct Mutator {
    /// Larger inputs cost time, and what is wrong with them is wrong with small ones too.
    static let mostBytes = 4096

    private var random: SplitMix
    private let corpus: [[UInt8]]
    private let words: [[UInt8]]

    /// - Parameter corpus: what to begin with; nothing is a beginning as well.
    init(seed: UInt64, corpus: [[UInt8]], words: [String]) {
        random = SplitMix(state: seed)
        self.corpus = corpus.isEmpty ? [[]] : corpus
        self.words = words.map { Array($0.utf8) }
    }

    /// The next input.
    mutating func next() -> [UInt8] {
        var bytes = Array((corpus.randomElement(using: &random) ?? []).prefix(Mutator.mostBytes))
        for _ in 0..<Int.random(in: 1...6, using: &random) { change(&bytes) }
        return Array(bytes.prefix(Mutator.mostBytes))
    }

    private mutating func change(_ bytes: inout [UInt8]) {
        let place = Int.random(in: 0...bytes.count, using: &random)
        let end = min(bytes.count, place + Int.random(in: 0...16, using: &random))
        switch Int.random(in: 0..<8, using: &random) {
        case 0: bytes.removeSubrange(place..<end)
        case 1, 2: bytes.insert(contentsOf: words.randomElement(using: &random) ?? [], at: place)
        case 3: bytes.replaceSubrange(place..<end, with: words.randomElement(using: &random) ?? [])
        case 4: bytes.replaceSubrange(place..<end, with: [UInt8.random(in: 0...255, using: &random)])
        case 5: if place < bytes.count { bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random) }
        case 6: repeatPart(of: &bytes, place..<end)
        default: splice(&bytes, at: place)
        }
    }

    /// A part many times over: what is wide or deep.
    private mutating func repeatPart(of bytes: inout [UInt8], _ range: Range<Int>) {
        let part = range.isEmpty ? words.randomElement(using: &random) ?? [] : Array(bytes[range])
        guard !part.isEmpty else { return }
        let most = max(1, (Mutator.mostBytes - min(bytes.count, Mutator.mostBytes)) / part.count)
        let count = Int.random(in: 1...most, using: &random)
        bytes.insert(contentsOf: repeatElement(part, count: count).joined(), at: range.lowerBound)
    }

    /// What comes before here, and what comes after a place in another one.
    private mutating func splice(_ bytes: inout [UInt8], at place: Int) {
        let other = corpus.randomElement(using: &random) ?? []
        let from = Int.random(in: 0...other.count, using: &random)
        bytes.replaceSubrange(place..., with: other[from...])
    }
}

/// Random numbers that are the same for the same seed (SplitMix64).
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
