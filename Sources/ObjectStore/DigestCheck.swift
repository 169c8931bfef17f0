internal import Digests

/// Whether a content is what its source says that it must be.
struct DigestCheck {
    private let source: Source

    init(_ source: Source) { self.source = source }

    /// - Parameter md5: computed only when the source names one.
    /// - Throws: `digestMismatch`.
    func check(sha256: String, md5: () throws(ObjectStoreError) -> String?) throws(ObjectStoreError) {
        if let expected = source.digest(.sha256), expected.hexadecimal != sha256 {
            throw mismatch(expected, actual: sha256)
        }
        guard let expected = source.digest(.md5) else { return }
        let actual = try md5()
        if actual != expected.hexadecimal { throw mismatch(expected, actual: actual ?? "none") }
    }

    private func mismatch(_ expected: Digest, actual: String) -> ObjectStoreError {
        let name = expected.algorithm.rawValue
        return ObjectStoreError(
            .digestMismatch,
            "\(source.label) is not what the descriptor says: its \(name) is \(actual), not \(expected.hexadecimal). "
                + "It was changed, or the digest is of another file")
    }
}
