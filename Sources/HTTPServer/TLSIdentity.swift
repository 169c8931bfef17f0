internal import CMicrohttpd

/// What a server proves with who it is.
package struct TLSIdentity: Sendable, Equatable {
    /// The certificate, followed by those that it takes to an authority, in PEM.
    package var certificate: [UInt8]
    /// Its private key in PEM, without a password.
    package var key: [UInt8]

    package init(certificate: [UInt8], key: [UInt8]) {
        self.certificate = certificate
        self.key = key
    }

    /// Whether this build of libmicrohttpd speaks TLS.
    package static var isSupported: Bool { MHD_is_feature_supported(.FEATURE_TLS) == .YES }
}

// A key that ends in a message by mistake tells nothing.
extension TLSIdentity: CustomStringConvertible, CustomReflectable {
    package var description: String { "(a certificate and its key)" }
    package var customMirror: Mirror { Mirror(self, children: EmptyCollection<Mirror.Child>()) }
}
