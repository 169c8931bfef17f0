internal import Digests

/// The names of an attempt's objects. They follow from run and attempt alone, so that creating one twice is creating it once.
package struct AttemptNames: Equatable, Sendable {
    /// The Job that decides, and of what all objects of the attempt are named after: `bai-<run>-<attempt>`.
    package let base: String

    /// - Parameters:
    ///   - run: as it is where it can be part of a name, else its digest.
    ///   - attempt: from 1.
    package init(run: String, attempt: Int) {
        let plain = "bai-\(run)-\(attempt)"
        if AttemptNames.isLabel(plain), plain.utf8.count <= AttemptNames.longest {
            base = plain
        } else {
            base = "bai-\(Digest.of(run).hexadecimal.prefix(32))-\(attempt)"
        }
    }

    /// The server's Job and Service of an inference benchmark.
    package var server: String { "\(base)-server" }

    /// Room for what is appended, `-worker-999` being the longest, in the 63 characters that a name may have.
    private static let longest = 63 - 11

    /// Whether `text` has only what a DNS label may hold.
    private static func isLabel(_ text: String) -> Bool {
        !text.hasSuffix("-")
            && text.utf8.allSatisfy { byte in
                (48...57).contains(byte) || (97...122).contains(byte) || byte == UInt8(ascii: "-")
            }
    }
}
