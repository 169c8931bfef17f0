/// What a content is known by: an algorithm and its value over the bytes. Written `sha256:9f86d0…`.
package struct Digest: Hashable, Sendable {
    /// How the value was computed. `md5` only tells accidental damage; it proves nothing against somebody who wants two contents to look equal.
    package enum Algorithm: String, Sendable, CaseIterable {
        case md5, sha256

        /// The length of a value, in bytes.
        package var byteCount: Int {
            switch self {
            case .md5: 16
            case .sha256: 32
            }
        }
    }

    package let algorithm: Algorithm
    package let bytes: [UInt8]

    init(_ algorithm: Algorithm, bytes: [UInt8]) {
        self.algorithm = algorithm
        self.bytes = bytes
    }

    /// A digest that somebody wrote down in hexadecimal digits, in either case; nil when it is not one of this algorithm.
    package init?(_ algorithm: Algorithm, hexadecimal: some StringProtocol) {
        guard let bytes = Hexadecimal.decode(hexadecimal), bytes.count == algorithm.byteCount else {
            return nil
        }
        self.init(algorithm, bytes: bytes)
    }

    /// The digest of `content`.
    package static func of(_ content: some Collection<UInt8>, _ algorithm: Algorithm = .sha256) -> Digest {
        let digest = IncrementalDigest(algorithm)
        digest.update(content)
        return digest.finalize()
    }

    /// The digest of a text's UTF-8 bytes.
    package static func of(_ text: some StringProtocol, _ algorithm: Algorithm = .sha256) -> Digest {
        of(Array(text.utf8), algorithm)
    }

    /// The value in lower-case hexadecimal digits.
    package var hexadecimal: String { Hexadecimal.encode(bytes) }
}

extension Digest: LosslessStringConvertible {
    package var description: String { "\(algorithm.rawValue):\(hexadecimal)" }

    /// Reads what `description` writes; nil for anything else.
    package init?(_ description: String) {
        let parts = description.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let algorithm = Algorithm(rawValue: String(parts[0])) else { return nil }
        self.init(algorithm, hexadecimal: parts[1])
    }
}
