internal import CCrypto

/// A digest over bytes that arrive in pieces.
///
///     let digest = IncrementalDigest(.sha256)
///     while let chunk = try read() { digest.update(chunk) }
///     let value = digest.finalize()
package final class IncrementalDigest {
    private let algorithm: Digest.Algorithm
    private let context: OpaquePointer
    private var isFinal = false

    package init(_ algorithm: Digest.Algorithm) {
        self.algorithm = algorithm
        guard let context = EVP_MD_CTX_new() else {
            preconditionFailure("libcrypto has no memory for a digest: nor has anything else in this process")
        }
        self.context = context
        let isReady =
            EVP_DigestInit_ex2(context, CryptoLibrary.shared.implementation(of: algorithm), nil) == 1
        precondition(
            isReady, "libcrypto refused \(algorithm.rawValue), which its default provider always has")
    }

    deinit { EVP_MD_CTX_free(context) }

    /// Adds the next bytes.
    package func update(_ bytes: UnsafeRawBufferPointer) {
        precondition(!isFinal, "a digest was updated after it had been finalized")
        EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
    }

    /// Adds the next bytes.
    package func update(_ bytes: some Collection<UInt8>) {
        let done: Void? = bytes.withContiguousStorageIfAvailable { update(UnsafeRawBufferPointer($0)) }
        if done == nil { Array(bytes).withUnsafeBytes { update($0) } }
    }

    /// The digest of all bytes so far. Ends this: it can be asked once, and not be updated afterwards.
    package func finalize() -> Digest {
        precondition(!isFinal, "a digest was finalized twice")
        isFinal = true
        let value = [UInt8](unsafeUninitializedCapacity: Int(EVP_MAX_MD_SIZE)) { buffer, count in
            var length: UInt32 = 0
            EVP_DigestFinal_ex(context, buffer.baseAddress, &length)
            count = Int(length)
        }
        return Digest(algorithm, bytes: value)
    }
}
