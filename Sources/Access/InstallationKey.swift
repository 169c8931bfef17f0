/// The secret that an installation's run tokens are made with, and known by. Whoever has it can make tokens for any run.
package struct InstallationKey: Sendable, Equatable {
    /// What HMAC with SHA-256 makes full use of.
    package static let byteCount = 32

    let bytes: [UInt8]

    /// - Returns: nil for less than `byteCount` bytes.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count >= InstallationKey.byteCount else { return nil }
        self.bytes = bytes
    }
}

// A key that ends in a message by mistake tells nothing.
extension InstallationKey: CustomStringConvertible, CustomReflectable {
    package var description: String { "(an installation's key)" }
    package var customMirror: Mirror { Mirror(self, children: EmptyCollection<Mirror.Child>()) }
}
