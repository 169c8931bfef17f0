internal import CCrypto

/// libcrypto with its default provider, whatever the machine's openssl.cnf says: on a machine in FIPS mode the usual
/// context has no md5, and descriptors name data by it. Here it identifies and does not protect.
final class CryptoLibrary: @unchecked Sendable {
    // Because nothing changes after `init`, and libcrypto allows its contexts and methods to be used from any thread.
    static let shared = CryptoLibrary()

    let context: OpaquePointer?
    private let implementations: [Digest.Algorithm: OpaquePointer]

    private init() {
        let context = OSSL_LIB_CTX_new()
        var implementations: [Digest.Algorithm: OpaquePointer] = [:]
        for algorithm in Digest.Algorithm.allCases {
            implementations[algorithm] = EVP_MD_fetch(context, algorithm.rawValue, nil)
        }
        self.context = context
        self.implementations = implementations
    }

    func implementation(of algorithm: Digest.Algorithm) -> OpaquePointer? { implementations[algorithm] }
}
