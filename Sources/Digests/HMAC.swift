internal import CCrypto

/// Message authentication codes (RFC 2104): only who has the key can make one.
package enum HMAC {
    /// The code of `message` under `key`, with SHA-256: 32 bytes.
    package static func sha256(key: [UInt8], message: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Int(EVP_MAX_MD_SIZE)) { buffer, count in
            let isDone = EVP_Q_mac(
                CryptoLibrary.shared.context, "HMAC", nil, "SHA256", nil, key, key.count, message,
                message.count,
                buffer.baseAddress, buffer.count, &count)
            precondition(
                isDone != nil, "libcrypto refused HMAC with SHA-256, which its default provider always has")
        }
    }
}

/// Whether two secrets are equal, in a time that depends on their length alone, so that it tells nothing about where they differ.
package func isEqualInConstantTime(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    left.count == right.count && CRYPTO_memcmp(left, right, left.count) == 0
}
